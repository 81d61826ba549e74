/**
 * Finds and runs the method of a call, for `/jsonrpc` and for WebSocket frames alike. Knows no transport: whatever a client sends as a call
 * ends in a result or an {@link RpcError}, never in a rejection.
 */
import { isMerogateError, type MerogateError } from '../../node/errors.ts'
import type { Node } from '../../node/interface.ts'
import type { Clock, Timer } from '../../node/primitives/clock.ts'
import type { Logger } from '../../node/primitives/logger.ts'
import type { Metrics } from '../../node/metrics.ts'
import type { Access } from '../access/guard.ts'
import type { JsonReader } from '../bodies/reader.ts'
import { serverError } from '../errors.ts'
import type { Load } from '../load.ts'
import { RPC_GRACE_MS, RPC_TIMEOUT_MS } from '../limits.ts'
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
import type { Overruns } from './overruns.ts'
import { UnderWay } from './under-way.ts'
import type { RpcCall, RpcMethod } from './methods/method.ts'
import { syncStatusMethod } from './methods/sync-status.ts'

/** The result as JSON text, or the error. */
export type Outcome = { readonly result: string } | { readonly error: RpcError }

/** What bounds a call, or the calls of a batch together. */
export interface Deadline {
  readonly signal: AbortSignal
  /** The last one is answered. */
  cancel(): void
}

export interface Dispatcher {
  /** Names of all methods. */
  readonly methods: readonly string[]
  /** The time of one call from now. */
  deadline(): Deadline
  /**
   * Runs one call. When its time is over it is given up; an answer comes {@link RPC_GRACE_MS} later at the latest, and says whether the call may still take
   * effect. What the caller may not do is answered with `PermissionDenied`. Never rejects.
   */
  call(method: unknown, params: unknown, from: CallOrigin): Promise<Outcome>
}

/** Who makes a call. */
export interface CallOrigin {
  readonly requestId: string
  readonly access: Access
  /** One that it shares with others. @default one of its own */
  readonly deadline?: Deadline
}

export interface DispatcherComponents {
  readonly node: Node
  readonly reader: Pick<JsonReader, 'isJson'>
  readonly clock: Clock
  readonly logger: Logger
  readonly metrics: Metrics
  readonly load: Pick<Load, 'admit'>
  readonly overruns: Overruns
  /** How long a call, or the calls of a batch together, may take, ms. @default RPC_TIMEOUT_MS */
  readonly timeoutMs?: number | undefined
}

/** Methods that change nothing. */
const READERS: ReadonlySet<string> = new Set(['query', 'sync_status'])

/** The dispatcher over a node's methods. */
export function dispatcher(components: DispatcherComponents): Dispatcher {
  const {
    node,
    reader,
    clock,
    logger,
    metrics,
    load,
    overruns,
    timeoutMs = RPC_TIMEOUT_MS,
  } = components
  const underWay = new UnderWay()
  const execute = executeMethod(node, reader, { readOnly: false })
  const methods: ReadonlyMap<string, RpcMethod> = new Map([
    ['execute', execute],
    ['mutate', execute],
    ['query', executeMethod(node, reader, { readOnly: true })],
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
  const run = async (
    call: RpcCall,
    { requestId, access }: CallOrigin,
    signal: AbortSignal,
  ): Promise<Outcome> => {
    const { contextId = '' } = call.subject
    const keyId = access.caller?.keyId
    let done = (): void => {}
    try {
      overruns.assertRoom(keyId, contextId)
      done = underWay.begin(keyId)
      const work = call.run({ requestId, keyId, signal })
      return { result: await answeredInTime(work, signal, clock, timeoutMs) }
    } catch (thrown) {
      overruns.failed(keyId, contextId, thrown)
      const reason = signal.aborted ? timedOut(thrown, timeoutMs) : thrown
      const error = toRpcError(reason, { requestId, ...call.subject })
      const fields = { requestId, context: call.subject.contextId, type: error.type }
      if (error.type === 'InternalError') logger.error({ ...fields, err: thrown }, 'call failed')
      else logger.debug(fields, 'call refused')
      return failed(error)
    } finally {
      done()
    }
  }
  const deadline = (): Deadline => {
    const controller = new AbortController()
    const timer = clock.after(timeoutMs, () => controller.abort())
    return { signal: controller.signal, cancel: () => timer.cancel() }
  }
  return {
    methods: names,
    deadline,
    async call(method, params, from) {
      const { requestId, access, deadline: shared } = from
      const prepared = prepare(methods, names, method, params)
      if ('error' in prepared) return failed(prepared.error)
      try {
        await access.enter(`rpc ${prepared.name}`, params)
        load.admit(READERS.has(prepared.name) ? 'reader' : 'writer')
      } catch (thrown) {
        return failed(toRpcError(thrown, { requestId, ...prepared.call().subject }))
      }
      // made only now: an identity that was left out may have been named
      const call = prepared.call()
      if (shared !== undefined) return run(call, from, shared.signal)
      const own = deadline()
      try {
        return await run(call, from, own.signal)
      } finally {
        own.cancel()
      }
    },
  }
}

/** The end of a call; or, when it has none a while after its signal fired, that nobody knows yet what becomes of it. */
async function answeredInTime<T>(
  work: Promise<T>,
  signal: AbortSignal,
  clock: Clock,
  limitMs: number,
): Promise<T> {
  const late = Promise.withResolvers<never>()
  let timer: Timer | undefined
  const over = (): void => {
    timer = clock.after(RPC_GRACE_MS, () => late.reject(tookTooLong(limitMs, true)))
  }
  if (signal.aborted) over()
  else signal.addEventListener('abort', over)
  try {
    return await Promise.race([work, late.promise])
  } finally {
    signal.removeEventListener('abort', over)
    timer?.cancel()
  }
}

function prepare(
  methods: ReadonlyMap<string, RpcMethod>,
  names: readonly string[],
  method: unknown,
  params: unknown,
): { name: string; call: () => RpcCall } | { error: RpcError } {
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
    make(params)
    return { name: method, call: () => make(params) }
  } catch (error) {
    if (!isMerogateError(error, 'SERVER_BODY_INVALID')) throw error
    // put there by schemas.ts bodyInvalid()
    const issues = error.details['issues'] as readonly Issue[]
    return { error: parseError(PARAMS_INVALID, issues.map(issueText).join('; ')) }
  }
}

/** What a call that was given up ended with. ABORTED is the node's word that nothing of it is done. */
function timedOut(thrown: unknown, limitMs: number): unknown {
  if (isMerogateError(thrown, 'ABORTED')) return tookTooLong(limitMs, false, thrown)
  return isMerogateError(thrown) ? thrown : tookTooLong(limitMs, true, thrown)
}

function tookTooLong(limitMs: number, mayTakeEffect: boolean, cause?: unknown): MerogateError {
  const end = mayTakeEffect ? 'it may still take effect' : 'it was given up and has no effect'
  return serverError(
    'SERVER_TIMEOUT',
    'aborted',
    `the call took longer than ${limitMs} ms: ${end}`,
    { limitMs, mayTakeEffect },
    { cause },
  )
}
