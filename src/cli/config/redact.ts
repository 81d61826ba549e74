/** The configuration as it may be shown: addresses of services carry keys in hosts, user names, paths and queries. */
import { shownAddress } from '../../node/primitives/shown-address.ts'
import type { Config } from './schema.ts'

/** A copy that can be printed or logged: of each URL of a chain only scheme, host and port are left, and of the host no key. JSON-safe. */
export function redact(config: Config): Record<string, unknown> {
  const { fuel, ...runtime } = config.runtime
  return {
    ...config,
    runtime: fuel === undefined ? runtime : { ...runtime, fuel: fuel.toString() },
    anchor: redactValue(config.anchor),
    auth: redactValue(config.auth),
  }
}

/** Pages that browsers are sent to, for all to see. */
const PAGES: ReadonlySet<string> = new Set(['callbackUrls', 'identityProvider'])

/** Whatever a chain calls them, and however deep: each value that is an address with a scheme and a host. */
function redactValue(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(redactValue)
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(
      Object.entries(value).map(([key, each]: [string, unknown]) => [
        key,
        PAGES.has(key) ? each : redactValue(each),
      ]),
    )
  }
  const isAddress = typeof value === 'string' && value.includes('://') && URL.canParse(value)
  return isAddress ? redactUrl(value) : value
}

function redactUrl(text: string): string {
  const { pathname, search, username, password } = new URL(text)
  const hidden = pathname !== '/' || search !== '' || username !== '' || password !== ''
  const address = shownAddress(text)
  return hidden ? `${address}/[hidden]` : address
}
