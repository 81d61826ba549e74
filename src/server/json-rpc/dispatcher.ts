/**
 * Finds and runs the method of a call, for `/jsonrpc` and for WebSocket frames alike. Knows no transport: whatever a client sends as a call
 * ends in a result or an {@link RpcError}, never in a rejection.
 */
import { isMerogateError } from '../../node/errors.ts'
import type { Node } from '../../node/interface.ts'
import type { Logger } from '../../node/primitives/logger.ts'
import type { Metrics } from '../../node/metrics.ts'
import { serverError } from '../errors.ts'
import { RPC_TIMEOUT_MS } from '../limits.ts'
import { issueText } from '../schemas.ts'
import type { Issue } from '../schemas.ts'
import {
  INVALID_REQUEST,
  METHOD_UNKNOWN,
  PARAMS_INVALID,
  parseError,
  toRpcError,
} from './errors.ts'
import type { RpcError } from './errors.ts'
import { executeMethod } from './methods/execute.ts'
import type { RpcCall, RpcMethod } from './methods/method.ts'
import { syncStatusMethod } from './methods/sync-status.ts'

/** The result as JSON text, or the error. */
export type Outcome = { readonly result: string } | { readonly error: RpcError }

export interface Dispatcher {
  /** Names of all methods. */
  readonly methods: readonly string[]
  /** Runs one call; `signal` bounds it, @default {@link RPC_TIMEOUT_MS}. Never rejects. */
  call(method: unknown, params: unknown, requestId: string, signal?: AbortSignal): Promise<Outcome>
}

export interface DispatcherComponents {
  readonly node: Node
  readonly logger: Logger
  readonly metrics: Metrics
}

/** The dispatcher over a node's methods. */
export function dispatcher({ node, logger, metrics }: DispatcherComponents): Dispatcher {
  const execute = executeMethod(node, { readOnly: false })
  const methods: ReadonlyMap<string, RpcMethod> = new Map([
    ['execute', execute],
    ['mutate', execute],
    ['query', executeMethod(node, { readOnly: true })],
    ['sync_status', syncStatusMethod(node)],
  ])
  const names = [...methods.keys()]
  const failures = metrics.counter('merogate_rpc_errors_total', {
    help: 'Calls answered with an error, by its type',
    labels: ['type'],
  })
  const failed = (error: RpcError): Outcome => {
    failures.inc({ type: error.type })
    return { error }
  }
  return {
    methods: names,
    async call(method, params, requestId, signal = rpcDeadline()) {
      const prepared = prepare(methods, names, method, params)
      if ('error' in prepared) return failed(prepared.error)
      const { call } = prepared
      try {
        return { result: await call.run({ requestId, signal }) }
      } catch (thrown) {
        const reason = signal.aborted ? timedOut(thrown) : thrown
        const error = toRpcError(reason, { requestId, ...call.subject })
        const fields = { requestId, context: call.subject.contextId, type: error.type }
        if (error.type === 'InternalError') logger.error({ ...fields, err: thrown }, 'call failed')
        else logger.debug(fields, 'call refused')
        return failed(error)
      }
    },
  }
}

/** The deadline of a call that starts now. */
export function rpcDeadline(): AbortSignal {
  return AbortSignal.timeout(RPC_TIMEOUT_MS)
}

function prepare(
  methods: ReadonlyMap<string, RpcMethod>,
  names: readonly string[],
  method: unknown,
  params: unknown,
): { call: RpcCall } | { error: RpcError } {
  if (typeof method !== 'string') {
    return { error: parseError(INVALID_REQUEST, 'missing field `method`') }
  }
  const make = methods.get(method)
  if (make === undefined) {
    const expected = names.map((name) => `\`${name}\``).join(', ')
    const text = `unknown variant \`${method.slice(0, 100)}\`, expected one of ${expected}`
    return { error: parseError(METHOD_UNKNOWN, text) }
  }
  if (params === undefined) return { error: parseError(PARAMS_INVALID, 'missing field `params`') }
  try {
    return { call: make(params) }
  } catch (error) {
    if (!isMerogateError(error, 'SERVER_BODY_INVALID')) throw error
    // put there by schemas.ts bodyInvalid()
    const issues = error.details['issues'] as readonly Issue[]
    return { error: parseError(PARAMS_INVALID, issues.map(issueText).join('; ')) }
  }
}

function timedOut(cause: unknown): unknown {
  if (isMerogateError(cause) && cause.kind !== 'aborted') return cause
  return serverError(
    'SERVER_TIMEOUT',
    'aborted',
    `the call took longer than ${RPC_TIMEOUT_MS} ms; it may still be carried out`,
    { limitMs: RPC_TIMEOUT_MS },
    { cause },
  )
}
