/**
 * THE PORT to the package registry: named packages and their immutable releases (docs/protocol.md, Packages). A contract of its own, with its
 * own domain and nonces; ownership is that of ed25519 identities, so it means the same on every chain. Optional: a context may name any
 * application, and an anchor without a registry has no `packages`.
 */
import type { BlobId, PackageId, PublicKey } from '../../primitives/ids.ts'
import type { Read, ReadOptions, Receipt, Signer } from '../anchor.ts'
import type { PackageOperation } from './operations.ts'

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

/** Which part of a list to read. */
export interface ReleasePageOptions extends ReadOptions {
  /** Newer releases to leave out. @default 0 */
  readonly offset?: number
  /** At most 32, whatever is asked for. @default 32 */
  readonly length?: number
}

/** Every method may throw ANCHOR_UNREACHABLE (transport) or ANCHOR_BAD_ANSWER (protocol). */
export interface PackageRegistry {
  readPackage(id: PackageId, options?: ReadOptions): Promise<Read<PackageRecord> | undefined>
  readReleases(id: PackageId, options?: ReleasePageOptions): Promise<Read<ReleasePage> | undefined>
  /** Undefined means: the package exists and has no such release. @throws ANCHOR_REJECTED with error 40 for an unknown package */
  readRelease(
    id: PackageId,
    version: string,
    options?: ReadOptions,
  ): Promise<Read<ReleaseRecord> | undefined>
  /** @throws ANCHOR_REJECTED with error 40 for an unknown package */
  readLatest(id: PackageId, options?: ReadOptions): Promise<Read<LatestReleases>>
  /**
   * As `Anchor.submit`. The id of a new package is `derivePackageId` of its creator and name.
   * @throws ANCHOR_REJECTED (chain), ANCHOR_UNREACHABLE (transport), ANCHOR_LIMIT (input)
   */
  submit(
    id: PackageId,
    operation: PackageOperation,
    signer: Signer,
    options?: { signal?: AbortSignal },
  ): Promise<Receipt>
}
