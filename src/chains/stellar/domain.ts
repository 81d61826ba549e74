/** The domain of a contract, for what is signed for it. */
import type { Domain } from '../../node/anchor/operations.ts'
import { utf8 } from '../../node/primitives/bytes.ts'
import { sha256 } from '../../node/primitives/hash.ts'
import { STELLAR_CHAIN } from './constants.ts'
import { contractBytes } from './xdr/values.ts'

/** @param contract `C...` */
export function domainOf(passphrase: string, contract: string): Domain {
  const network = sha256(utf8(passphrase))
  return { chain: STELLAR_CHAIN, network, contract: contractBytes(contract) }
}
