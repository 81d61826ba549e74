/**
 * Errors of the runtime room. What a guest does wrong has kind `guest`; its message is the text that Calimero clients know as
 * `FunctionCallError(...)`, and `details` carries the same error as `{type, data}` (calimero-network/core:crates/runtime/src/errors.rs).
 */
import { type ErrorKind, isMerogateError, MerogateError } from '../errors.ts'
import { printable } from '../primitives/text.ts'
import { MAX_FAILURE_CHARS, MAX_PLACE_CHARS } from './limits.ts'

/**
 * RUNTIME_MODULE_INVALID bytes that are no module, or one that cannot be run whatever the call; RUNTIME_HOST a host function refused, its
 * reason is in `details.data`; RUNTIME_TRAP the guest trapped, the kind of trap is in `details.data`.
 */
export type RuntimeErrorCode =
  | 'RUNTIME_MODULE_INVALID'
  | 'RUNTIME_IMPORT_UNKNOWN_MODULE'
  | 'RUNTIME_IMPORT_SIGNATURE'
  | 'RUNTIME_LIMIT'
  | 'RUNTIME_NOT_LOADED'
  | 'RUNTIME_LINK'
  | 'RUNTIME_METHOD_NOT_FOUND'
  | 'RUNTIME_METHOD_SIGNATURE'
  | 'RUNTIME_METHOD_NAME'
  | 'RUNTIME_TRAP'
  | 'RUNTIME_PANIC'
  | 'RUNTIME_HOST'
  | 'RUNTIME_RETURNED_ERROR'
  | 'RUNTIME_FUEL'
  | 'RUNTIME_DEADLINE'
  | 'RUNTIME_READ_ONLY'
  | 'RUNTIME_ARTIFACT_INVALID'
  | 'RUNTIME_ARTIFACT_UNSIGNABLE'
  | 'RUNTIME_STATE_CORRUPT'
  | 'RUNTIME_QUEUE_FULL'
  | 'RUNTIME_STOPPED'
  | 'RUNTIME_WORKER_LOST'

/** Builds an error of this room. */
export function runtimeError(
  code: RuntimeErrorCode,
  kind: ErrorKind,
  message: string,
  details: Readonly<Record<string, unknown>> = {},
  options?: ErrorOptions,
): MerogateError {
  return new MerogateError(code, kind, message, details, options)
}

/** A module that cannot be run, whatever the call. */
export function invalidModule(message: string, cause?: unknown): MerogateError {
  return runtimeError(
    'RUNTIME_MODULE_INVALID',
    'input',
    message,
    { type: 'CompilationError', data: {} },
    cause === undefined ? undefined : { cause },
  )
}

/** A module that asks for more than a bound allows. */
export function overLimit(what: string, limit: number, got: number): MerogateError {
  return runtimeError(
    'RUNTIME_LIMIT',
    'input',
    `expected ${what} of at most ${limit}, got ${got}`,
    {
      what,
      limit,
      got,
    },
  )
}

/** Kinds of host errors without data, and their texts. */
const HOST_TEXTS = {
  InvalidMemoryAccess: 'invalid memory access',
  BadUTF8: 'invalid UTF-8 string',
  KeyLengthOverflow: 'key length overflow',
  ValueLengthOverflow: 'value length overflow',
  LogLengthOverflow: 'log size overflow',
  LogsOverflow: 'logs overflow',
  EventsOverflow: 'events overflow',
  EventKindSizeOverflow: 'event kind size overflow',
  EventDataSizeOverflow: 'event data size overflow',
  XCallsOverflow: 'xcalls overflow',
  XCallFunctionSizeOverflow: 'xcall function size overflow',
  XCallParamsSizeOverflow: 'xcall params size overflow',
  BlobsNotSupported: 'blob operations not supported (NodeClient not available)',
  InvalidBlobHandle: 'invalid blob handle',
  Ed25519IncorrectPublicKey: 'incorrect ed25519 public key',
} as const

/** Kinds of host errors that say how much. */
export type SizedHostError =
  | 'StorageWriteCountExceeded'
  | 'StorageWriteBytesExceeded'
  | 'ReturnValueSizeOverflow'
  | 'EventHandlerSizeOverflow'
  | 'ArtifactSizeOverflow'
  | 'TooManyBlobHandles'
  | 'BlobBufferTooLarge'
  | 'BlobWriteTooLarge'
  | 'TotalBlobMemoryExceeded'
  | 'InvalidRegisterId'
  | 'RequestsOverflow'
  | 'ProposalSizeOverflow'
  | 'IndexSizeOverflow'

