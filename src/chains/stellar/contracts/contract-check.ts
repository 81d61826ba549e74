/** Whether a contract is ours: its code is that of this release, for an address follows from who made it and a salt, and says nothing of code. */
import { equalBytes, toHex, utf8 } from '../../../node/primitives/bytes.ts'
import { sha256 } from '../../../node/primitives/hash.ts'
import { type ContractName, CONTRACT_VERSION, noContract } from '../../shared/core/artifacts.ts'
import type { Endpoint } from '../../shared/endpoints.ts'
import { viewContract } from '../rpc/entries.ts'
import { codeHashOf } from './artifacts.ts'
import { askView } from './views.ts'

/** What is to be there. */
export interface ExpectedContract {
  readonly contract: ContractName
  /** `C...`. */
  readonly address: string
  readonly passphrase: string
}

/** @throws CHAIN_NO_CONTRACT when there is none, or another */
export async function checkContract(
  endpoint: Endpoint,
  { contract, address, passphrase }: ExpectedContract,
): Promise<void> {
  const found = await viewContract(endpoint, address)
  const other = (got: string): Error => noContract('stellar', contract, address, got)
  if (found === undefined) throw other('nothing that answers')
  const { codeHash = 'none' } = found
  if (codeHash !== codeHashOf(contract)) {
    throw other(`code of SHA-256 ${codeHash}, which is not that of this release`)
  }
  const { answer } = await askView(endpoint, { contract, address }, 'info')
  if (answer.version !== CONTRACT_VERSION) throw other(`one of version ${answer.version}`)
  if (!equalBytes(answer.network, sha256(utf8(passphrase)))) {
    throw other(`one of the network ${toHex(answer.network)}`)
  }
}
