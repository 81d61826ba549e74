/** The configuration as it may be shown: addresses of services carry keys in hosts, user names, paths and queries. */
import { isChainAnchor } from './options/anchor.ts'
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

function redactAnchor(entry: Config['anchor'][string]): Record<string, unknown> {
  if (!isChainAnchor(entry)) return { url: redactUrl(entry.url) }
  const { rpcUrls, wsUrl, relayerUrl, ...rest } = entry
  const shown = (url: string | undefined): string | undefined => url && redactUrl(url)
  return {
    rpcUrls: rpcUrls.map(redactUrl),
    wsUrl: shown(wsUrl),
    ...rest,
    relayerUrl: shown(relayerUrl),
  }
}

function redactUrl(text: string): string {
  const { pathname, search, username, password } = new URL(text)
  const hidden = pathname !== '/' || search !== '' || username !== '' || password !== ''
  const address = shownAddress(text)
  return hidden ? `${address}/[hidden]` : address
}
