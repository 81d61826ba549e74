/** The configuration as it may be shown: addresses of services carry keys in user names, paths and queries. */
import type { Config } from './schema.ts'

/** A copy that can be printed or logged: of each anchor's URL only scheme, host and port are left. JSON-safe. */
export function redact(config: Config): Record<string, unknown> {
  const { fuel, ...runtime } = config.runtime
  const anchor = Object.fromEntries(
    Object.entries(config.anchor).map(([protocol, { url }]) => [protocol, { url: redactUrl(url) }]),
  )
  return {
    ...config,
    runtime: fuel === undefined ? runtime : { ...runtime, fuel: fuel.toString() },
    anchor,
  }
}

function redactUrl(text: string): string {
  const { origin, pathname, search, username, password } = new URL(text)
  const hidden = pathname !== '/' || search !== '' || username !== '' || password !== ''
  return hidden ? `${origin}/[hidden]` : origin
}
