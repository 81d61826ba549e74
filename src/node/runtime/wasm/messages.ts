/** What the main thread and a worker say to each other. All byte arrays of an outcome travel in one buffer that is handed over, not copied. */
import type { ErrorDetails, ErrorKind } from '../../errors.ts'
import { MerogateError, toMerogateError } from '../../errors.ts'
import { concat } from '../../primitives/bytes.ts'
import { ContextId, PublicKey } from '../../primitives/ids.ts'
import type {
  ApplyCall,
  GuestAlias,
  GuestCall,
  GuestOutcome,
  GuestRequest,
  StateWrite,
} from '../engine.ts'
import type { LoadedModule } from './loaded.ts'

/** Data a worker starts with. */
export interface WorkerStart {
  /** Folder of the database. */
  readonly location: string
  /** Folder of the blob store's chunk files, when guests may use blobs. */
  readonly blobs: string | undefined
  /** Fuel of one call. */
  readonly fuel: bigint
  readonly modules: readonly LoadedModule[]
}

/** To a worker. */
export type Request =
  | { readonly kind: 'load'; readonly module: LoadedModule }
  | { readonly kind: 'forget'; readonly id: number; readonly context: number }
  | PackedJob

/** One call; `offsetNs` is what to add to the process's monotonic clock to get the present. */
export type Job =
  | { readonly kind: 'execute'; readonly call: GuestCall; readonly offsetNs: bigint }
  | { readonly kind: 'apply'; readonly call: ApplyCall; readonly offsetNs: bigint }

/** A job with all its byte arrays in one: cloning a small view would clone all of the buffer it lies in. */
export interface PackedJob {
  readonly kind: 'execute' | 'apply'
  readonly id: number
  /** Module 32, context id 32, executor 32, members 32 each, the calling context 32 if there is one, then input or artefact. */
  readonly bytes: Uint8Array
  readonly members: number
  readonly hasOrigin: boolean
  readonly aliases: readonly GuestAlias[]
  readonly context: number
  readonly method: string
  readonly readOnly: boolean
  readonly follows: boolean
  readonly seenNs: bigint
  readonly authoredNs: bigint | undefined
  readonly lane: number
  readonly offsetNs: bigint
}

export function packJob(id: number, { kind, call, offsetNs }: Job): PackedJob {
  const { context, module, executor, seenNs, lane } = call
  const members = call.members ?? []
  const isExecute = kind === 'execute'
  const origin = isExecute ? call.origin : undefined
  return {
    kind,
    id,
    bytes: concat(
      ...[module, context.id, executor, ...members],
      ...(origin === undefined ? [] : [origin]),
      isExecute ? call.input : call.artifact,
    ),
    members: members.length,
    hasOrigin: origin !== undefined,
    aliases: isExecute ? (call.aliases ?? []) : [],
    context: context.number,
    method: isExecute ? call.method : '',
    readOnly: isExecute && call.readOnly === true,
    follows: call.follows === true,
    seenNs,
    authoredNs: isExecute ? undefined : call.authoredNs,
    lane,
    offsetNs,
  }
}

export function unpackJob(packed: PackedJob): Job {
  const { bytes, offsetNs, seenNs, lane, authoredNs } = packed
  const at = (index: number): Uint8Array => bytes.subarray(index * 32, index * 32 + 32)
  const ids = 3 + packed.members
  const rest = bytes.subarray((packed.hasOrigin ? ids + 1 : ids) * 32)
  const call = {
    context: { id: ContextId.from(at(1)), number: packed.context },
    module: at(0),
    executor: PublicKey.from(at(2)),
    members: Array.from({ length: packed.members }, (_, i) => PublicKey.from(at(3 + i))),
    seenNs,
    lane,
    ...(packed.follows ? { follows: true } : {}),
  }
  if (packed.kind === 'execute') {
    const { method, readOnly } = packed
    const { aliases } = packed
    const rare = {
      ...(packed.hasOrigin ? { origin: ContextId.from(at(ids)) } : {}),
      ...(aliases.length > 0 ? { aliases } : {}),
    }
    return {
      kind: 'execute',
      call: { ...call, method, input: rest, readOnly, ...rare },
      offsetNs,
    }
  }
  const limit = authoredNs === undefined ? {} : { authoredNs }
  return { kind: 'apply', call: { ...call, artifact: rest, ...limit }, offsetNs }
}