type SizedText = (data: Readonly<Record<string, number | string>>) => string

const SIZED_HOST_TEXTS: Readonly<Record<SizedHostError, SizedText>> = {
  StorageWriteCountExceeded: (d) => `storage write count budget exceeded (max: ${d['max']})`,
  StorageWriteBytesExceeded: (d) =>
    `storage write byte budget exceeded (attempted: ${d['attempted']}, max: ${d['max']})`,
  ReturnValueSizeOverflow: (d) => `return value too large (size: ${d['size']}, max: ${d['max']})`,
  EventHandlerSizeOverflow: (d) =>
    `event handler name too large (size: ${d['size']}, max: ${d['max']})`,
  ArtifactSizeOverflow: (d) =>
    `commit artifact size overflow (size: ${d['size']}, max: ${d['max']})`,
  TooManyBlobHandles: (d) => `too many blob handles (max: ${d['max']})`,
  BlobBufferTooLarge: (d) => `blob buffer too large (size: ${d['size']}, max: ${d['max']})`,
  BlobWriteTooLarge: (d) => `blob write too large (size: ${d['size']}, max: ${d['max']})`,
  TotalBlobMemoryExceeded: (d) =>
    `total blob memory exceeded (current: ${d['current']}, max: ${d['max']})`,
  InvalidRegisterId: (d) => `invalid register id: ${d['id']}`,
  RequestsOverflow: (d) => `requests overflow (max: ${d['max']})`,
  ProposalSizeOverflow: (d) => `proposal too large (size: ${d['size']}, max: ${d['max']})`,
  IndexSizeOverflow: (d) => `ordered index too large (max: ${d['max']})`,
}

/** A host function refused: the call is over. */
export function hostError(type: keyof typeof HOST_TEXTS): MerogateError {
  return runtimeError('RUNTIME_HOST', 'guest', HOST_TEXTS[type], {
    type: 'HostError',
    data: { type },
  })
}

/** As {@link hostError}, for kinds that say how much. */
export function sizedHostError(
  type: SizedHostError,
  data: Readonly<Record<string, number | string>>,
): MerogateError {
  return runtimeError('RUNTIME_HOST', 'guest', SIZED_HOST_TEXTS[type](data), {
    type: 'HostError',
    data: { type, data },
  })
}

/** `alias already exists` and `alias too long`: their data is a bare value. */
export function aliasError(
  type: 'AliasAlreadyExists' | 'AliasTooLong',
  data: string | number,
): MerogateError {
  const text = type === 'AliasTooLong' ? 'alias too long' : 'alias already exists'
  return runtimeError('RUNTIME_HOST', 'guest', `${text}: ${data}`, {
    type: 'HostError',
    data: { type, data },
  })
}

/** Where a guest panicked, as it says itself. */
export interface PanicLocation {
  readonly file: string
  readonly line: number
  readonly column: number
}

/** The guest gave up with a message. */
export function panicError(message: string, location: PanicLocation): MerogateError {
  const { file, line, column } = location
  const text = `guest panicked: ${message} at ${file}:${line}:${column}`
  const data = { type: 'Panic', data: { context: 'Guest', message, location } }
  return runtimeError('RUNTIME_PANIC', 'guest', text, { type: 'HostError', data })
}

/**
 * A failure in one bounded line that is safe to print: the panic's text and place, or the error that the method returned. An application may put anything into
 * both, what others sent among it.
 */
export function failureText({ message, details }: MerogateError): string {
  const { type, data } = details
  if (type === 'ExecutionError') return printable(returnedText(data), MAX_FAILURE_CHARS)
  const panic = type === 'HostError' ? panicOf(data) : undefined
  if (panic === undefined) return printable(message, MAX_FAILURE_CHARS)
  const { file, line, column } = panic.location
  const place = `${printable(file, MAX_PLACE_CHARS)}:${line}:${column}`
  return `guest panicked: ${printable(panic.message, MAX_FAILURE_CHARS)} at ${place}`
}

/** What {@link panicError} put into the details; undefined for other host errors. */
function panicOf(data: unknown): { message: string; location: PanicLocation } | undefined {
  const { type, data: panic } = data as ReturnType<typeof panicError>['details'] // every host error has both
  return type === 'Panic' ? (panic as { message: string; location: PanicLocation }) : undefined
}

