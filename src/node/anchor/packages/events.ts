/** What the registry announces: enough to rebuild packages, owners and releases from the events alone. */
import type { PackageId, PublicKey } from '../../primitives/ids.ts'
import type { Announced } from '../events.ts'
import type { Release } from './registry.ts'

/** What happened. */
export type PackageEventBody =
  | {
      /** The signer is the first owner. */
      readonly name: 'PackagePublished'
      readonly package: string
      readonly description: string
      readonly repository: string
    }
  | {
      /** The signer is its publisher. */
      readonly name: 'ReleasePublished'
      readonly release: Release
    }
  | { readonly name: 'ReleaseYanked'; readonly version: string; readonly reason: string }
  | { readonly name: 'OwnershipOffered'; readonly owner: PublicKey }
  | {
      /** Who accepted is an owner. Who is none any more, or was offered to be one, is neither; with an owner all open offers go. */
      readonly name: 'OwnerChanged'
      readonly owner: PublicKey
      readonly isOwner: boolean
    }

/** An announced change; the revision is the package's. */
export type PackageEvent = Announced<PackageEventBody, PackageId>
