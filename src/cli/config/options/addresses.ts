/** Multiaddrs as they stand in the configuration. */
import { isIP } from 'node:net'
import { multiaddr } from '@multiformats/multiaddr'
import { z } from 'zod'

/** Addresses in one list; more is a mistake. */
const MAX_ADDRESSES = 64

function isMultiaddr(text: string): boolean {
  try {
    multiaddr(text)
    return true
  } catch {
    return false
  }
}

/** A list of multiaddrs. */
export const multiaddrs: z.ZodType<string[]> = z
  .array(
    z
      .string()
      .refine(isMultiaddr, { message: 'expected a multiaddr such as /ip4/0.0.0.0/tcp/2428' }),
  )
  .max(MAX_ADDRESSES)

/** A list of multiaddrs that say which peer answers there. */
export const peerMultiaddrs: z.ZodType<string[]> = z
  .array(
    z.string().refine((text) => isMultiaddr(text) && /\/p2p\/[^/]+$/.test(text), {
      message: 'expected a multiaddr that ends with /p2p/<peer id>',
    }),
  )
  .max(MAX_ADDRESSES)

/** Where an HTTP server listens. */
export interface HostPort {
  readonly host: string
  /** 0 to 65535; 0 lets the system choose. */
  readonly port: number
}

/** Host and port of a multiaddr with a TCP port and nothing above it; undefined for any other. */
export function parseHostPort(text: string): HostPort | undefined {
  const match = /^\/(ip4|ip6|dns|dns4|dns6)\/([^/]+)\/tcp\/(\d{1,5})$/.exec(text)
  const [, protocol, host = '', port] = match ?? []
  const number = Number(port)
  if (protocol === undefined || number > 65_535) return undefined
  if (protocol === 'ip4' && isIP(host) !== 4) return undefined
  if (protocol === 'ip6' && isIP(host) !== 6) return undefined
  return { host, port: number }
}

/** A list of multiaddrs an HTTP server can listen on. */
export const serverMultiaddrs: z.ZodType<string[]> = z
  .array(
    z.string().refine((text) => parseHostPort(text) !== undefined, {
      message: 'expected a multiaddr such as /ip4/127.0.0.1/tcp/2528',
    }),
  )
  .min(1)
  .max(MAX_ADDRESSES)
