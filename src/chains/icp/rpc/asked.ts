/** What an endpoint of the Internet Computer can be asked, and what it says. */
import { isMerogateError } from '../../../node/errors.ts'
import type { Endpoint } from '../../shared/endpoints.ts'

/** A question to a canister, or a call of it. Ids are the bytes of principals. */
export interface Question {
  readonly canister: Uint8Array
  readonly method: string
  /** Candid. */
  readonly arg: Uint8Array
}

/** A call that can be sent, and sent again: it is one request, however often and wherever it is sent. */
export interface PreparedCall extends Question {
  /** The canister whose subnet takes it: another than the one that is called where that is the management canister. */
  readonly effective: Uint8Array
  readonly nonce: Uint8Array
  /** It is not taken up later, ns since 1970 of the chain's clock. */
  readonly expiresAt: bigint
  /** 32 bytes. */
  readonly requestId: Uint8Array
}

/** What a certificate says of a call, and of which time. `unknown`: nobody took it in, or it is forgotten; `done`: it was answered, and how is forgotten. */
export type CallState = { readonly time: bigint } & (
  | { readonly state: 'replied'; readonly reply: Uint8Array }
  | {
      readonly state: 'rejected'
      readonly code: number
      readonly message: string
      readonly errorCode: string | undefined
    }
  | { readonly state: 'pending' | 'done' | 'unknown' }
)

/** What the network certifies. */
export interface Certified {
  /** ns since 1970. */
  readonly time: bigint
  /** The value at a path, names or bytes; undefined when there is none. @throws ANCHOR_BAD_ANSWER (protocol) when the certificate shows neither */
  find(...path: readonly (string | Uint8Array)[]): Uint8Array | undefined
}

/** What can be asked, and what comes of it. */
export interface Asked {
  /** The key that the endpoint says is the root key: its word alone. */
  status: [params: object, answer: { readonly rootKey: Uint8Array | undefined }]
  /** A query: its answer is the endpoint's word alone. */
  query: [params: Question, answer: Uint8Array]
  read_state: [
    params: {
      readonly canister: Uint8Array
      readonly paths: readonly (readonly (string | Uint8Array)[])[]
    },
    answer: Certified,
  ]
  /** Checks a certificate that was in an answer. */
  certified: [
    params: { readonly canister: Uint8Array; readonly certificate: Uint8Array },
    answer: Certified,
  ]
  prepare: [
    params: Question & { readonly effective?: Uint8Array | undefined },
    answer: PreparedCall,
  ]
  /** Undefined: it was taken in, and its answer has to be looked for. */
  call: [params: PreparedCall, answer: CallState | undefined]
  /** What became of a call. */
  look: [params: Pick<PreparedCall, 'effective' | 'requestId'>, answer: CallState]
}

/**
 * Asks an endpoint. @throws ANCHOR_UNREACHABLE (transport), ANCHOR_BAD_ANSWER (protocol), ANCHOR_CLOCK (protocol), ABORTED; CHAIN_RPC for an HTTP status,
 * which is its `code`, or for a rejection: then `code` is 1 to 6 and `data` the error code
 */
export async function ask<M extends keyof Asked>(
  endpoint: Pick<Endpoint, 'send'>,
  method: M,
  params: Asked[M][0],
): Promise<Asked[M][1]> {
  return endpoint.send(method, params) as Promise<Asked[M][1]> // see IcpClient.send
}

/** Whether an endpoint did not take a call because of the time at which it expires. */
export function isExpired(error: unknown): boolean {
  return isMerogateError(error, 'CHAIN_RPC') && error.details['data'] === 'expired'
}
