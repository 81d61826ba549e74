/** Bounds of the applications room. */

const MIB: number = 1 << 20

/** Bytes of a module or bundle that is installed, from whatever source. */
export const MAX_INSTALL_BYTES: number = 64 * MIB
/** Redirects followed when installing from a URL. */
export const MAX_REDIRECTS = 3
/** Time for a whole download, ms: 64 MiB at about 1 MiB/s. */
export const INSTALL_TIMEOUT_MS = 60_000
/** Characters of an install URL. */
export const MAX_URL_LENGTH = 2048
/** Characters of an install path. */
export const MAX_PATH_LENGTH = 4096

/** UTF-8 bytes of an application's source; anchors hold no more (docs/limits.md). */
export const MAX_SOURCE_BYTES = 512
/** Bytes of an application's metadata; anchors hold no more (docs/limits.md). */
export const MAX_METADATA_BYTES = 1024
/** Characters of a package name. */
export const MAX_PACKAGE_LENGTH = 128
/** Characters of a package's version. */
export const MAX_VERSION_LENGTH = 64
/** Characters of a signer's did:key, which has 56. */
export const MAX_SIGNER_LENGTH = 64
/** UTF-8 bytes of what is known of a module, as JSON; a larger interface description is left out of the record. */
export const MAX_MODULE_INFO_BYTES: number = MIB

/** What a bundle may unpack to. Lower numbers serve tests. */
export interface BundleLimits {
  /** Bytes of the archive once inflated. */
  readonly inflatedBytes: number
  /** Bytes of one file in it. */
  readonly entryBytes: number
  /** Files and folders in it. */
  readonly entries: number
}

/** An engine refuses modules far below the size of one entry; the rest is for assets and other services. */
export const BUNDLE_LIMITS: BundleLimits = {
  inflatedBytes: 128 * MIB,
  entryBytes: 64 * MIB,
  entries: 1024,
}
/** Characters of a file name in a bundle. */
export const MAX_ENTRY_NAME_LENGTH = 256
/** Bytes of a bundle's manifest. */
export const MAX_MANIFEST_BYTES: number = 256 * 1024
/** Services that a bundle's manifest may name. */
export const MAX_SERVICES = 16
/** Nesting of a bundle's manifest. */
export const MAX_JSON_DEPTH = 64
