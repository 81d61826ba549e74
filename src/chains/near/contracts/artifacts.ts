/** The built contracts that come with the package: `contracts/artifacts/near`. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { sha256 } from '../../../node/primitives/hash.ts'
import { toHex } from '../../../node/primitives/bytes.ts'

/** Contracts of a deployment, in the order in which they are made. */
export const CONTRACT_NAMES = ['contexts', 'packages'] as const

/** Name of a contract. */
export type ContractName = (typeof CONTRACT_NAMES)[number]

// the same depth below the package from src and from dist
const FOLDER = join(import.meta.dirname, '../../../../contracts/artifacts/near')

const loaded = new Map<ContractName, Uint8Array>()

/** A contract's code; read once. */
export function codeOf(name: ContractName): Uint8Array {
  let found = loaded.get(name)
  if (found === undefined) {
    found = new Uint8Array(readFileSync(join(FOLDER, name, `${name}.wasm`)))
    loaded.set(name, found)
  }
  return found
}

/** SHA-256 of the code of this release, hexadecimal. */
export function codeHashOf(name: ContractName): string {
  return toHex(sha256(codeOf(name)))
}
