/** The networks of Stellar, for commands. */
import { PASSPHRASES } from '../../../chains/stellar/constants.ts'
import { stellarError } from '../../../chains/stellar/errors.ts'
import { readPassphrase } from '../../../chains/stellar/rpc/rpc.ts'
import { toHex, utf8 } from '../../../node/primitives/bytes.ts'
import { sha256 } from '../../../node/primitives/hash.ts'
import type { NetworksInit } from '../shared/network.ts'

/** Characters of a network's hash that stand for its name. */
const NAME_CHARS = 16

export const NETWORKS_OF_STELLAR: NetworksInit<string> = {
  // a network on this machine may have any passphrase
  networks: { ...PASSPHRASES, local: undefined },
  localUrl: 'http://127.0.0.1:8000',
  readChainId: readPassphrase,
  nameOf(passphrase) {
    const [name] = Object.entries(PASSPHRASES).find(([, known]) => known === passphrase) ?? []
    return name ?? `stellar-${toHex(sha256(utf8(passphrase))).slice(0, NAME_CHARS)}`
  },
  wrongChain(endpoint, expected, got) {
    const message = `expected the network "${expected}" at ${endpoint}, got "${got}": nothing was sent`
    return stellarError('CHAIN_WRONG_NETWORK', message, { endpoint, expected, got })
  },
}
