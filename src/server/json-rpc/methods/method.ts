/** What a JSON-RPC method is to the dispatcher. */
import type { CallSubject } from '../errors.ts'

/** What a call may need besides its parameters. */
export interface RpcScope {
  readonly requestId: string
  /** The key whose call it is; undefined where sign-in is off. */
  readonly keyId: string | undefined
  /** Fires when the call has taken too long. */
  readonly signal: AbortSignal
}

/** One call, ready to run: its parameters are checked. */
export interface RpcCall {
  /** What it is about, for the data of an error. */
  readonly subject: Omit<CallSubject, 'requestId'>
  /**
   * Runs it and resolves with the result as JSON text: a guest's output passes through letter by letter, so that no number of it is
   * rounded on the way.
   */
  run(scope: RpcScope): Promise<string>
}

/** Checks the parameters of a call. @throws SERVER_BODY_INVALID (input) */
export type RpcMethod = (params: unknown) => RpcCall
