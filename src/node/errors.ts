/**
 * The base of every error this package throws on purpose, and the vocabulary of its `kind`s.
 *
 * Each room has one subclass-free module `errors.ts` with its code union and calls {@link merogateError}. Codes are permanent
 * within a major version; messages may improve any day. Recognise errors with {@link isMerogateError}, never by `instanceof`:
 * two copies of the package may meet in one process.
 *
 * @packageDocumentation
 */
import type { ErrorCode } from './error-codes.ts'

/**
 * Who is at fault and what may follow:
 * `input` the caller sent something malformed; `unauthenticated` / `denied` the caller may not; `missing` / `conflict` nobody: it is
 * not here, or moved on; `limit` one of our bounds; `transport` the way to a peer or service; `protocol` the other side sent
 * bad bytes or a bad proof; `guest` the application failed; `chain` the anchor said no; `corrupt` our disk; `aborted` the caller's
 * signal; `internal` a bug of ours.
 */
export type ErrorKind =
  | 'input'
  | 'unauthenticated'
  | 'denied'
  | 'missing'
  | 'conflict'
  | 'limit'
  | 'transport'
  | 'protocol'
  | 'guest'
  | 'chain'
  | 'corrupt'
  | 'aborted'
  | 'internal'

/** JSON-safe facts about a failure: ids as text, sizes, limits; never secrets. */
export type ErrorDetails = Readonly<Record<string, unknown>>

/** An error with a permanent `code` and a `kind` that says what may be done about it. */
export class MerogateError extends Error {
  override readonly name: string = 'MerogateError'
  /** The brand {@link isMerogateError} looks for. */
  readonly isMerogateError: boolean = true
  readonly code: string
  readonly kind: ErrorKind
  readonly details: ErrorDetails

  constructor(
    code: string,
    kind: ErrorKind,
    message: string,
    details: ErrorDetails = {},
    options?: ErrorOptions,
  ) {
    super(message, options)
    this.code = code
    this.kind = kind
    this.details = details
  }

  /** What may leave the process: no stack, no cause. */
  toJSON(): { code: string; kind: ErrorKind; message: string; details: ErrorDetails } {
    return { code: this.code, kind: this.kind, message: this.message, details: this.details }
  }
}

/** Whether a value is one of our errors, and, when `code` is given, that very one. Works across copies of the package. */
export function isMerogateError(value: unknown): value is MerogateError
export function isMerogateError<C extends ErrorCode>(
  value: unknown,
  code: C,
): value is MerogateError & { readonly code: C }
export function isMerogateError(value: unknown, code?: string): value is MerogateError {
  return (
    typeof value === 'object' &&
    value !== null &&
    'isMerogateError' in value &&
    value.isMerogateError === true &&
    (code === undefined || ('code' in value && value.code === code))
  )
}

/** The error as ours: unchanged when it already is, otherwise wrapped as an internal one that keeps the cause. */
export function toMerogateError(value: unknown): MerogateError {
  if (isMerogateError(value)) return value
  const message = value instanceof Error ? value.message : String(value)
  return new MerogateError('INTERNAL', 'internal', message, {}, { cause: value })
}

/** Throws `aborted` when the caller's signal has fired. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw abortError(signal)
}

/** What a caller gets whose signal fired: ABORTED, with the signal's own reason as its cause. */
export function abortError(signal: AbortSignal | undefined): MerogateError {
  const message = 'the operation was aborted by its caller'
  return new MerogateError('ABORTED', 'aborted', message, {}, { cause: signal?.reason })
}

/** The promise's end, or ABORTED as soon as the signal fires; what the promise stands for goes on all the same. */
export function untilAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work
  return new Promise<T>((resolve, reject) => {
    const abort = (): void => reject(abortError(signal))
    const done = (): void => signal.removeEventListener('abort', abort)
    if (signal.aborted) abort()
    else signal.addEventListener('abort', abort)
    work.then(resolve, reject).finally(done)
  })
}
