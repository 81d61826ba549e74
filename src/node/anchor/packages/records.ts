/** Packages and their releases, as a registry has them. */
import type { BlobId, PackageId, PublicKey } from '../../primitives/ids.ts'

/** What a publisher says of a version; nothing of it ever changes. */
export interface Release {
  /** Semantic version 2.0.0 without build metadata; at most 64 bytes, each number a u32. */
  readonly version: string
  /** SHA-256 of the bundle, 32 bytes. */
  readonly bundle: Uint8Array
  /** Bytes of the bundle. */
  readonly size: bigint
  readonly blob: BlobId
  /** Where the bundle can be had, URIs; at most 4 of 512 bytes. */
  readonly sources: readonly string[]
  /** The key that signed the bundle: with the package it makes the application's id. */
  readonly signer: PublicKey
  /** SHA-256 of the interface description, 32 bytes; zero when there is none. */
  readonly abi: Uint8Array
  /** The least version of the runtime it needs, as text; at most 64 bytes. */
  readonly minRuntime: string
  /** SHA-256 of the release notes, 32 bytes; zero when there are none. */
  readonly notes: Uint8Array
}

/** A release as the registry has it. */
export interface ReleaseRecord extends Release {
  /** Who published it, then an owner: the identity that signed the request. */
  readonly publisher: PublicKey
  /** Position in the order of publication, from 0. */
  readonly slot: number
  /** Nobody should install it any more; it stays readable. */
  readonly yanked: boolean
  /** Why; empty while it is not yanked. */
  readonly yankReason: string
}

export interface PackageRecord {
  readonly id: PackageId
  /** Reverse-DNS style: 3 to 128 of a-z, 0-9, dot and hyphen, two labels at least. */
  readonly name: string
  readonly description: string
  readonly repository: string
  /** 1 to 8, the creator first until it leaves. */
  readonly owners: readonly PublicKey[]
  /** Who may become an owner by accepting; they own nothing yet. With the owners at most 8. */
  readonly offered: readonly PublicKey[]
  /** Starts at 1, +1 with every change of the package. */
  readonly revision: bigint
  readonly releaseCount: number
  /** Version of the highest release that is neither a pre-release nor yanked. */
  readonly latestStable: string | undefined
  /** Version of the highest pre-release that is not yanked. */
  readonly latestPreRelease: string | undefined
}

/** Part of a list of releases, newest first by slot. Start over when another page shows another revision. */
export interface ReleasePage {
  readonly revision: bigint
  readonly total: number
  readonly items: readonly ReleaseRecord[]
}

/** The highest releases that are not yanked. */
export interface LatestReleases {
  readonly stable: ReleaseRecord | undefined
  readonly preRelease: ReleaseRecord | undefined
}
