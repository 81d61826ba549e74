/** How applications are named: ids every node derives alike. */
import * as P from 'micro-packed'
import { bytes, bytes32, codec, type Codec, string } from '../codec/codec.ts'
import { sha256 } from '../primitives/hash.ts'
import { ApplicationId, type BlobId } from '../primitives/ids.ts'

interface ModuleParts {
  blob: Uint8Array
  size: bigint
  source: string
  metadata: Uint8Array
}

// encoded only, so no bound is needed
const moduleParts: Codec<ModuleParts> = codec(
  'application parts',
  P.struct({ blob: bytes32, size: P.U64LE, source: string, metadata: bytes }),
  Infinity,
)
const bundleParts: Codec<{ package: string; version: string }> = codec(
  'bundle parts',
  P.struct({ package: string, version: string }),
  Infinity,
)

const serviceParts: Codec<{ package: string; version: string; service: string }> = codec(
  'service parts',
  P.struct({ package: string, version: string, service: string }),
  Infinity,
)

/** A bare module: SHA-256 of borsh(blob id, size u64, source string, metadata bytes). */
export function moduleApplicationId(parts: {
  readonly blob: BlobId
  readonly size: number
  readonly source: string
  readonly metadata: Uint8Array
}): ApplicationId {
  return ApplicationId.from(sha256(moduleParts.encode({ ...parts, size: BigInt(parts.size) })))
}

/** A bundle: SHA-256 of borsh(package, version), so that each version has a stable id. */
export function bundleApplicationId(name: string, version: string): ApplicationId {
  return ApplicationId.from(sha256(bundleParts.encode({ package: name, version })))
}

/** One of a bundle's several services: SHA-256 of borsh(package, version, service), so that an anchor that names it says which. */
export function serviceApplicationId(
  name: string,
  version: string,
  service: string,
): ApplicationId {
  return ApplicationId.from(sha256(serviceParts.encode({ package: name, version, service })))
}
