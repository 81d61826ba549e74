/** Calls of applications over JSON-RPC. */
import { ClientError, kindOfType } from './errors.ts'
import type { Http } from './http.ts'

/** One call. */
export interface Call {
  readonly contextId: string
  /** Exported function of the application. */
  readonly method: string
  /** Integers beyond 2^53 as `bigint`. @default {} */
  readonly args?: unknown
  /** Identity to call as. @default the node's only one in the context */
  readonly executor?: string
  /** Throw away what the call writes. @default false */
  readonly readOnly?: boolean
  /** Each `{alias}` in the arguments is replaced by the key it stands for. @default [] */
  readonly substitute?: readonly string[]
  readonly signal?: AbortSignal
  /** Told when the clock of the node's machine is off: how far, ms; above 0 when it is ahead. */
  onClockSkew?(ms: number): void
}

/** How far a context is. */
export interface SyncStatus {
  readonly contextId: string
  readonly isInitialized: boolean
  readonly syncState: string
  readonly rootHash: string
}

export interface Rpc {
  /** Resolves with what the method returned, integers beyond 2^53 as `bigint`; null when nothing. @throws CLIENT_CALL_FAILED with `details.type`, CLIENT_PERMISSION_DENIED (denied); CLIENT_* */
  execute<T = unknown>(call: Call): Promise<T>
  syncStatus(contextId: string, options?: { signal?: AbortSignal }): Promise<SyncStatus>
}

/** Calls through one node. */
export function rpc(http: Http): Rpc {
  let lastId = 0
  const request = async (
    method: string,
    params: unknown,
    signal: AbortSignal | undefined,
  ): Promise<unknown> => {
    const json = { jsonrpc: '2.0', id: ++lastId, method, params }
    const answer = await http.json({ method: 'POST', path: '/jsonrpc', json, signal })
    if (typeof answer === 'object' && answer !== null) {
      if ('error' in answer) throw callFailed(answer.error)
      if ('result' in answer) return answer.result
    }
    const message = 'expected a JSON-RPC answer with result or error'
    throw new ClientError('CLIENT_ANSWER_INVALID', 'protocol', message)
  }
  return {
    async execute<T>(call: Call) {
      const params = {
        contextId: call.contextId,
        method: call.method,
        argsJson: call.args ?? {},
        ...(call.executor === undefined ? {} : { executorPublicKey: call.executor }),
        ...(call.substitute === undefined ? {} : { substitute: call.substitute }),
      }
      const method = call.readOnly === true ? 'query' : 'execute'
      const result = await request(method, params, call.signal)
      const { output, clockSkewMs } = result as { output: T; clockSkewMs?: number } // the API's documented shape; T is the caller's word
      if (clockSkewMs !== undefined) call.onClockSkew?.(clockSkewMs)
      return output
    },
    async syncStatus(contextId, options) {
      return (await request('sync_status', { contextId }, options?.signal)) as SyncStatus // documented shape
    },
  }
}

function callFailed(error: unknown): ClientError {
  const { type, message, data, details } = error as Partial<Record<string, unknown>> // every field is checked here
  const name = typeof type === 'string' ? type : 'InternalError'
  const text = typeof message === 'string' ? message : typeof data === 'string' ? data : name
  const code = name === 'PermissionDenied' ? 'CLIENT_PERMISSION_DENIED' : 'CLIENT_CALL_FAILED'
  return new ClientError(code, kindOfType(name), text, {
    type: name,
    data,
    ...(details === undefined ? {} : { details }),
  })
}
