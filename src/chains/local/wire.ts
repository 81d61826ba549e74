/**
 * The JSON of the service, in both directions. Ids and bytes are lower-case hexadecimal, 64-bit integers decimal text.
 *
 * ```text
 * GET  /v1/domain                          {chain, network, contract}
 * GET  /v1/contexts/<id>                   {height, value: context}
 * GET  /v1/groups/<id>                     {height, value: group}
 * GET  /v1/groups/<id>/members?offset=&length=   {height, value: {revision, total, items}}
 * GET  /v1/groups/<id>/members/<identity>  {height, value: member or null}
 * GET  /v1/groups/<id>/standings/<identity>    {height, value: {nonce, joinedRevision, series}}
 * GET  /v1/transactions/<id>               {height or null}
 * GET  /v1/changes?since=&wait=            {height, missed, changes: [{subject, height}]}
 * POST /v1/operations {envelope, signature}      {transaction, height}
 * ```
 *
 * Paths of the package registry stand in `packages-wire.ts`. A refusal is status 422 with `{refusal: {number, name, expected?}}`, and 404 with refusal 5 when a context or group is unknown.
 * Every other failure is `{code, kind, message, details}`.
 */
import { z } from 'zod'
import {
  ROLES,
  type AnchorChange,
  type ContextRecord,
  type GroupRecord,
  type MemberRecord,
  type MigrationRecord,
} from '../../node/anchor/anchor.ts'
import { isRefusalName, refusal, type Refusal } from '../../node/anchor/errors.ts'
import { MAX_SERIES, MAX_U64 } from '../../node/anchor/limits.ts'
import type { Domain } from '../../node/anchor/operations.ts'
import type { Changes, SignedEnvelope, MemberPage, Standing } from '../../node/anchor/service.ts'
import { fromHex, toHex } from '../../node/primitives/bytes.ts'
import {
  ApplicationId,
  BlobId,
  type ContextId,
  GroupId,
  PublicKey,
} from '../../node/primitives/ids.ts'

/** Any JSON value that `JSON.stringify` takes. */
export type Json =
  string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json }

const bytes = z
  .string()
  .regex(/^(?:[0-9a-f]{2})*$/)
  .transform(fromHex)
/** 32 bytes. */
export const bytes32: z.ZodType<Uint8Array> = z
  .string()
  .regex(/^[0-9a-f]{64}$/)
  .transform(fromHex)
/** An ed25519 public key. */
export const publicKey: z.ZodType<PublicKey> = bytes32.transform((raw) => PublicKey.from(raw))
/** A 64-bit integer, as decimal text. */
export const u64: z.ZodType<bigint> = z
  .string()
  .regex(/^(?:0|[1-9][0-9]{0,19})$/)
  .transform(BigInt)
  .refine((value) => value <= MAX_U64)
/** A 32-bit integer, as a number. */
export const u32: z.ZodType<number> = z.int().min(0).max(0xffffffff)
const role = z.enum(ROLES)

const domain = z.object({ chain: z.int().min(0).max(255), network: bytes32, contract: bytes })
const application = z.object({
  id: bytes32.transform((raw) => ApplicationId.from(raw)),
  blob: bytes32.transform((raw) => BlobId.from(raw)),
  size: u64,
  source: z.string(),
  metadata: bytes,
})
const context = z.object({
  group: bytes32.transform((raw) => GroupId.from(raw)),
  application,
  applicationRevision: u64,
})
const group = z.object({
  membersRevision: u64,
  capabilitiesRevision: u64,
  memberCount: u32,
  sealed: z.boolean(),
  migration: z
    .object({ successor: bytes, movesAt: u64 })
    .nullable()
    .transform((plan) => plan ?? undefined),
})
const member = z.object({
  identity: publicKey,
  role,
  capabilities: z.int().min(0).max(255),
  nonce: u64,
  joinedRevision: u64,
})
const standing = z.object({
  nonce: u64,
  joinedRevision: u64,
  series: z.int().min(0).max(MAX_SERIES),
})
const page = z.object({ revision: u64, total: u32, items: z.array(member) })

/** A value at a height. */
export interface Valued<T> {
  readonly height: bigint
  readonly value: T
}

/** An answer that was read at a height. */
export function valued<T>(value: z.ZodType<T>): z.ZodType<Valued<T>> {
  return z.object({ height: u64, value })
}

/** Gives a record the id that was asked for, which the answer leaves out. */
export function withId<I, T extends object>(
  id: I,
  { value, height }: Valued<T | undefined>,
): Valued<(T & { readonly id: I }) | undefined> {
  return { value: value && { id, ...value }, height }
}