/** The bytes of {@link returnedError} as the text they usually are, as much of it as is shown. */
function returnedText(data: unknown): string {
  const bytes = Uint8Array.from((data as readonly number[]).slice(0, MAX_FAILURE_CHARS * 4))
  return `the method returned an error: ${new TextDecoder().decode(bytes)}`
}

/** The method returned an error of its own: the bytes, as clients know them, in decimal. */
export function returnedError(bytes: Uint8Array): MerogateError {
  const data = [...bytes]
  const text = `the method call returned an error: [${data.join(', ')}]`
  return runtimeError('RUNTIME_RETURNED_ERROR', 'guest', text, { type: 'ExecutionError', data })
}

export function methodNotFound(name: string): MerogateError {
  return runtimeError(
    'RUNTIME_METHOD_NOT_FOUND',
    'guest',
    `method ${JSON.stringify(name)} not found`,
    {
      type: 'MethodResolutionError',
      data: { type: 'MethodNotFound', data: { name } },
    },
  )
}

export function methodSignature(name: string): MerogateError {
  const text = `method ${JSON.stringify(name)} has invalid signature: expected no arguments and no return value`
  return runtimeError('RUNTIME_METHOD_SIGNATURE', 'guest', text, {
    type: 'MethodResolutionError',
    data: { type: 'InvalidSignature', data: { name } },
  })
}

export function linkError(message: string): MerogateError {
  return runtimeError('RUNTIME_LINK', 'guest', `link error: ${message}`, {
    type: 'LinkError',
    data: {},
  })
}

export function fuelExhausted(limit: bigint): MerogateError {
  return runtimeError(
    'RUNTIME_FUEL',
    'guest',
    `execution exhausted its gas limit of ${limit} points`,
    { type: 'GasExhausted', data: { limit: Number(limit) } },
  )
}

export function deadlineExceeded(limitMs: number): MerogateError {
  return runtimeError(
    'RUNTIME_DEADLINE',
    'guest',
    `execution exceeded its time limit of ${limitMs} ms`,
    {
      type: 'DeadlineExceeded',
      data: { limitMs },
    },
  )
}

export function invalidArtifact(message: string, cause?: unknown): MerogateError {
  return runtimeError(
    'RUNTIME_ARTIFACT_INVALID',
    'guest',
    `invalid artifact: ${message}`,
    {},
    cause === undefined ? undefined : { cause },
  )
}

const TRAP_TEXTS = {
  StackOverflow: 'stack overflow',
  MemoryOutOfBounds: 'memory out of bounds',
  BadSignature: 'bad signature',
  IllegalArithmetic: 'illegal arithmetic operation',
  Unreachable: 'unreachable code reached',
  Indeterminate: 'indeterminate trap',
} as const

/** V8's message of each trap; observed on Node 20 and 24. */
const TRAP_MESSAGES: readonly (readonly [RegExp, keyof typeof TRAP_TEXTS])[] = [
  [/call stack/, 'StackOverflow'],
  [/unreachable/, 'Unreachable'],
  [/out of bounds/, 'MemoryOutOfBounds'],
  [/divide|remainder|unrepresentable/, 'IllegalArithmetic'],
  [/signature mismatch|null function/, 'BadSignature'],
]

/** What V8 threw out of a guest, in the words of the taxonomy. */
export function trapError(thrown: unknown): MerogateError {
  const message = thrown instanceof Error ? thrown.message : String(thrown)
  const data = TRAP_MESSAGES.find(([pattern]) => pattern.test(message))?.[1] ?? 'Indeterminate'
  return runtimeError(
    'RUNTIME_TRAP',
    'guest',
    TRAP_TEXTS[data],
    { type: 'WasmTrap', data },
    { cause: thrown },
  )
}

/** Lines of calls that failed: they are for the log, not for whoever gets the error. */
const LINES = new WeakMap<MerogateError, readonly string[]>()

/** Lets an error carry what its call had logged. */
export function withLogs(error: MerogateError, lines: readonly string[]): MerogateError {
  if (lines.length > 0) LINES.set(error, lines)
  return error
}

/** What the call that ended in this error had logged. */
export function logsOf(error: unknown): readonly string[] {
  return isMerogateError(error) ? (LINES.get(error) ?? []) : []
}
