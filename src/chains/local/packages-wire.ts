/**
 * The JSON of the package registry, in both directions, as `wire.ts` has that of the membership contract.
 *
 * ```text
 * GET  /v1/packages/domain                       {chain, network, contract}
 * GET  /v1/packages/nonces/<signer>              {height, value: decimal text}
 * GET  /v1/packages/<id>                         {height, value: package}
 * GET  /v1/packages/<id>/releases?offset=&length=   {height, value: {revision, total, items}}
 * GET  /v1/packages/<id>/release?version=        {height, value: release or null}
 * GET  /v1/packages/<id>/latest                  {height, value: {stable, preRelease}: release or null each}
 * POST /v1/packages/operations {envelope, signature}   {transaction, height}
 * ```
 *
 * 404 with refusal 40 when a package is unknown.
 */
import { z } from 'zod'
import type {
  LatestReleases,
  PackageRecord,
  ReleasePage,
  ReleaseRecord,
} from '../../node/anchor/packages/registry.ts'
import { toHex } from '../../node/primitives/bytes.ts'
import { BlobId, type PackageId } from '../../node/primitives/ids.ts'
import { bytes32, publicKey, u32, u64, valued, type Json, type Valued } from './wire.ts'

const release = z.object({
  version: z.string(),
  bundle: bytes32,
  size: u64,
  blob: bytes32.transform((raw) => BlobId.from(raw)),
  sources: z.array(z.string()),
  signer: publicKey,
  abi: bytes32,
  minRuntime: z.string(),
  notes: bytes32,
  publisher: publicKey,
  slot: u32,
  yanked: z.boolean(),
  yankReason: z.string(),
})

/** What JSON has no word for is null. */
function orNull<T>(value: z.ZodType<T>): z.ZodType<T | undefined> {
  return value.nullable().transform((found) => found ?? undefined)
}

/** `GET /v1/packages/<id>`; the id is the asker's. */
export const packageAnswer: z.ZodType<Valued<Omit<PackageRecord, 'id'>>> = valued(
  z.object({
    name: z.string(),
    description: z.string(),
    repository: z.string(),
    owners: z.array(publicKey),
    offered: z.array(publicKey),
    revision: u64,
    releaseCount: u32,
    latestStable: orNull(z.string()),
    latestPreRelease: orNull(z.string()),
  }),
)
/** `GET /v1/packages/<id>/releases`. */
export const releasePageAnswer: z.ZodType<Valued<ReleasePage>> = valued(
  z.object({ revision: u64, total: u32, items: z.array(release) }),
)
/** `GET /v1/packages/<id>/release`. */
export const releaseAnswer: z.ZodType<Valued<ReleaseRecord | undefined>> = valued(orNull(release))
/** `GET /v1/packages/<id>/latest`. */
export const latestAnswer: z.ZodType<Valued<LatestReleases>> = valued(
  z.object({ stable: orNull(release), preRelease: orNull(release) }),
)
/** `GET /v1/packages/nonces/<signer>`. */
export const nonceAnswer: z.ZodType<Valued<bigint>> = valued(u64)

export function packageJson(record: PackageRecord): Json {
  return {
    name: record.name,
    description: record.description,
    repository: record.repository,
    owners: record.owners.map(toHex),
    offered: record.offered.map(toHex),
    revision: String(record.revision),
    releaseCount: record.releaseCount,
    latestStable: record.latestStable ?? null,
    latestPreRelease: record.latestPreRelease ?? null,
  }
}

export function releaseJson(record: ReleaseRecord | undefined): Json {
  if (record === undefined) return null
  const { bundle, size, blob, signer, publisher, abi, notes, ...rest } = record
  return {
    ...rest,
    bundle: toHex(bundle),
    size: String(size),
    blob: toHex(blob),
    signer: toHex(signer),
    publisher: toHex(publisher),
    abi: toHex(abi),
    notes: toHex(notes),
  }
}

export function releasePageJson({ revision, total, items }: ReleasePage): Json {
  return { revision: String(revision), total, items: items.map(releaseJson) }
}

export function latestJson({ stable, preRelease }: LatestReleases): Json {
  return { stable: releaseJson(stable), preRelease: releaseJson(preRelease) }
}

/** Path of a package. */
export function packagePath(id: PackageId): string {
  return `/v1/packages/${toHex(id)}`
}
