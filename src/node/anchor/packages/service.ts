/** The narrow port between a `PackageRegistry` and whoever applies its envelopes, as `EnvelopeService` is for an `Anchor`. */
import type { PackageId, PublicKey } from '../../primitives/ids.ts'
import type { Answer, PageOptions, QueryOptions, SubmissionService } from '../service.ts'
import type { LatestReleases, PackageRecord, ReleasePage, ReleaseRecord } from './registry.ts'

/** Every method may throw ANCHOR_UNREACHABLE (transport) or ANCHOR_BAD_ANSWER (protocol). */
export interface PackageService extends SubmissionService {
  readPackage(id: PackageId, options?: QueryOptions): Promise<Answer<PackageRecord | undefined>>
  /** At most MAX_RELEASE_PAGE releases, whatever the length. */
  readReleasePage(
    id: PackageId,
    offset: number,
    length: number,
    options?: PageOptions,
  ): Promise<Answer<ReleasePage | undefined>>
  /** @throws ANCHOR_REJECTED with error 40 for an unknown package */
  readRelease(
    id: PackageId,
    version: string,
    options?: QueryOptions,
  ): Promise<Answer<ReleaseRecord | undefined>>
  /** @throws ANCHOR_REJECTED with error 40 for an unknown package */
  readLatest(id: PackageId, options?: QueryOptions): Promise<Answer<LatestReleases>>
  /** The nonce that a signer must use next. */
  readNonce(signer: PublicKey, options?: QueryOptions): Promise<Answer<bigint>>
}
