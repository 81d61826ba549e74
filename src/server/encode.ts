/** How the API writes the node's values. */
import { CAPABILITIES } from '../node/anchor/anchor.ts'
import type { MemberRecord, MigrationRecord } from '../node/anchor/anchor.ts'
import type { BlobInfo } from '../node/blobs/blobs.ts'
import type {
  ContextFailure,
  ContextInfo,
  IntentInfo,
  InstalledApplication,
  InstalledService,
  MembersView,
  StateMutation,
} from '../node/interface.ts'
import { toBase58, toHex } from '../node/primitives/bytes.ts'

/** The original names a compiled form of a module next to its bytes; we keep none on disk and write zeros. */
const NO_BLOB = toBase58(new Uint8Array(32))

/** A byte vector as the API has it: numbers. */
export function byteArray(bytes: Uint8Array): number[] {
  return Array.from(bytes)
}

/** An application: the original's fields, later its package, and what we know of the module. */
export function encodeApplication(app: InstalledApplication): Record<string, unknown> {
  const { module } = app
  return {
    id: toBase58(app.id),
    blob: { bytecode: toBase58(app.blob), compiled: NO_BLOB },
    size: app.size,
    source: app.source,
    metadata: byteArray(app.metadata),
    signer_id: app.signerId ?? '',
    package: app.package,
    version: app.version,
    ...(app.service === undefined ? {} : { service: app.service }),
    ...(app.services === undefined ? {} : { services: app.services.map(encodeService) }),
    module: {
      hash: toHex(module.hash),
      size: module.size,
      generation: module.generation,
      era: module.era,
      convergence: module.convergence,
      warnings: module.warnings,
      methods: module.methods,
    },
  }
}

function encodeService({ name, application }: InstalledService): Record<string, unknown> {
  return { name, applicationId: toBase58(application) }
}

/** A context: the original's four fields and ours. */
export function encodeContext(context: ContextInfo): Record<string, unknown> {
  return {
    id: toBase58(context.id),
    applicationId: toBase58(context.application),
    rootHash: toBase58(context.root),
    ...(context.heads.length > 0 ? { dagHeads: context.heads.map(byteArray) } : {}),
    groupId: toBase58(context.group),
    applicationRevision: Number(context.applicationRevision),
    membersRevision: Number(context.membersRevision),
    protocol: context.protocol,
    network: context.network,
    contractId: context.contract,
    status: context.status,
    convergence: context.convergence ?? null,
    deltas: context.deltas,
    waitsFor: context.waitsFor,
    rootMismatches: context.rootMismatches,
    divergence: context.divergence ?? null,
    forkedAuthors: context.forkedAuthors.map(toBase58),
    lastFailure: context.lastFailure === undefined ? null : encodeFailure(context.lastFailure),
    membersView: encodeView(context.membersView),
    migration: encodeMigration(context.migration),
    rotation: context.rotation ?? null,
    intents: context.intents.map(encodeIntent),
  }
}

/** Where members were read. Heights are decimal text: an endpoint may name any. */
function encodeView(view: MembersView): Record<string, unknown> {
  const { height, block, doubt, replacedAtMs } = view
  return {
    height: String(height),
    block: block ?? null,
    doubt:
      doubt === undefined
        ? null
        : { ...doubt, revision: String(doubt.revision), height: String(doubt.height) },
    replacedAtMs: replacedAtMs ?? null,
  }
}

/** Where a group moves, an address in hexadecimal, and the second at which it does; null while it stays. */
export function encodeMigration(plan: MigrationRecord | undefined): unknown {
  return plan === undefined
    ? null
    : { successor: toHex(plan.successor), movesAt: Number(plan.movesAt) }
}

/** What the node has begun and goes on with. */
export function encodeIntent(intent: IntentInfo): Record<string, unknown> {
  const { context, identity, ...rest } = intent
  return {
    ...rest,
    contextId: toBase58(context),
    ...(identity === undefined ? {} : { publicKey: toBase58(identity) }),
  }
}

/** What failed in a context: its ids as text. */
export function encodeFailure(failure: ContextFailure): Record<string, unknown> {
  const { delta, author, target, ...rest } = failure
  return {
    ...rest,
    ...(delta === undefined ? {} : { delta: toBase58(delta) }),
    ...(author === undefined ? {} : { author: toBase58(author) }),
    ...(target === undefined ? {} : { target: toBase58(target) }),
  }
}

/** A capability's name in the API: `ManageMembers` for our `manageMembers`. */
export function capabilityName(capability: keyof typeof CAPABILITIES): string {
  return capability.charAt(0).toUpperCase() + capability.slice(1)
}

/** All capabilities by the API's name. */
export const CAPABILITY_NAMES: ReadonlyMap<string, keyof typeof CAPABILITIES> = new Map(
  // Object.keys of a const object are its keys
  (Object.keys(CAPABILITIES) as (keyof typeof CAPABILITIES)[]).map((name) => [
    capabilityName(name),
    name,
  ]),
)

export function encodeMember(member: MemberRecord): Record<string, unknown> {
  return {
    publicKey: toBase58(member.identity),
    role: member.role,
    capabilities: [...CAPABILITY_NAMES]
      .filter(([, key]) => (member.capabilities & CAPABILITIES[key]) !== 0)
      .map(([name]) => name),
    joinedRevision: Number(member.joinedRevision),
  }
}

export function encodeBlob(blob: BlobInfo): Record<string, unknown> {
  return {
    blob_id: toBase58(blob.id),
    size: blob.size,
    blobId: toBase58(blob.id),
    hash: toBase58(blob.hash),
  }
}

/** A state mutation as a notification's `result` (docs/api.md) with our sequence number, author and delta. */
export function encodeMutation(mutation: StateMutation): Record<string, unknown> {
  return {
    contextId: toBase58(mutation.context),
    type: 'StateMutation',
    data: {
      newRoot: toBase58(mutation.newRoot),
      events: mutation.events.map(({ kind, data, handler }) => ({
        kind,
        data: byteArray(data),
        handler,
      })),
    },
    seq: Number(mutation.seq),
    author: toBase58(mutation.author),
    delta: toBase58(mutation.delta),
  }
}
