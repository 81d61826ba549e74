/**
 * What keeps a server private: without sign-in it listens on this machine only; it answers only requests that name this machine, or its own public name, as
 * their host (a web page that re-binds its DNS name to 127.0.0.1 does not), and only pages of this machine and of origins that are let in.
 */
import { isIPv4, isIPv6 } from 'node:net'
import { serverError } from './errors.ts'

/** Whether a host name or address means this machine and nothing else. Brackets of IPv6 are allowed. */
export function isLoopback(host: string): boolean {
  const name = host.toLowerCase().replace(/^\[(.*)\]$/, '$1')
  if (name === 'localhost' || name.endsWith('.localhost')) return true
  if (isIPv4(name)) return name.startsWith('127.')
  if (!isIPv6(name)) return false
  return name === '::1' || name === '0:0:0:0:0:0:0:1' || /^::ffff:127\.\d+\.\d+\.\d+$/.test(name)
}

/** Refuses to listen anywhere else. @throws SERVER_ADDRESS_NOT_LOOPBACK (input) */
export function assertLoopback(host: string): void {
  if (isLoopback(host)) return
  throw serverError(
    'SERVER_ADDRESS_NOT_LOOPBACK',
    'input',
    `refusing to listen on ${JSON.stringify(host)}: sign-in is off, so the API must stay on this machine. ` +
      'Turn it on (auth.enabled = true), or use 127.0.0.1 or ::1; from elsewhere, forward the port (ssh -L 2528:127.0.0.1:2528 this-machine)',
    { host },
  )
}

/** Names and pages that are let in, besides those of this machine. */
export interface Doors {
  /** Host names, lower case, without port. */
  readonly hosts: ReadonlySet<string>
  /** As in `https://app.example`. */
  readonly origins: ReadonlySet<string>
}

/** Refuses a request whose `Host` header names another machine. @throws SERVER_HOST_REFUSED (denied) */
export function checkHost(header: string | undefined, hosts: Doors['hosts']): void {
  const name = header === undefined ? '' : header.replace(/:\d{1,5}$/, '')
  if (isLoopback(name) || hosts.has(name.toLowerCase())) return
  throw serverError(
    'SERVER_HOST_REFUSED',
    'denied',
    'expected a Host header that names this machine (localhost, 127.0.0.1, [::1], or server.public_origin where sign-in is on), got another one',
    { host: (header ?? '').slice(0, 100) },
  )
}

/** Whether a web page of this origin may use the API. */
export function isAllowedOrigin(origin: string, allowed: ReadonlySet<string>): boolean {
  if (allowed.has(origin)) return true
  if (!URL.canParse(origin)) return false
  const url = new URL(origin)
  return (url.protocol === 'http:' || url.protocol === 'https:') && isLoopback(url.hostname)
}

/** Refuses a request that a web page of another origin makes. @throws SERVER_ORIGIN_REFUSED (denied) */
export function checkOrigin(header: string | undefined, allowed: ReadonlySet<string>): void {
  if (header === undefined || isAllowedOrigin(header, allowed)) return
  throw serverError(
    'SERVER_ORIGIN_REFUSED',
    'denied',
    'expected no Origin header or one of this machine, got another one: add it to server.allowed_origins to let that page in',
    { origin: header.slice(0, 200) },
  )
}
