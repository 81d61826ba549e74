/** What an anchor of any chain that is reached by endpoints is made with. */
import type { KeyReference } from './key-text.ts'
import { readApiKey } from './key-text.ts'

export interface ChainAnchorInit {
  /** Endpoints, `http:` or `https:`, the preferred first. What one does not answer, the next is asked. */
  readonly rpcUrls: readonly string[]
  /** Gateway of somebody who pays in this node's place. @default none */
  readonly relayer?:
    { readonly url: string; readonly apiKey?: KeyReference | undefined } | undefined
  /** Pause between two looks at the chain, ms. @default LOCAL_POLL_MS for endpoints on this machine, otherwise the chain's own */
  readonly pollMs?: number | undefined
}

/** A relayer, as it is asked. */
export interface NamedRelayer {
  readonly url: string
  readonly apiKey: string | undefined
  /** As its deployment names it. */
  readonly network: string
}

/** The relayer that an init names; undefined when there is none. @throws CHAIN_KEY (input) */
export async function readRelayer(
  { relayer }: Pick<ChainAnchorInit, 'relayer'>,
  { chain, network }: { readonly chain: string; readonly network: string },
): Promise<NamedRelayer | undefined> {
  if (relayer === undefined) return undefined
  const apiKey = relayer.apiKey && (await readApiKey(relayer.apiKey, chain))
  return { url: relayer.url, apiKey, network }
}