/** From a worker. `ready` comes once, first. */
export type Reply =
  | { readonly kind: 'ready' }
  | { readonly kind: 'forgotten'; readonly id: number }
  | { readonly kind: 'done'; readonly id: number; readonly outcome: PackedOutcome }
  | {
      readonly kind: 'failed'
      readonly id: number
      readonly error: PackedError
      /** What the call had logged. */
      readonly logs: readonly string[]
    }

export interface PackedError {
  readonly code: string
  readonly kind: ErrorKind
  readonly message: string
  readonly details: ErrorDetails
}

export function packError(error: unknown): PackedError {
  return toMerogateError(error).toJSON()
}

export function unpackError({ code, kind, message, details }: PackedError): MerogateError {
  return new MerogateError(code, kind, message, details)
}

/** An outcome with its larger byte arrays cut out; small ones of rare fields stay where they are. */
export interface PackedOutcome {
  /** All cut-out arrays, one after the other. */
  readonly bytes: Uint8Array
  /** Length of each; -1 for undefined. */
  readonly lengths: readonly number[]
  readonly logs: readonly string[]
  readonly events: readonly { readonly kind: string; readonly handler: string | undefined }[]
  readonly crossCalls: GuestOutcome['crossCalls']
  readonly requests: readonly GuestRequest[]
  /** Counts of shared, private and index writes. */
  readonly writes: readonly [number, number, number]
  readonly blobs: number
  readonly needsSignature: boolean
  readonly lastNs: bigint
  readonly fuel: bigint
}

/** The outcome as a message; `bytes.buffer` is to be transferred. */
export function packOutcome(outcome: GuestOutcome): PackedOutcome {
  const { logs, crossCalls, needsSignature, lastNs, fuel } = outcome
  const rows = [outcome.writes, outcome.privateWrites, outcome.indexWrites ?? []] as const
  const parts: (Uint8Array | undefined)[] = [outcome.output, outcome.root, outcome.artifact]
  for (const list of rows) for (const { key, value } of list) parts.push(key, value)
  for (const event of outcome.events) parts.push(event.data)
  parts.push(...outcome.blobs, ...(outcome.blobContents ?? []))
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + (part?.length ?? 0), 0))
  let at = 0
  const lengths = parts.map((part) => {
    if (part === undefined) return -1
    bytes.set(part, at)
    at += part.length
    return part.length
  })
  return {
    bytes,
    lengths,
    logs,
    events: outcome.events.map(({ kind, handler }) => ({ kind, handler })),
    crossCalls,
    requests: outcome.requests ?? [],
    writes: [rows[0].length, rows[1].length, rows[2].length],
    blobs: outcome.blobs.length,
    needsSignature,
    lastNs,
    fuel,
  }
}

/** The outcome of a message; its arrays share one buffer. */
export function unpackOutcome(packed: PackedOutcome): GuestOutcome {
  let part = 0
  let at = 0
  const maybe = (): Uint8Array | undefined => {
    const length = packed.lengths[part++] ?? -1
    if (length < 0) return undefined
    at += length
    return packed.bytes.subarray(at - length, at)
  }
  const next = (): Uint8Array => maybe() ?? packed.bytes.subarray(0, 0)
  const list = <T>(count: number, item: () => T): T[] => Array.from({ length: count }, item)
  const write = (): StateWrite => ({ key: next(), value: maybe() })
  const [shared, hidden, ordered] = packed.writes
  // in the order of packOutcome()
  const output = maybe()
  const root = maybe()
  const artifact = next()
  const writes = list(shared, write)
  const privateWrites = list(hidden, write)
  const indexWrites = list(ordered, write)
  const events = packed.events.map(({ kind, handler }) => ({
    kind,
    data: next(),
    ...(handler === undefined ? {} : { handler }),
  }))
  return {
    output,
    logs: packed.logs,
    events,
    crossCalls: packed.crossCalls,
    requests: packed.requests,
    root,
    artifact,
    needsSignature: packed.needsSignature,
    writes,
    privateWrites,
    indexWrites,
    blobs: list(packed.blobs, next),
    blobContents: list(packed.blobs, next),
    lastNs: packed.lastNs,
    fuel: packed.fuel,
  }
}
