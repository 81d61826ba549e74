/** The configuration as it may be shown: addresses of services carry keys in hosts, user names, paths and queries. */
import { shownAddress } from '../../node/primitives/shown-address.ts'
import type { Config } from './schema.ts'

/** A copy that can be printed or logged: of each URL of a chain only scheme, host and port are left, and of the host no key. JSON-safe. */
export function redact(config: Config): Record<string, unknown> {
  const { fuel, ...runtime } = config.runtime
  const anchor = Object.fromEntries(
    Object.entries(config.anchor).map(([protocol, entry]) => [protocol, redactAnchor(entry)]),
  )
  return {
    ...config,
    runtime: fuel === undefined ? runtime : { ...runtime, fuel: fuel.toString() },
    anchor,
    auth: redactAuth(config.auth),
  }
}

function redactAuth({ near, ethereum, stellar, ...rest }: Config['auth']): Record<string, unknown> {
  return {
    ...rest,
    near: near && { ...near, rpcUrls: near.rpcUrls.map(redactUrl) },
    ethereum: ethereum?.map((chain) => ({ ...chain, rpcUrls: chain.rpcUrls.map(redactUrl) })),
    stellar: stellar && { ...stellar, horizonUrls: stellar.horizonUrls?.map(redactUrl) },
  }
}

/** Whatever a chain calls them: each value that is an address with a scheme and a host. */
function redactAnchor(entry: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(entry).map(([key, value]: [string, unknown]) => [
      key,
      Array.isArray(value) ? value.map(redactValue) : redactValue(value),
    ]),
  )
}

function redactValue(value: unknown): unknown {
  const isAddress = typeof value === 'string' && value.includes('://') && URL.canParse(value)
  return isAddress ? redactUrl(value) : value
}

function redactUrl(text: string): string {
  const { pathname, search, username, password } = new URL(text)
  const hidden = pathname !== '/' || search !== '' || username !== '' || password !== ''
  const address = shownAddress(text)
  return hidden ? `${address}/[hidden]` : address
}
