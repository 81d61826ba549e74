/** What the main thread and the thread that reads JSON say to each other. */
import type { ErrorDetails, ErrorKind } from '../../node/errors.ts'
import type { ServerErrorCode } from '../errors.ts'

/** `read`: take the JSON apart. `check`: say whether it is JSON at all. */
export interface ReadRequest {
  readonly id: number
  readonly kind: 'read' | 'check'
  /** UTF-8. Handed over, not copied. */
  readonly bytes: Uint8Array
}

/** Arguments that were taken out of a body. */
export interface TakenArguments {
  /** Index of the request in a batch; undefined: the body is the request. */
  readonly member: number | undefined
  /** Compact JSON, UTF-8. */
  readonly bytes: Uint8Array
}

/** The body without the arguments of its calls, and those. */
export interface ReadBody {
  readonly text: string
  readonly taken: readonly TakenArguments[]
}

/** An error of the server's own that goes from one thread to the other. */
export interface ReadFailure {
  readonly code: ServerErrorCode
  readonly kind: ErrorKind
  readonly message: string
  readonly details: ErrorDetails
}

export type ReadReply =
  | ({ readonly id: number; readonly kind: 'read' } & ReadBody)
  | { readonly id: number; readonly kind: 'checked'; readonly isJson: boolean }
  | { readonly id: number; readonly kind: 'failed'; readonly failure: ReadFailure }
