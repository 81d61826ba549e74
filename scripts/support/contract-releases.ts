/**
 * The code that each release of the packages put on chains, so that a later one goes on with it: `contracts/ethereum/releases.json`, by version of the package.
 * A build writes the entry of the version that `package.json` has, and touches no other.
 */
import { createHash } from 'node:crypto'

/** Code of a contract, with zeros where the constructor writes its immutables. */
export interface ReleasedCode {
  readonly sha256: string
  readonly bytes: number
  /** Where the immutables are, 32 bytes each. */
  readonly places: readonly number[]
}

export interface Release {
  /** Version of the contracts' interface: only contracts of the same one are spoken to. */
  readonly interface: number
  readonly contracts: Readonly<Record<string, ReleasedCode>>
}

/** By version of the package, oldest first. */
export type Releases = Readonly<Record<string, Release>>

/** The parts of a compiled contract that say it. */
export interface CompiledCode {
  /** Hexadecimal with 0x. */
  readonly deployedBytecode: string
  readonly immutableReferences: Readonly<
    Record<string, readonly { readonly start: number; readonly length: number }[]>
  >
}

/** @throws RangeError for an immutable that is no word */
export function releasedCode(compiled: CompiledCode): ReleasedCode {
  const code = Buffer.from(compiled.deployedBytecode.slice(2), 'hex')
  const all = Object.values(compiled.immutableReferences).flat()
  if (all.some(({ length }) => length !== 32)) throw new RangeError('expected immutables of a word')
  for (const { start } of all) code.fill(0, start, start + 32)
  const sha256 = createHash('sha256').update(code).digest('hex')
  const places = all.map(({ start }) => start).sort((a, b) => a - b)
  return { sha256, bytes: code.length, places }
}

/** The list with what a version was built to. */
export function withRelease(releases: Releases, version: string, release: Release): Releases {
  return { ...releases, [version]: release }
}

/** Versions that the changelog names, and the list does not: what they put on chains would be forgotten. */
export function forgottenReleases(releases: Releases, changelog: string): readonly string[] {
  const named = [...changelog.matchAll(/^## (\d+\.\d+\.\d+[^\s,]*)/gm)].map(
    ([, name]) => name ?? '',
  )
  return named.filter((name) => !(name in releases))
}

/** The codes of each contract that nodes of this interface go on with, newest first. */
export function knownCodes(
  releases: Releases,
  version: number,
): Readonly<Record<string, readonly (ReleasedCode & { readonly release: string })[]>> {
  const known: Record<string, (ReleasedCode & { readonly release: string })[]> = {}
  for (const [release, { interface: its, contracts }] of Object.entries(releases).reverse()) {
    if (its !== version) continue
    for (const [name, code] of Object.entries(contracts)) {
      ;(known[name] ??= []).push({ release, ...code })
    }
  }
  return known
}
