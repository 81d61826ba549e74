/** Reading what is installed: a bare WebAssembly module, or an `.mpk` bundle around one. */
import { fromUtf8, toHex } from '../primitives/bytes.ts'
import { sha256 } from '../primitives/hash.ts'
import { MAX_ABI_BYTES } from '../runtime/limits.ts'
import { type Archive, isGzip, readArchive } from './archive.ts'
import { applicationError } from './errors.ts'
import { BUNDLE_LIMITS, type BundleLimits } from './limits.ts'
import { type Artifact, type ManifestOptions, parseManifest } from './manifest.ts'

/** The one file every bundle has. Matched exactly: archives made on macOS carry a `._manifest.json` too. */
const MANIFEST_NAME = 'manifest.json'

/** What a bundle holds for a node. */
export interface Bundle {
  /** Reverse-domain name. */
  readonly package: string
  readonly version: string
  /** `did:key:...` of whoever provably signed it. */
  readonly signerId: string | undefined
  /** One, or one for each of several services. */
  readonly modules: readonly BundleModule[]
}

/** One module of a bundle. */
export interface BundleModule {
  /** Name of the service that it is; undefined in a bundle without services. */
  readonly service: string | undefined
  readonly wasm: Uint8Array
  /** Its interface description beside it; undefined when there is none, or it is no JSON. */
  readonly abi: unknown
}

/** Whether bytes are a bundle rather than a bare module, by their first bytes. */
export function isBundle(bytes: Uint8Array): boolean {
  return isGzip(bytes)
}

/**
 * Unpacks a bundle in memory and checks all it says about itself: hashes of module and interface description, signature if there is one.
 * @throws BUNDLE_INVALID, BUNDLE_PATH_UNSAFE, BUNDLE_HASH_MISMATCH, BUNDLE_SIGNATURE_INVALID (input), BUNDLE_TOO_LARGE (limit)
 */
export async function readBundle(
  bytes: Uint8Array,
  limits: BundleLimits = BUNDLE_LIMITS,
  options: ManifestOptions = {},
): Promise<Bundle> {
  const archive = await readArchive(bytes, limits)
  const { modules, ...named } = parseManifest(fileOf(archive, MANIFEST_NAME), options)
  return {
    ...named,
    modules: modules.map(({ service, wasm, abi }) => ({
      service,
      wasm: take(archive, wasm),
      abi: abi === undefined ? undefined : readAbi(take(archive, abi)),
    })),
  }
}

/** @throws BUNDLE_TOO_LARGE (limit) */
function readAbi(bytes: Uint8Array): unknown {
  if (bytes.length > MAX_ABI_BYTES) {
    throw applicationError(
      'BUNDLE_TOO_LARGE',
      `expected an interface description of at most ${MAX_ABI_BYTES} bytes, got ${bytes.length}`,
      { max: MAX_ABI_BYTES, got: bytes.length },
    )
  }
  try {
    return JSON.parse(fromUtf8(bytes))
  } catch {
    return undefined
  }
}

/** A file that is needed: it must be there, and once. */
function fileOf(archive: Archive, name: string): Uint8Array {
  const bytes = archive.files.get(name)
  if (bytes === undefined || archive.repeated.has(name)) {
    const got = bytes === undefined ? 'none' : 'several'
    throw applicationError(
      'BUNDLE_INVALID',
      `expected one ${JSON.stringify(name)} in the bundle, got ${got}`,
    )
  }
  return bytes
}

function take(archive: Archive, artifact: Artifact): Uint8Array {
  const bytes = fileOf(archive, artifact.path)
  const { hash } = artifact
  const actual = toHex(sha256(bytes))
  if (hash !== undefined && hash !== actual) {
    throw applicationError(
      'BUNDLE_HASH_MISMATCH',
      `expected ${JSON.stringify(artifact.path)} with SHA-256 ${hash}, got ${actual}`,
      { expected: hash, got: actual },
    )
  }
  return bytes
}
