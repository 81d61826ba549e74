/**
 * THE PORT to the package registry: named packages and their immutable releases (docs/protocol.md, Packages). A contract of its own, with its
 * own domain and nonces; ownership is that of ed25519 identities, so it means the same on every chain. Optional: a context may name any
 * application, and an anchor without a registry has no `packages`.
 */
import type { PackageId } from '../../primitives/ids.ts'
import type { Read, ReadOptions, Receipt, Signer } from '../records.ts'
import type { PackageOperation } from './operations.ts'
import type { ReleaseRecord, PackageRecord, ReleasePage, LatestReleases } from './records.ts'

export type {
  Release,
  ReleaseRecord,
  PackageRecord,
  ReleasePage,
  LatestReleases,
} from './records.ts'

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
