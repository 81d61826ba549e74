/** The networks of the Internet Computer, for commands. */
import { IC_ROOT_KEY, IC_URL } from '../../../chains/icp/constants.ts'
import { readRootKey } from '../../../chains/icp/inspect/root-key.ts'
import { MAIN_NETWORK, networkOf } from '../../../chains/icp/network.ts'
import { isOnThisMachine } from '../../../chains/shared/endpoint-address.ts'
import { chainError } from '../../../chains/shared/errors.ts'
import { fromHex, toHex } from '../../../node/primitives/bytes.ts'
import { cliError } from '../../errors.ts'
import type { Output } from '../../output.ts'
import { type Network, resolveNetwork } from '../shared/network.ts'

/** A network, and the key that everything there is certified under. */
export interface IcpNetwork extends Network<string> {
  /** DER. */
  readonly rootKey: Uint8Array
}

/**
 * The network that options name. Its root key is built in for the main network, and fetched from a chain on this machine alone: any other's has to be
 * given, for whoever is asked for it could be believed anything.
 * @throws CLI_USAGE (input), and as `resolveNetwork`
 */
export async function networkFrom(
  named: string,
  rpcUrl: readonly string[] | undefined,
  rootKeyText: string | undefined,
  output: Output,
): Promise<IcpNetwork> {
  const given = rootKeyText === undefined ? undefined : rootKeyArgument(rootKeyText)
  const keys = new Map([[MAIN_NETWORK, fromHex(IC_ROOT_KEY)]])
  if (given !== undefined) keys.set(networkOf(given), given)
  const network = await resolveNetwork(named, rpcUrl, output, {
    // a chain on this machine may have any key
    networks: { [MAIN_NETWORK]: MAIN_NETWORK, local: undefined },
    localUrl: 'http://127.0.0.1:4943',
    urls: { [MAIN_NETWORK]: IC_URL },
    async readChainId(url) {
      // endpoints of the main network may keep it to themselves: certificates are what counts
      const key = (await readRootKey(url)) ?? fromHex(IC_ROOT_KEY)
      const id = networkOf(key)
      if (isOnThisMachine(url)) keys.set(id, key)
      return id
    },
    nameOf: (chainId) => chainId,
    wrongChain(endpoint, expected, got) {
      const message = `expected the network ${expected} at ${endpoint}, got ${got}: nothing was sent`
      return chainError('icp', 'CHAIN_WRONG_NETWORK', message, { endpoint, expected, got })
    },
  })
  const { chainId } = network
  const rootKey = keys.get(chainId)
  if (rootKey === undefined) {
    const message = `expected --root-key, the key that answers of ${chainId} are certified under: it is built in for the main network, and fetched from this machine alone`
    throw cliError('CLI_USAGE', message)
  }
  if (given !== undefined && networkOf(given) !== chainId) {
    const message = `expected --root-key of ${chainId}, got that of ${networkOf(given)}`
    throw cliError('CLI_USAGE', message)
  }
  return { ...network, name: chainId, rootKey }
}

/** What a deployment file says of a root key; the main network's it leaves out. */
export function writtenKey({ chainId, rootKey }: IcpNetwork): string | undefined {
  return chainId === MAIN_NETWORK ? undefined : toHex(rootKey)
}

function rootKeyArgument(text: string): Uint8Array {
  if (/^(?:[0-9a-f]{2}){32,512}$/i.test(text)) return fromHex(text.toLowerCase())
  throw cliError('CLI_USAGE', 'expected --root-key to be a key in DER, hexadecimal')
}
