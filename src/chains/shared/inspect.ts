/** Looking at a chain from outside, for `merogate chain status` and `doctor`: every endpoint first, then those that are well for the rest. */
import { toMerogateError } from '../../node/errors.ts'
import type { Clock } from '../../node/primitives/clock.ts'
import { shownAddress } from '../../node/primitives/shown-address.ts'
import type { Endpoint, Endpoints } from './endpoints.ts'

/** What an endpoint showed. What is undefined could not be read. */
export interface EndpointReport {
  /** Address without credentials. */
  readonly name: string
  /** `wrong-chain` when it serves another; `failed` when it answers but not what is needed. */
  readonly state: 'ok' | 'unreachable' | 'wrong-chain' | 'failed'
  /** Time of one question, ms. */
  readonly latencyMs?: number
  readonly head?: number
  /** Newest final block by the node's rule. */
  readonly final?: number
  /** Why it is not ok. */
  readonly reason?: string
}

/** Hash of the same final block, by endpoint. */
export interface FinalHash {
  readonly endpoint: string
  readonly hash: string
}

/** What an endpoint showed, and which network it serves. */
export interface NetworkEndpointReport<Id> extends EndpointReport {
  readonly chainId?: Id
}

/** A height, and how long ago it was made. */
export interface HeightReport {
  readonly number: number
  readonly ageSeconds: number
}

/** What every chain shows through endpoints that answer. */
export interface CommonState {
  /** What the chain expects the time to be, less what this machine says, seconds. */
  readonly clockSkewSeconds: number
  /** Hash of the same final block by endpoint, where there is one. */
  readonly finalHashes: readonly FinalHash[]
}

/** What a chain of blocks shows. */
export interface BlockState extends CommonState {
  readonly head: HeightReport
  readonly final: HeightReport
}

/** What every chain's report has. */
export interface CommonReport<Id, S> {
  readonly network: string
  readonly chainId: Id
  readonly endpoints: readonly NetworkEndpointReport<Id>[]
  /** Undefined when no endpoint is ok. */
  readonly state: S | undefined
}

/** How one chain is looked at. */
export interface LookInit<Id, S> {
  readonly rpcUrls: readonly string[]
  /** The network that all should serve. */
  readonly chainId: Id
  readonly clock: Pick<Clock, 'monotonicMs'>
  /** The network that an endpoint serves. */
  readChainId(url: string): Promise<Id>
  /** Endpoints of that network. */
  open(urls: readonly string[]): Endpoints
  /** Where an endpoint stands, where a chain has blocks; that it can be asked, where it has none. */
  stand(rpc: Endpoints): Promise<{ readonly head?: number; readonly final?: number }>
  /** Everything else; `common`: the newest height that is final for all. */
  readState(rpc: Endpoints, common: number): Promise<S>
}

/** Looks at everything. Endpoints that fail are part of the report. @throws ANCHOR_UNREACHABLE when all fail between two questions */
export async function lookAt<Id extends string | number, S>(
  init: LookInit<Id, S>,
): Promise<Pick<CommonReport<Id, S>, 'endpoints' | 'state'>> {
  const { rpcUrls } = init
  const endpoints = await Promise.all(rpcUrls.map((url) => probe(url, init)))
  const urls = rpcUrls.filter((_, i) => endpoints[i]?.state === 'ok')
  if (urls.length === 0) return { endpoints, state: undefined }
  const common = Math.min(...endpoints.flatMap(({ final }) => final ?? []))
  const rpc = init.open(urls)
  try {
    return { endpoints, state: await init.readState(rpc, common) }
  } finally {
    rpc.stop()
  }
}

/** One look at one endpoint: does it answer, how fast, for which network, and where does it stand. Never rejects. */
async function probe<Id extends string | number, S>(
  url: string,
  init: LookInit<Id, S>,
): Promise<NetworkEndpointReport<Id>> {
  const { chainId: expected, clock } = init
  const name = shownAddress(url)
  const startedMs = clock.monotonicMs()
  let chainId: Id
  try {
    chainId = await init.readChainId(url)
  } catch (error) {
    return { name, state: 'unreachable', reason: toMerogateError(error).message }
  }
  const seen = { name, chainId, latencyMs: Math.round(clock.monotonicMs() - startedMs) }
  if (chainId !== expected) {
    const reason = `expected chain ${expected} at ${name}, got ${chainId}`
    return { ...seen, state: 'wrong-chain', reason }
  }
  const rpc = init.open([url])
  try {
    return { ...seen, state: 'ok', ...(await init.stand(rpc)) }
  } catch (error) {
    return { ...seen, state: 'failed', reason: toMerogateError(error).message }
  } finally {
    rpc.stop()
  }
}

/** What each endpoint says is the hash of one height; one that has it not is left out, for that is no word on its hash. */
export async function hashesAt(
  rpc: Endpoints,
  height: number,
  readHash: (endpoint: Endpoint, height: number) => Promise<string | undefined>,
): Promise<readonly FinalHash[]> {
  const hashes = await Promise.all(
    rpc.endpoints.map(async (endpoint) => {
      const hash = await readHash(endpoint, height).catch(() => undefined)
      return hash === undefined ? [] : [{ endpoint: endpoint.name, hash }]
    }),
  )
  return hashes.flat()
}

/** A height of a time, both Unix seconds. */
export function heightReport(
  number: number,
  timeSeconds: number,
  nowSeconds: number,
): HeightReport {
  return { number, ageSeconds: Math.max(0, Math.round(nowSeconds - timeSeconds)) }
}
