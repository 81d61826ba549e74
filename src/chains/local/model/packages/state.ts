/** What the registry stores. Everything is found by key, and no operation looks at more than a bounded number of records. */
import { idKey, type PackageId, type PublicKey } from '../../../../node/primitives/ids.ts'
import type { TableDraft, TableEffect, TableView } from '../tables.ts'
import type { Release } from '../../../../node/anchor/packages/registry.ts'

/** The header of a package. */
export interface PackageState {
  readonly name: string
  readonly description: string
  readonly repository: string
  readonly owners: readonly PublicKey[]
  /** Identities that may accept to be owners. */
  readonly offered: readonly PublicKey[]
  readonly revision: bigint
  /** Releases; they are numbered 1 .. releases in the order of publication, so that 0 can stand for none. */
  readonly releases: number
  /** Those of them that are not yanked. */
  readonly available: number
}

/** A release. Those of one channel of one line that are not yanked are linked, so that yanking the highest shows the next one. */
export interface ReleaseState {
  readonly release: Release
  readonly publisher: PublicKey
  /** Number of the next lower release of its channel and line; 0 for none. */
  readonly previous: number
  /** Number of the next higher one; 0 for none. */
  readonly next: number
  /** Undefined while it is not yanked. */
  readonly yankReason: string | undefined
}

/** Stable versions and pre-releases are offered apart. */
export type Channel = 'stable' | 'preRelease'

/** A line: all releases with one major number. */
export interface LineState {
  /** Number of the highest release of each channel that is not yanked; 0 for none. The next release must be above both. */
  readonly highest: Readonly<Record<Channel, number>>
}

/** Values of each table. */
export interface PackageTables {
  readonly packages: PackageState
  readonly releases: ReleaseState
  /** Number of a release by its version. */
  readonly numbers: number
  readonly lines: LineState
  /** Words of 256 bits, see `majors.ts`. */
  readonly majors: bigint
  /** Next nonce of each signer; never forgotten. */
  readonly nonces: bigint
}

export type PackageView = TableView<PackageTables>
export type PackageTableDraft = TableDraft<PackageTables>
export type PackageEffect = TableEffect<PackageTables>

/** Key in `packages`. */
export function packageKey(id: PackageId): string {
  return idKey(id)
}

/** Key in `releases`, by number, and in `numbers`, by version. */
export function releaseKey(id: PackageId, release: number | string): string {
  return `${idKey(id)} ${release}`
}

/** Key in `lines`. */
export function lineKey(id: PackageId, major: number): string {
  return `${idKey(id)} ${major}`
}

/** Key in `nonces`. */
export function nonceKey(signer: PublicKey): string {
  return idKey(signer)
}
