/** Which chain `--network` and `--rpc-url` mean, checked with every endpoint before anything is sent. */
import { NETWORKS, networkName } from '../../../chains/ethereum/constants.ts'
import { ethereumError } from '../../../chains/ethereum/errors.ts'
import { readChainId } from '../../../chains/ethereum/rpc/rpc.ts'
import { shownAddress } from '../../../node/primitives/shown-address.ts'
import { cliError } from '../../errors.ts'
import { isHttpUrl, rpcUrlsArgument } from '../../arguments.ts'
import type { Output } from '../../output.ts'

/** Where tools expect a chain on this machine. */
const LOCAL_URL = 'http://127.0.0.1:8545'

export interface Network {
  readonly name: string
  readonly chainId: number
  readonly rpcUrls: readonly string[]
}

/**
 * @throws CLI_USAGE (input); CHAIN_WRONG_NETWORK (protocol) when an endpoint serves another chain; ANCHOR_UNREACHABLE (transport) when none
 * answers
 */
export async function resolveNetwork(
  network: string,
  given: readonly string[] | undefined,
  output: Output,
): Promise<Network> {
  const isUrl = isHttpUrl(network)
  const rpcUrls = isUrl ? [network, ...(given ?? [])] : urlsOf(network, given)
  const answers = await Promise.allSettled(rpcUrlsArgument(rpcUrls).map(readChainId))
  const ids = answers.map((answer) => (answer.status === 'fulfilled' ? answer.value : undefined))
  const found = ids.find((id) => id !== undefined)
  const [first] = answers
  if (found === undefined) throw first?.status === 'rejected' ? first.reason : noEndpoint(network)
  const chainId = isUrl ? found : (NETWORKS[network]?.chainId ?? found)
  ids.forEach((id, i) => {
    const name = shownAddress(rpcUrls[i] ?? network)
    if (id === undefined) output.note(`${name} does not answer, going on without it`)
    else if (id !== chainId) throw wrongChain(name, chainId, id)
  })
  return { name: isUrl ? networkName(chainId) : network, chainId, rpcUrls }
}

function urlsOf(network: string, given: readonly string[] | undefined): readonly string[] {
  if (NETWORKS[network] === undefined) {
    const names = Object.keys(NETWORKS).join(', ')
    throw cliError('CLI_USAGE', `expected --network ${names} or an http address, got ${network}`)
  }
  if (given !== undefined) return given
  if (network === 'local') return [LOCAL_URL]
  throw noEndpoint(network)
}

function noEndpoint(network: string): Error {
  const message = `no endpoint of ${network} is built in: give one that you trust with --rpc-url https://...`
  return cliError('CLI_USAGE', message)
}

function wrongChain(endpoint: string, expected: number, got: number): Error {
  const [wanted, found] = [expected, got].map((id) => `${networkName(id)} (chain ${id})`)
  return ethereumError(
    'CHAIN_WRONG_NETWORK',
    `expected ${wanted} at ${endpoint}, got ${found}: nothing was sent`,
    { endpoint, expected, got },
  )
}
