/** The row of an installed application: its layout and its checks. */
import * as P from 'micro-packed'
import { z } from 'zod'
import { bytes, bytes32, codec, type Codec, option, string, vec } from '../codec/codec.ts'
import type { InstalledApplication, InstalledService } from '../interface.ts'
import { fromHex, toBase58, toHex, utf8 } from '../primitives/bytes.ts'
import { ApplicationId, BlobId } from '../primitives/ids.ts'
import type { ModuleInfo } from '../runtime/engine.ts'
import { entryPointsOnly } from '../runtime/entry-points.ts'
import { applicationError } from './errors.ts'
import {
  MAX_ENTRY_NAME_LENGTH,
  MAX_METADATA_BYTES,
  MAX_MODULE_INFO_BYTES,
  MAX_PACKAGE_LENGTH,
  MAX_SERVICES,
  MAX_SIGNER_LENGTH,
  MAX_SOURCE_BYTES,
  MAX_VERSION_LENGTH,
} from './limits.ts'

const VERSION = 1

interface Row {
  rowVersion: number
  blob: Uint8Array
  size: bigint
  source: string
  metadata: Uint8Array
  package: string
  version: string
  signerId?: string | undefined
  service?: string | undefined
  services: { name: string; application: Uint8Array }[]
  module: string
}

/** Bytes of a row: every part at its bound (a character is at most 3 bytes of UTF-8 per UTF-16 unit), and the lengths between them. */
const MAX_RECORD_BYTES: number =
  1 +
  32 +
  8 +
  1 +
  8 * 4 +
  1 +
  MAX_SOURCE_BYTES +
  MAX_METADATA_BYTES +
  3 * (MAX_PACKAGE_LENGTH + MAX_VERSION_LENGTH + MAX_SIGNER_LENGTH + MAX_ENTRY_NAME_LENGTH) +
  MAX_SERVICES * (4 + 3 * MAX_ENTRY_NAME_LENGTH + 32) +
  MAX_MODULE_INFO_BYTES

// version u8 = 1, blob 32, size u64 LE, source string, metadata bytes, package string, version string, signer Option<string>,
// service Option<string>, services Vec<(name string, application 32)>, module string: JSON of ModuleInfo with the hash in hexadecimal
const layout: Codec<Row> = codec(
  'application record',
  P.struct({
    rowVersion: P.U8,
    blob: bytes32,
    size: P.U64LE,
    source: string,
    metadata: bytes,
    package: string,
    version: string,
    signerId: option(string),
    service: option(string),
    services: vec(P.struct({ name: string, application: bytes32 })),
    module: string,
  }),
  MAX_RECORD_BYTES,
)

const moduleShape = z.strictObject({
  hash: z.string().regex(/^[0-9a-f]{64}$/),
  size: z.int().nonnegative(),
  generation: z.enum(['G1', 'G2']),
  era: z.enum(['E1', 'E2', 'E3', 'E4', 'E5a', 'E5b', 'E5c', 'opaque']),
  convergence: z.enum(['converges', 'may diverge']),
  warnings: z.array(
    z.strictObject({
      code: z.enum(['untried-release', 'shared-storage', 'authored-map']),
      message: z.string(),
    }),
  ),
  methods: z.array(z.string()),
  imports: z.array(z.string()),
  abi: z.unknown().optional(),
})

/** Bytes of a row. @throws APPLICATION_LIMIT (limit) when what is known of the module does not fit */
export function encodeRecord(application: InstalledApplication): Uint8Array {
  return layout.encode({
    rowVersion: VERSION,
    blob: application.blob,
    size: BigInt(application.size),
    source: application.source,
    metadata: application.metadata,
    package: application.package,
    version: application.version,
    signerId: application.signerId,
    service: application.service,
    services: [...(application.services ?? [])],
    module: encodeModule(application.module),
  })
}

/** A row, as it was encoded. @throws APPLICATION_CORRUPT (corrupt) */
export function decodeRecord(id: ApplicationId, row: Uint8Array): InstalledApplication {
  try {
    const value = layout.decode(row)
    if (value.rowVersion !== VERSION) {
      throw new RangeError(`expected version ${VERSION}, got ${value.rowVersion}`)
    }
    return {
      id,
      blob: BlobId.from(value.blob),
      size: Number(value.size),
      source: value.source,
      metadata: value.metadata,
      package: value.package,
      version: value.version,
      ...(value.signerId === undefined ? {} : { signerId: value.signerId }),
      ...(value.service === undefined ? {} : { service: value.service }),
      ...(value.services.length === 0 ? {} : { services: value.services.map(serviceOf) }),
      module: decodeModule(value.module),
    }
  } catch (cause) {
    throw applicationError(
      'APPLICATION_CORRUPT',
      `the row of application ${toBase58(id)} is damaged; install it again`,
      { application: toBase58(id) },
      { cause },
    )
  }
}

function serviceOf({ name, application }: Row['services'][number]): InstalledService {
  return { name, application: ApplicationId.from(application) }
}

/**
 * What is known of a module as JSON. When the interface description is what does not fit, what is left of it is which of its methods other contexts may
 * call: without that they could call all.
 */
export function encodeModule(module: ModuleInfo): string {
  const { abi, ...rest } = module
  const facts = { ...rest, hash: toHex(module.hash) }
  const reduced = entryPointsOnly(abi)
  const abis = [abi, reduced].filter((each) => each !== undefined)
  for (const value of [...abis.map((each) => ({ ...facts, abi: each })), facts]) {
    const text = JSON.stringify(value)
    if (utf8(text).length <= MAX_MODULE_INFO_BYTES) return text
  }
  throw applicationError(
    'APPLICATION_LIMIT',
    `expected at most ${MAX_MODULE_INFO_BYTES} bytes of names in the module, got more`,
    { max: MAX_MODULE_INFO_BYTES },
  )
}

function decodeModule(text: string): ModuleInfo {
  const { hash, abi, ...rest } = moduleShape.parse(JSON.parse(text))
  return { ...rest, hash: fromHex(hash), ...(abi === undefined ? {} : { abi }) }
}
