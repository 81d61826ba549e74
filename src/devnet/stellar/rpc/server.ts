/** The chain behind HTTP: JSON-RPC at any path, a friendbot beside it, and of Horizon what wallets ask. */
import { fromUtf8 } from '../../../node/primitives/bytes.ts'
import {
  type HttpAnswer,
  type HttpRequest,
  type HttpServer,
  startHttpServer,
} from '../../shared/http.ts'
import type { ThreadAnswer, ThreadServer } from '../../shared/thread-server.ts'
import type { Chain } from '../chain/chain.ts'
import { toBase64 } from '../codec/text.ts'
import { CONTROLS } from './control.ts'
import { getLedgerEntries, simulateTransaction } from './entries.ts'
import { RPC, RpcRefused } from './errors.ts'
import { getEvents } from './events.ts'
import { friendbot } from './friendbot.ts'
import { horizon } from './horizon.ts'
import {
  getFeeStats,
  getHealth,
  getLatestLedger,
  getLedgers,
  getNetwork,
  getVersionInfo,
} from './ledgers.ts'
import type { Method, RpcContext } from './method.ts'
import { getTransaction, getTransactions, sendTransaction } from './transactions.ts'

export interface StellarServerInit {
  readonly chain: Chain
  readonly host: string
  readonly port: number
  readonly maxBodyBytes: number
}

const METHODS: Readonly<Record<string, Method>> = {
  getEvents,
  getFeeStats,
  getHealth,
  getLatestLedger,
  getLedgerEntries,
  getLedgers,
  getNetwork,
  getTransaction,
  getTransactions,
  getVersionInfo,
  sendTransaction,
  simulateTransaction,
}

/** Requests in one, at most. */
const MAX_BATCH = 100

export async function startStellarServer(init: StellarServerInit): Promise<ThreadServer> {
  const { chain, host, port, maxBodyBytes } = init
  // known when it listens, and asked for after that
  const context: { chain: Chain; friendbotUrl: string } = { chain, friendbotUrl: '' }
  const server: HttpServer = await startHttpServer({
    ...{ host, port, maxBodyBytes },
    handle: (request) => Promise.resolve(serve(request, context)),
  })
  const name = host.includes(':') ? `[${host}]` : host
  context.friendbotUrl = `http://${name}:${server.port}/friendbot`
  return {
    port: server.port,
    answer: (method, params) => Promise.resolve(control(chain, method, params)),
    close: () => server.close(),
  }
}

function control(chain: Chain, method: string, params: unknown): ThreadAnswer {
  try {
    const run = Object.hasOwn(CONTROLS, method) ? CONTROLS[method] : undefined
    if (run === undefined) return { error: { message: `there is no ${method}` } }
    return { result: run(chain, params) ?? null }
  } catch (error) {
    return { error: { message: error instanceof Error ? error.message : String(error) } }
  }
}

function json(status: number, body: unknown): HttpAnswer {
  return { status, type: 'application/json', body: JSON.stringify(body) }
}

function serve(request: HttpRequest, context: RpcContext): HttpAnswer {
  const url = new URL(request.url, 'http://local')
  const text = textOf(request.body)
  if (url.pathname === '/friendbot') return serveFriendbot(context.chain, url, text ?? '')
  const found = request.method === 'GET' ? horizon(context.chain, url.pathname) : undefined
  if (found !== undefined) return found
  if (request.method !== 'POST') return json(405, { error: 'JSON-RPC goes by POST' })
  let body: unknown
  try {
    body = JSON.parse(text ?? '')
  } catch {
    return json(200, refusal(null, RPC.parse, 'parse error'))
  }
  if (!Array.isArray(body)) return json(200, answer(body, context))
  if (body.length === 0 || body.length > MAX_BATCH) {
    return json(200, refusal(null, RPC.request, `a batch has 1 to ${MAX_BATCH} requests`))
  }
  return json(
    200,
    body.map((one) => answer(one, context)),
  )
}

function textOf(body: Uint8Array): string | undefined {
  try {
    return fromUtf8(body)
  } catch {
    return undefined
  }
}

function refusal(id: unknown, code: number, message: string): object {
  return { jsonrpc: '2.0', id, error: { code, message } }
}

function answer(request: unknown, context: RpcContext): object {
  if (typeof request !== 'object' || request === null) {
    return refusal(null, RPC.request, 'a request is an object')
  }
  const {
    id = null,
    method,
    params,
  } = request as {
    readonly id?: unknown
    readonly method?: unknown
    readonly params?: unknown
  } // any object may be read so
  const isKnown = typeof method === 'string' && Object.hasOwn(METHODS, method)
  const run = isKnown ? METHODS[method] : undefined
  if (run === undefined) {
    return refusal(id, RPC.method, `method not found: ${String(method)}`)
  }
  try {
    return { jsonrpc: '2.0', id, result: run(context, params) }
  } catch (error) {
    if (error instanceof RpcRefused) return refusal(id, error.code, error.message)
    const message = error instanceof Error ? error.message : String(error)
    return refusal(id, RPC.internal, message)
  }
}

function serveFriendbot(chain: Chain, url: URL, body: string): HttpAnswer {
  const address = url.searchParams.get('addr') ?? new URLSearchParams(body).get('addr') ?? ''
  try {
    const record = friendbot(chain, address)
    return json(200, {
      hash: record.id,
      successful: record.isOk,
      ledger: record.ledger,
      envelope_xdr: toBase64(record.envelope),
      result_xdr: toBase64(record.result),
      result_meta_xdr: toBase64(record.meta),
    })
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error)
    const type = 'https://stellar.org/horizon-errors/transaction_failed'
    return json(400, { type, title: 'Bad Request', status: 400, detail })
  }
}
