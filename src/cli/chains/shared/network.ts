/** Which network `--network` and `--rpc-url` mean, checked with every endpoint before anything is sent. */
import { shownAddress } from '../../../node/primitives/shown-address.ts'
import { isHttpUrl, rpcUrlsArgument } from '../../arguments.ts'
import { cliError } from '../../errors.ts'
import type { Output } from '../../output.ts'

/** A network, and where it is asked. */
export interface Network<Id> {
  readonly name: string
  readonly chainId: Id
  readonly rpcUrls: readonly string[]
}

/** What a chain knows of its networks. */
export interface NetworksInit<Id> {
  /** By the names that people use; undefined: it is what the endpoints say. */
  readonly networks: Readonly<Record<string, Id | undefined>>
  /** Where tools expect one on this machine, `local`. */
  readonly localUrl: string
  /** Endpoints of networks whose answers prove themselves. @default none: who asks has to trust whom he asks */
  readonly urls?: Readonly<Record<string, string>> | undefined
  /** Which chain an endpoint serves. @throws ANCHOR_UNREACHABLE (transport) */
  readChainId(url: string): Promise<Id>
  /** The name that people use for a chain. */
  nameOf(chainId: Id): string
  /** An endpoint serves another chain. */
  wrongChain(endpoint: string, expected: Id, got: Id): Error
}

/**
 * @throws CLI_USAGE (input); CHAIN_WRONG_NETWORK (protocol) when an endpoint serves another chain; ANCHOR_UNREACHABLE (transport) when none
 * answers
 */
export async function resolveNetwork<Id>(
  network: string,
  given: readonly string[] | undefined,
  output: Output,
  init: NetworksInit<Id>,
): Promise<Network<Id>> {
  const { readChainId, nameOf, wrongChain, networks } = init
  const isUrl = isHttpUrl(network)
  const rpcUrls = isUrl ? [network, ...(given ?? [])] : urlsOf(network, given, init)
  const answers = await Promise.allSettled(rpcUrlsArgument(rpcUrls).map(readChainId))
  const ids = answers.map((answer) => (answer.status === 'fulfilled' ? answer.value : undefined))
  const found = ids.find((id) => id !== undefined)
  const [first] = answers
  if (found === undefined) throw first?.status === 'rejected' ? first.reason : noEndpoint(network)
  const chainId = isUrl ? found : (networks[network] ?? found)
  ids.forEach((id, i) => {
    const name = shownAddress(rpcUrls[i] ?? network)
    if (id === undefined) output.note(`${name} does not answer, going on without it`)
    else if (id !== chainId) throw wrongChain(name, chainId, id)
  })
  return { name: isUrl ? nameOf(chainId) : network, chainId, rpcUrls }
}

function urlsOf<Id>(
  network: string,
  given: readonly string[] | undefined,
  { networks, localUrl, urls }: NetworksInit<Id>,
): readonly string[] {
  if (!Object.hasOwn(networks, network)) {
    const names = Object.keys(networks).join(', ')
    throw cliError('CLI_USAGE', `expected --network ${names} or an http address, got ${network}`)
  }
  if (given !== undefined) return given
  if (network === 'local') return [localUrl]
  const known = urls?.[network]
  if (known !== undefined) return [known]
  throw noEndpoint(network)
}

function noEndpoint(network: string): Error {
  const message = `no endpoint of ${network} is built in: give one that you trust with --rpc-url https://...`
  return cliError('CLI_USAGE', message)
}