/** `GET /v1/domain`. */
export const domainAnswer: z.ZodType<Domain> = domain
/** `GET /v1/contexts/<id>`; the id is the asker's. */
export const contextAnswer: z.ZodType<Valued<Omit<ContextRecord, 'id'>>> = valued(context)
/** `GET /v1/groups/<id>`; the id is the asker's. */
export const groupAnswer: z.ZodType<Valued<Omit<GroupRecord, 'id'>>> = valued(group)
/** `GET /v1/groups/<id>/members/<identity>`. */
export const memberAnswer: z.ZodType<Valued<MemberRecord | null>> = valued(member.nullable())
/** `GET /v1/groups/<id>/standings/<identity>`. */
export const standingAnswer: z.ZodType<Valued<Standing>> = valued(standing)
/** `GET /v1/groups/<id>/members`. */
export const pageAnswer: z.ZodType<Valued<MemberPage>> = valued(page)
/** `GET /v1/transactions/<id>`. */
export const transactionAnswer: z.ZodType<{ readonly height: bigint | null }> = z.object({
  height: u64.nullable(),
})
/** `GET /v1/changes`. */
export const changesAnswer: z.ZodType<Changes> = z.object({
  height: u64,
  missed: z.boolean(),
  changes: z.array(z.object({ subject: bytes32, height: u64 })),
})
/** `POST /v1/operations`, accepted. */
export const acceptedAnswer: z.ZodType<{ transaction: string; height: bigint }> = z.object({
  transaction: z.string().regex(/^[0-9a-f]{64}$/),
  height: u64,
})
/** A refusal, in an answer and in the details of an error. */
export const refusedQuery: z.ZodType<Refusal> = z
  .object({ name: z.string().refine(isRefusalName), expected: u64.optional() })
  .transform(({ name, expected }) => refusal(name, expected))
/** Any answer that is a refusal. */
export const refusalAnswer: z.ZodType<{ readonly refusal: Refusal }> = z.object({
  refusal: refusedQuery,
})
/** Body of `POST /v1/operations`. */
export const operationRequest: z.ZodType<SignedEnvelope> = z.strictObject({
  envelope: bytes,
  signature: bytes,
})

export function domainJson({ chain, network, contract }: Domain): Json {
  return { chain, network: toHex(network), contract: toHex(contract) }
}

export function contextJson({ group, application, applicationRevision }: ContextRecord): Json {
  const { id, blob, size, source, metadata } = application
  return {
    group: toHex(group),
    application: {
      id: toHex(id),
      blob: toHex(blob),
      size: String(size),
      source,
      metadata: toHex(metadata),
    },
    applicationRevision: String(applicationRevision),
  }
}

export function groupJson(record: GroupRecord): Json {
  return {
    membersRevision: String(record.membersRevision),
    capabilitiesRevision: String(record.capabilitiesRevision),
    memberCount: record.memberCount,
    sealed: record.sealed,
    migration: migrationJson(record.migration),
  }
}

function migrationJson(plan: MigrationRecord | undefined): Json {
  if (plan === undefined) return null
  return { successor: toHex(plan.successor), movesAt: String(plan.movesAt) }
}

export function memberJson(record: MemberRecord): Json {
  return {
    identity: toHex(record.identity),
    role: record.role,
    capabilities: record.capabilities,
    nonce: String(record.nonce),
    joinedRevision: String(record.joinedRevision),
  }
}

export function standingJson({ nonce, joinedRevision, series }: Standing): Json {
  return { nonce: String(nonce), joinedRevision: String(joinedRevision), series }
}

export function pageJson({ revision, total, items }: MemberPage): Json {
  return { revision: String(revision), total, items: items.map(memberJson) }
}

function changeJson({ subject, height }: AnchorChange): Json {
  return { subject: toHex(subject), height: String(height) }
}

export function changesJson({ height, missed, changes }: Changes): Json {
  return { height: String(height), missed, changes: changes.map(changeJson) }
}

export function refusalJson({ number, name, expected }: Refusal): Json {
  const more = expected === undefined ? {} : { expected: String(expected) }
  return { refusal: { number, name, ...more } }
}

/** Path of a context. */
export function contextPath(id: ContextId): string {
  return `/v1/contexts/${toHex(id)}`
}

/** Path of a group. */
export function groupPath(id: GroupId): string {
  return `/v1/groups/${toHex(id)}`
}
