/** Making a bundle: what `bundle.ts` reads. */
import type { SigningKey } from '../crypto/sign.ts'
import { toBase64Url, toHex, utf8 } from '../primitives/bytes.ts'
import { sha256 } from '../primitives/hash.ts'
import { didKey, manifestDigest } from './manifest.ts'
import { gzip, tar } from './tar.ts'

/** What a bundle is made of. */
export interface BundleContent {
  /** Reverse-domain name. */
  readonly package: string
  readonly version: string
  readonly wasm: Uint8Array
  /** `wasm-abi/1` manifest. @default none */
  readonly abi?: Uint8Array | undefined
  /** For people. */
  readonly metadata: { readonly name: string; readonly description?: string }
  /** Who signs it. @default nobody */
  readonly key?: SigningKey | undefined
}

/** The archive inside an `.mpk`, before compression: the same bytes for the same content. */
export function bundleArchive({ wasm, abi, metadata, key, ...named }: BundleContent): Uint8Array {
  const files = [
    ['app.wasm', wasm],
    ...(abi === undefined ? [] : [['abi.json', abi] as const]),
  ] as const
  const [main, description = null] = files.map(([path, bytes]) => ({
    path,
    hash: toHex(sha256(bytes)),
    size: bytes.length,
  }))
  const unsigned = {
    version: '1.0',
    package: named.package,
    appVersion: named.version,
    wasm: main,
    abi: description,
    migrations: [],
    metadata,
  }
  const manifest = key === undefined ? unsigned : signManifest(unsigned, key)
  return tar([['manifest.json', utf8(`${JSON.stringify(manifest, null, 2)}\n`)], ...files])
}

/** An `.mpk`. */
export function packBundle(content: BundleContent): Uint8Array {
  return gzip(bundleArchive(content))
}

/** The manifest with signer and signature added. */
export function signManifest(
  manifest: Readonly<Record<string, unknown>>,
  key: SigningKey,
): Record<string, unknown> {
  const named = { ...manifest, signerId: didKey(key.publicKey) }
  return {
    ...named,
    signature: {
      algorithm: 'ed25519',
      publicKey: toBase64Url(key.publicKey),
      signature: toBase64Url(key.sign(manifestDigest(named))),
    },
  }
}
