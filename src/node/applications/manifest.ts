/** The `manifest.json` of a bundle: what it must say, and what its signature proves. */
import { base64urlnopad } from '@scure/base'
import { z } from 'zod'
import { verifySignature } from '../crypto/sign.ts'
import { concat, fromUtf8, toBase58, utf8 } from '../primitives/bytes.ts'
import { sha256 } from '../primitives/hash.ts'
import { canonicalJson } from './canonical-json.ts'
import { applicationError } from './errors.ts'
import {
  MAX_ENTRY_NAME_LENGTH,
  MAX_MANIFEST_BYTES,
  MAX_PACKAGE_LENGTH,
  MAX_SERVICES,
  MAX_VERSION_LENGTH,
} from './limits.ts'

/** A file the manifest describes. */
export interface Artifact {
  readonly path: string
  /** SHA-256, hexadecimal; absent in bundles of late 2025. */
  readonly hash: string | undefined
}

/** The files of one module. */
export interface ModuleFiles {
  /** Name of the service that it is; undefined in a bundle without services. */
  readonly service: string | undefined
  readonly wasm: Artifact
  readonly abi: Artifact | undefined
}

export interface ManifestOptions {
  /**
   * Take a signed bundle whose manifest has no hash of a module, as one that nobody signed: the signature says nothing of what is run.
   * @default false
   */
  readonly allowUnhashed?: boolean
}

/** What this node uses of a manifest. */
export interface Manifest {
  readonly package: string
  readonly version: string
  /** One, or one for each of several services. */
  readonly modules: readonly ModuleFiles[]
  /** `did:key:...` of whoever provably signed it; undefined for an unsigned bundle. */
  readonly signerId: string | undefined
}

/** Where the module is when the manifest does not say. */
const DEFAULT_WASM_PATH = 'app.wasm'

const artifact = z.looseObject({
  path: z.string().min(1).max(MAX_ENTRY_NAME_LENGTH),
  hash: z
    .string()
    .regex(/^[0-9a-fA-F]{64}$/)
    .nullish(),
})
const shape = z.looseObject({
  version: z.string().regex(/^1(\.\d{1,9}){0,2}$/),
  package: z.string().min(1).max(MAX_PACKAGE_LENGTH),
  appVersion: z.string().min(1).max(MAX_VERSION_LENGTH),
  wasm: artifact.nullish(),
  abi: artifact.nullish(),
  services: z
    .array(
      z.looseObject({
        name: z.string().min(1).max(MAX_ENTRY_NAME_LENGTH),
        wasm: artifact,
        abi: artifact.nullish(),
      }),
    )
    .max(MAX_SERVICES)
    .nullish(),
})
const signatureShape = z.looseObject({
  algorithm: z.literal('ed25519'),
  publicKey: z.string().max(64),
  signature: z.string().max(128),
})

/**
 * Reads and checks a manifest. Unknown members are ignored. The modules are those of the services; without any, the one of `wasm`, else `app.wasm`.
 * @throws BUNDLE_INVALID, BUNDLE_SIGNATURE_INVALID (input), BUNDLE_TOO_LARGE (limit)
 */
