/** Which contracts there are to be, and where: an address follows from who makes it and a salt, which is fixed for each code. */
import { utf8 } from '../../../node/primitives/bytes.ts'
import { sha256 } from '../../../node/primitives/hash.ts'
import { CONTRACT_NAMES, type ContractName } from '../../shared/core/artifacts.ts'
import { codeHashOf } from '../contracts/artifacts.ts'
import { contractAddress } from '../xdr/operations.ts'

/** A contract that is to be there. */
export interface PlannedContract {
  readonly name: ContractName
  /** `C...`. */
  readonly address: string
  /** SHA-256, hexadecimal. */
  readonly codeHash: string
  /** 32 bytes. */
  readonly salt: Uint8Array
}

/** The salt of a contract: other code lies beside it, at another address. */
export function saltOf(name: ContractName): Uint8Array {
  return sha256(utf8(`merogate ${name} ${codeHashOf(name)}`))
}

/** All contracts, in the order they are made. @param deployer `G...`: whoever else makes them, makes them elsewhere */
export function planDeployment(passphrase: string, deployer: string): readonly PlannedContract[] {
  return CONTRACT_NAMES.map((name) => {
    const salt = saltOf(name)
    const address = contractAddress(passphrase, { deployer, salt })
    return { name, address, codeHash: codeHashOf(name), salt }
  })
}
