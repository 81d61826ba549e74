/** The chain behind HTTP: JSON-RPC by POST, `/status` and `/health` by GET. */
import { fromUtf8 } from '../../../node/primitives/bytes.ts'
import type { Clock } from '../../../node/primitives/clock.ts'
import {
  type HttpAnswer,
  type HttpRequest,
  type HttpServer,
  startHttpServer,
} from '../../shared/http.ts'
import type { Chain } from '../chain/chain.ts'
import { internalError, parseError, RpcError } from './errors.ts'
import { callMethod } from './methods.ts'
import type { WaitForBlocks } from './transactions.ts'

export interface RpcServerInit {
  readonly chain: Chain
  readonly clock: Clock
  readonly host: string
  readonly port: number
  readonly maxBodyBytes: number
  /** A request waits this long for blocks, ms. */
  readonly pollingMs: number
}

/** An answer to a request past the network. */
export type Answer =
  { readonly result: unknown } | { readonly error: object; readonly status: number }

export interface RpcServer {
  readonly port: number
  answer(method: string, params: unknown, signal: AbortSignal): Promise<Answer>
  close(): Promise<void>
}

export async function startRpcServer(init: RpcServerInit): Promise<RpcServer> {
  const { chain, clock, host, maxBodyBytes, pollingMs } = init
  let listen = ''
  const answer = async (method: string, params: unknown, signal: AbortSignal): Promise<Answer> => {
    try {
      const wait = waitForBlocks(chain, clock, pollingMs, signal)
      return { result: await callMethod({ chain, listen, wait }, method, params) }
    } catch (error) {
      const known = error instanceof RpcError ? error : internalError(String(error))
      return { error: known.body, status: known.status }
    }
  }
  const server: HttpServer = await startHttpServer({
    ...{ host, port: init.port, maxBodyBytes },
    handle: (request) => serve(request, answer),
  })
  listen = `${host}:${server.port}`
  return { port: server.port, answer, close: () => server.close() }
}

async function serve(request: HttpRequest, answer: RpcServer['answer']): Promise<HttpAnswer> {
  const json = (status: number, body: object | null): HttpAnswer => ({
    ...{ status, type: 'application/json', body: JSON.stringify(body) },
  })
  if (request.method === 'GET') {
    const name = request.url.slice(1)
    if (name !== 'status' && name !== 'health') return json(404, { error: 'not found' })
    const made = await answer(name, [], request.signal)
    return 'result' in made ? json(200, made.result as object | null) : json(500, made.error)
  }
  const parsed = parseRequest(request.body)
  const { id } = parsed
  if ('error' in parsed) {
    return json(parsed.error.status, { jsonrpc: '2.0', id, error: parsed.error.body })
  }
  const made = await answer(parsed.method, parsed.params, request.signal)
  return 'result' in made
    ? json(200, { jsonrpc: '2.0', id, result: made.result })
    : json(made.status, { jsonrpc: '2.0', id, error: made.error })
}

type Parsed =
  | { readonly id: unknown; readonly method: string; readonly params: unknown }
  | { readonly id: unknown; readonly error: RpcError }

function parseRequest(body: Uint8Array): Parsed {
  try {
    const parsed = JSON.parse(fromUtf8(body)) as {
      id?: unknown
      method?: unknown
      params?: unknown
    }
    const { id = null, method, params = [] } = parsed
    if (typeof method === 'string') return { id, method, params }
    return { id, error: parseError('Failed parsing args: missing field `method`') }
  } catch (error) {
    return { id: null, error: parseError(`Failed parsing args: ${String(error)}`) }
  }
}

function waitForBlocks(
  chain: Chain,
  clock: Clock,
  pollingMs: number,
  signal: AbortSignal,
): WaitForBlocks {
  return (look) =>
    new Promise((resolve, reject) => {
      const end = (): void => {
        off()
        timer.cancel()
        signal.removeEventListener('abort', giveUp)
      }
      const giveUp = (): void => {
        end()
        resolve(undefined)
      }
      const off = chain.onBlock(() => {
        try {
          const found = look()
          if (found === undefined) return
          end()
          resolve(found)
        } catch (error) {
          end()
          reject(error)
        }
      })
      const timer = clock.after(pollingMs, giveUp)
      signal.addEventListener('abort', giveUp)
      if (signal.aborted) giveUp()
    })
}