export function parseManifest(bytes: Uint8Array, options: ManifestOptions = {}): Manifest {
  if (bytes.length > MAX_MANIFEST_BYTES) {
    throw applicationError(
      'BUNDLE_TOO_LARGE',
      `expected a manifest of at most ${MAX_MANIFEST_BYTES} bytes, got ${bytes.length}`,
      { max: MAX_MANIFEST_BYTES, got: bytes.length },
    )
  }
  let json: unknown
  try {
    json = JSON.parse(fromUtf8(bytes))
  } catch (cause) {
    throw applicationError('BUNDLE_INVALID', 'expected a JSON manifest', {}, { cause })
  }
  const parsed = shape.safeParse(json)
  if (!parsed.success) {
    const issue = parsed.error.issues[0]
    throw applicationError(
      'BUNDLE_INVALID',
      `the manifest is malformed at ${JSON.stringify(issue?.path.join('.') ?? '')}: ${issue?.message ?? ''}`,
      { path: issue?.path.join('.') ?? '' },
    )
  }
  const manifest = parsed.data
  const signerId =
    manifest['signature'] === undefined || manifest['signature'] === null
      ? undefined
      : verifyManifest(json as Record<string, unknown>) // the shape above takes only objects
  const modules = modulesOf(manifest)
  const unhashed = modules.find(({ wasm }) => wasm.hash === undefined)
  const named = { package: manifest.package, version: manifest.appVersion }
  if (signerId === undefined) return { ...named, modules, signerId }
  if (unhashed !== undefined) {
    if (options.allowUnhashed === true) return { ...named, modules, signerId: undefined }
    throw badSignature(
      `the manifest has no hash of ${JSON.stringify(unhashed.wasm.path)}, so it says nothing of what is run; Calimero demands one since 0.11.0-rc.19 of July 2026, older tools leave it out: pack the bundle again with hashes, or take it as one that nobody signed (install.allow_unhashed_bundles)`,
    )
  }
  // a description that the signature does not cover may be anybody's
  const covered = modules.map((each) =>
    each.abi?.hash === undefined ? { ...each, abi: undefined } : each,
  )
  return { ...named, modules: covered, signerId }
}

/** What is run of a bundle. What lies at the usual place, or is named beside them, is not meant where the manifest names services. */
function modulesOf({ wasm, abi, services }: z.infer<typeof shape>): readonly ModuleFiles[] {
  const named = services ?? []
  if (named.length === 0) {
    const main = wasm ?? { path: DEFAULT_WASM_PATH }
    return [{ service: undefined, wasm: toArtifact(main), abi: optionalArtifact(abi) }]
  }
  const names = named.map(({ name }) => name)
  const twice = names.find((name, at) => names.indexOf(name) !== at)
  if (twice !== undefined) {
    throw applicationError(
      'BUNDLE_INVALID',
      `expected services of different names, got ${JSON.stringify(twice)} twice`,
    )
  }
  return named.map((each) => ({
    service: each.name,
    wasm: toArtifact(each.wasm),
    abi: optionalArtifact(each.abi),
  }))
}

function optionalArtifact(
  value: z.infer<typeof artifact> | null | undefined,
): Artifact | undefined {
  return value === undefined || value === null ? undefined : toArtifact(value)
}

function toArtifact(value: { path: string; hash?: string | null | undefined }): Artifact {
  return { path: value.path.replace(/^(\.\/)+/, ''), hash: value.hash?.toLowerCase() }
}

/** The `did:key` of an ed25519 public key: multicodec `ed01` and the key, base58btc behind a `z`. */
export function didKey(publicKey: Uint8Array): string {
  return `did:key:z${toBase58(concat(Uint8Array.of(0xed, 0x01), publicKey))}`
}

/** What a manifest's signature covers: SHA-256 of the canonical manifest without `signature` and members that begin with `_`. */
export function manifestDigest(manifest: Readonly<Record<string, unknown>>): Uint8Array {
  const covered = Object.entries(manifest).filter(
    ([name]) => name !== 'signature' && !name.startsWith('_'),
  )
  return sha256(utf8(canonicalJson(Object.fromEntries(covered))))
}

/** The proven signer. */
function verifyManifest(manifest: Readonly<Record<string, unknown>>): string {
  const parsed = signatureShape.safeParse(manifest['signature'])
  if (!parsed.success) throw badSignature('expected algorithm ed25519, publicKey and signature')
  const publicKey = base64Url(parsed.data.publicKey)
  const signature = base64Url(parsed.data.signature)
  if (!verifySignature(publicKey, manifestDigest(manifest), signature)) {
    throw badSignature('it is not valid for the manifest and key')
  }
  const signerId = didKey(publicKey)
  if (manifest['signerId'] !== signerId) throw badSignature(`expected signerId ${signerId}`)
  return signerId
}

function base64Url(text: string): Uint8Array {
  try {
    return base64urlnopad.decode(text)
  } catch {
    throw badSignature('expected base64url without padding')
  }
}

function badSignature(reason: string): Error {
  return applicationError(
    'BUNDLE_SIGNATURE_INVALID',
    `the bundle's signature is refused: ${reason}`,
  )
}
