/** The built contracts of `contracts/core` that come with the package: `contracts/artifacts/<chain>`. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { toHex } from '../../../node/primitives/bytes.ts'
import type { MerogateError } from '../../../node/errors.ts'
import { sha256 } from '../../../node/primitives/hash.ts'
import { chainError } from '../errors.ts'

/** Contracts of a deployment, in the order in which they are made. */
export const CONTRACT_NAMES = ['contexts', 'packages'] as const

/** Name of a contract. */
export type ContractName = (typeof CONTRACT_NAMES)[number]

/** Version of the contracts, as they say it themselves (`version` of contracts/interface.json). */
export const CONTRACT_VERSION = 2

/** Something else lies where a contract of a chain should be. */
export function noContract(
  chain: string,
  contract: ContractName,
  address: string,
  got: string,
  cause?: unknown,
): MerogateError {
  return chainError(
    chain,
    'CHAIN_NO_CONTRACT',
    `expected the contract of ${contract} at ${address}, got ${got}: is the deployment of this network?`,
    { address, contract },
    { cause },
  )
}

// the same depth below the package from src and from dist
const FOLDER = join(import.meta.dirname, '../../../../contracts/artifacts')

/** What was built for one chain. */
export class Artifacts {
  readonly #chain: string
  readonly #ending: string
  readonly #loaded = new Map<ContractName, Uint8Array>()

  /** `chain`: its protocol, as in `near`; `ending`: of the names of files. */
  constructor(chain: string, ending: 'wasm' | 'wasm.gz' = 'wasm') {
    this.#chain = chain
    this.#ending = ending
  }

  /** A contract's code; read once. */
  codeOf(name: ContractName): Uint8Array {
    let found = this.#loaded.get(name)
    if (found === undefined) {
      found = new Uint8Array(
        readFileSync(join(FOLDER, this.#chain, name, `${name}.${this.#ending}`)),
      )
      this.#loaded.set(name, found)
    }
    return found
  }

  /** SHA-256 of the code of this release, hexadecimal. */
  codeHashOf(name: ContractName): string {
    return toHex(sha256(this.codeOf(name)))
  }
}
