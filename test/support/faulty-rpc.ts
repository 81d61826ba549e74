/** An endpoint of JSON-RPC before a local chain that misbehaves on demand, see `faulty-http.ts`. */
import {
  type Fault as AnyFault,
  type FaultRule,
  type FaultyEndpoint,
  type Reply,
  type Request,
  startFaultyEndpoint,
} from './faulty-http.ts'

/** One question. */
export interface Asked {
  readonly method: string
  readonly params: readonly unknown[]
}

/** What an endpoint may do instead of answering rightly. */
export type Fault =
  | AnyFault<Asked>
  /** An error in place of a result. */
  | {
      readonly kind: 'error'
      readonly code: number
      readonly message: string
      readonly data?: unknown
    }

/** When a fault happens. The first rule that fits is the one. */
export type Rule = FaultRule<Asked, Fault>

export type FaultyRpc = FaultyEndpoint<Asked, Fault>

/** A JSON-RPC error that came from the chain itself, or from a rule. */
export class ChainError extends Error {
  readonly error: unknown

  constructor(error: unknown) {
    super('the chain answered with an error')
    this.error = error
  }
}

/** Starts an endpoint before the one at `target`. */
export async function startFaultyRpc(target: string): Promise<FaultyRpc> {
  const made = await startFaultyEndpoint<Asked, unknown>({
    read(request) {
      const { method, params } = parse(request)
      return { method, params }
    },
    async forward({ method, params }) {
      const response = await fetch(target, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
      })
      const answer = (await response.json()) as { result?: unknown; error?: unknown }
      if (answer.error !== undefined) throw new ChainError(answer.error)
      return answer.result
    },
    reply: (result, request) => replyTo(request, { result }),
    asReply: (error, request) =>
      error instanceof ChainError ? replyTo(request, { error: error.error }) : undefined,
  })
  return { ...made, rules: (...list) => made.rules(...list.map(toRule)) }
}

function parse({ body }: Request): Asked & { readonly id: unknown } {
  return JSON.parse(Buffer.from(body).toString()) as Asked & { readonly id: unknown }
}

function replyTo(request: Request, value: object): Reply {
  return {
    status: 200,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: parse(request).id, ...value }),
  }
}

function toRule({ fault, ...rule }: Rule): FaultRule<Asked, AnyFault<Asked>> {
  if (fault.kind !== 'error') return { ...rule, fault }
  const { code, message, data } = fault
  const error = new ChainError({ code, message, ...(data === undefined ? {} : { data }) })
  return { ...rule, fault: { kind: 'answer', make: () => Promise.reject(error) } }
}
