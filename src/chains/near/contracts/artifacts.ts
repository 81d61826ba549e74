/** The built contracts for NEAR. */
import { Artifacts, type ContractName } from '../../shared/core/artifacts.ts'

const NEAR = new Artifacts('near')

/** A contract's code; read once. */
export function codeOf(name: ContractName): Uint8Array {
  return NEAR.codeOf(name)
}

/** SHA-256 of the code of this release, hexadecimal. */
export function codeHashOf(name: ContractName): string {
  return NEAR.codeHashOf(name)
}
