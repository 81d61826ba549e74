/** What can be asked of the package registry, with the ordinals that continue those of the membership contract (docs/protocol.md, Packages). */
import type { PublicKey } from '../../primitives/ids.ts'
import type { Release } from './records.ts'

/** Ordinal of each operation in the signed bytes. Append only, and disjoint from `OPERATION_ORDINALS`. */
export const PACKAGE_OPERATION_ORDINALS = {
  createPackage: 16,
  publishRelease: 17,
  yankRelease: 18,
  addOwner: 19,
  removeOwner: 20,
  acceptOwnership: 21,
} as const

/** Name of an operation. */
export type PackageOperationKind = keyof typeof PACKAGE_OPERATION_ORDINALS

/** What a wallet shows of each operation, and the contract holds it to: with the id of the package beside it. */
export const PACKAGE_OPERATION_WORDS: Readonly<Record<PackageOperationKind, string>> = {
  createPackage: 'create this package',
  publishRelease: 'publish a release of this package',
  yankRelease: 'yank a release of this package',
  addOwner: 'offer ownership of this package',
  removeOwner: 'remove an owner of this package or withdraw an offer',
  acceptOwnership: 'accept ownership of this package',
}

/** One request about a package; all but the first and the last need an owner of it. */
export type PackageOperation =
  | {
      /** The envelope's subject is the new package's id: see `derivePackageId`. The signer is its first owner. */
      readonly kind: 'createPackage'
      readonly name: string
      readonly description: string
      readonly repository: string
    }
  | {
      /** The version must be greater than every one on offer with the same major number, and never have been there. */
      readonly kind: 'publishRelease'
      readonly release: Release
    }
  | {
      /** Once only: a release that is yanked already keeps its reason. */
      readonly kind: 'yankRelease'
      readonly version: string
      readonly reason: string
    }
  | {
      /** An offer: whom it names owns nothing until it accepts. Open offers end when an owner goes, whoever made them. */
      readonly kind: 'addOwner'
      readonly owner: PublicKey
    }
  | {
      /** An owner, the signer itself too, or an offer that is withdrawn. The last owner stays. */
      readonly kind: 'removeOwner'
      readonly owner: PublicKey
    }
  | {
      /** Signed by whom ownership was offered. */
      readonly kind: 'acceptOwnership'
    }
