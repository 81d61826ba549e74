/** The signed bytes of requests about packages, and the derivation of package ids (docs/protocol.md, Packages). Portable: nothing of Node. */
import * as P from 'micro-packed'
import { codec, vec, type Codec } from '../../codec/codec.ts'
import { utf8 } from '../../primitives/bytes.ts'
import { domainTag, taggedHash } from '../../primitives/hash.ts'
import { BlobId, PackageId, type PublicKey } from '../../primitives/ids.ts'
import {
  envelopeCodecOf,
  hash32,
  id,
  publicKey,
  text,
  type EnvelopeOf,
} from '../envelope-layout.ts'
import {
  MAX_PACKAGE_NAME_BYTES,
  MAX_PACKAGE_TEXT_BYTES,
  MAX_RELEASE_SOURCES,
  MAX_SOURCE_BYTES,
  MAX_VERSION_BYTES,
} from '../limits.ts'
import {
  PACKAGE_OPERATION_ORDINALS,
  type PackageOperation,
  type PackageOperationKind,
} from './operations.ts'
import type { Release } from './registry.ts'

/** A request before it is signed. The nonce is the signer's next in the registry: 0 at first, +1 with each accepted request. */
export type PackageEnvelope = EnvelopeOf<PackageId, PackageOperation>

const PACKAGE_ID_TAG = domainTag('package-id/1')

const sources: P.CoderType<readonly string[]> = P.apply(vec(text), {
  encode: (list): readonly string[] => list,
  decode: (list) => [...list],
})

const release: P.CoderType<Release> = P.struct({
  version: text,
  bundle: hash32,
  size: P.U64LE,
  blob: id(BlobId),
  sources,
  signer: publicKey,
  abi: hash32,
  minRuntime: text,
  notes: hash32,
})

const texts = P.struct({ name: text, description: text, repository: text })

const FIELDS = {
  createPackage: texts,
  publishRelease: P.struct({ release }),
  yankRelease: P.struct({ version: text, reason: text }),
  addOwner: P.struct({ owner: publicKey }),
  removeOwner: P.struct({ owner: publicKey }),
  acceptOwnership: P.struct({}),
} satisfies Record<PackageOperationKind, unknown>

/** See {@link packageTextsCodec}. */
export interface PackageTexts {
  readonly name: string
  readonly description: string
  readonly repository: string
}

/** See `envelopeCodecOf` for the head. Operations are those of `PACKAGE_OPERATION_ORDINALS`. */
export const packageEnvelopeCodec: Codec<PackageEnvelope> = envelopeCodecOf<
  PackageId,
  PackageOperation
>({
  name: 'package envelope',
  subject: id(PackageId),
  ordinals: PACKAGE_OPERATION_ORDINALS,
  fields: FIELDS,
})

/**
 * A release as it lies in requests and in the contracts: {version text, bundle 32, size u64, blob 32, sources list of text, signer 32, abi
 * 32, minRuntime text, notes 32}.
 */
export const releaseCodec: Codec<Release> = codec(
  'release',
  release,
  180 + 2 * MAX_VERSION_BYTES + MAX_RELEASE_SOURCES * (4 + MAX_SOURCE_BYTES),
)

/** What a package says of itself, as it lies in requests and in the contracts: {name, description, repository: text}. */
export const packageTextsCodec: Codec<PackageTexts> = codec(
  'package texts',
  texts,
  12 + MAX_PACKAGE_NAME_BYTES + 2 * MAX_PACKAGE_TEXT_BYTES,
)

/** Id of the package that an identity makes with a name: nobody else can create it, and the name alone belongs to nobody. */
export function derivePackageId(creator: PublicKey, name: string): PackageId {
  return PackageId.from(taggedHash(PACKAGE_ID_TAG, creator, utf8(name)))
}
