/** Random envelopes of the package registry, and the same layouts as the `borsh` package describes them. */
import type { Schema } from 'borsh'
import fc from 'fast-check'
import type { PackageEnvelope } from '../../../src/node/anchor/packages/envelope.ts'
import {
  PACKAGE_OPERATION_ORDINALS,
  type PackageOperation,
} from '../../../src/node/anchor/packages/operations.ts'
import type { Release } from '../../../src/node/anchor/packages/registry.ts'
import { BlobId, PackageId } from '../../../src/node/primitives/ids.ts'
import {
  B32,
  borshRequest,
  bytes32,
  envelopeOf,
  publicKey,
  u64,
  type Fields,
} from './arbitraries.ts'

const text = fc.string({ unit: 'grapheme', maxLength: 40 })

const release: fc.Arbitrary<Release> = fc.record({
  version: text,
  bundle: bytes32,
  size: u64,
  blob: bytes32.map((bytes) => BlobId.from(bytes)),
  sources: fc.array(text, { maxLength: 6 }),
  signer: publicKey,
  abi: bytes32,
  minRuntime: text,
  notes: bytes32,
})

function of<K extends PackageOperation['kind']>(kind: K): fc.Arbitrary<K> {
  return fc.constant(kind)
}

const operation: fc.Arbitrary<PackageOperation> = fc.oneof(
  fc.record({ kind: of('createPackage'), name: text, description: text, repository: text }),
  fc.record({ kind: of('publishRelease'), release }),
  fc.record({ kind: of('yankRelease'), version: text, reason: text }),
  fc.record({ kind: of('addOwner'), owner: publicKey }),
  fc.record({ kind: of('removeOwner'), owner: publicKey }),
  fc.record({ kind: of('acceptOwnership') }),
)

export const packageEnvelope: fc.Arbitrary<PackageEnvelope> = envelopeOf(PackageId, operation)

const RELEASE: Schema = {
  struct: {
    version: 'string',
    bundle: B32,
    size: 'u64',
    blob: B32,
    sources: { array: { type: 'string' } },
    signer: B32,
    abi: B32,
    minRuntime: 'string',
    notes: B32,
  },
}

const OPERATIONS: Readonly<Record<PackageOperation['kind'], Fields>> = {
  createPackage: { name: 'string', description: 'string', repository: 'string' },
  publishRelease: { release: RELEASE },
  yankRelease: { version: 'string', reason: 'string' },
  addOwner: { owner: B32 },
  removeOwner: { owner: B32 },
  acceptOwnership: {},
}

/** An envelope of the registry as `borsh` takes it. */
export function borshPackageEnvelope(value: PackageEnvelope): { schema: Schema; value: unknown } {
  const { kind } = value.operation
  return borshRequest(value, PACKAGE_OPERATION_ORDINALS[kind], OPERATIONS[kind])
}
