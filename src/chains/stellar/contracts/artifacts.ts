/** The built contracts for Stellar. */
import { Artifacts, type ContractName } from '../../shared/core/artifacts.ts'

const STELLAR = new Artifacts('stellar')

/** A contract's code; read once. */
export function codeOf(name: ContractName): Uint8Array {
  return STELLAR.codeOf(name)
}

/** SHA-256 of the code of this release, hexadecimal. */
export function codeHashOf(name: ContractName): string {
  return STELLAR.codeHashOf(name)
}
