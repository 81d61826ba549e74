/** The built contracts that come with the package, and what is known of earlier ones: `contracts/artifacts/ethereum`. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { InterfaceAbi } from 'ethers'

/** Contracts of a deployment, in the order in which they are made: later ones are told the address of the first. */
export const CONTRACT_NAMES = ['IdentityRegistry', 'ContextAnchor', 'PackageRegistry'] as const

/** Name of a contract. */
export type ContractName = (typeof CONTRACT_NAMES)[number]

/** A contract as it was compiled. */
export interface Artifact {
  readonly contract: ContractName
  readonly abi: InterfaceAbi
  /** Creation code, hexadecimal with 0x. */
  readonly bytecode: string
  /** The compiler's own record: its version, settings and the hash of every source. JSON. */
  readonly metadata: string
}

/** Code that a release put on chains: zeros where the constructor writes its immutables. */
export interface ReleasedCode {
  /** Version of the package. */
  readonly release: string
  /** Of the code, hexadecimal. */
  readonly sha256: string
  readonly bytes: number
  /** Where the immutables are, 32 bytes each. */
  readonly places: readonly number[]
}

// the same depth below the package from src and from dist
const FOLDER = join(import.meta.dirname, '../../../../contracts/artifacts/ethereum')

const loaded = new Map<ContractName, Artifact>()

/** A contract's artefact; read once. */
export function artifact(name: ContractName): Artifact {
  let found = loaded.get(name)
  if (found === undefined) {
    // our own file, which a check compares with the sources
    found = JSON.parse(readFileSync(join(FOLDER, `${name}.json`), 'utf8')) as Artifact
    loaded.set(name, found)
  }
  return found
}

let releases: Readonly<Record<string, readonly ReleasedCode[]>> | undefined

/** The codes of a contract that releases of this interface put on chains, the newest first; read once. */
export function releasedCodes(name: ContractName): readonly ReleasedCode[] {
  if (releases === undefined) {
    const text = readFileSync(join(FOLDER, 'manifest.json'), 'utf8')
    // our own file, which a check compares with the sources
    const { codes } = JSON.parse(text) as { readonly codes: NonNullable<typeof releases> }
    releases = codes
  }
  return releases[name] ?? []
}
