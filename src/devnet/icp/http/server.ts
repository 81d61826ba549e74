/** The chain behind HTTP, at the addresses that agents use. */
import type { Clock } from '../../../node/primitives/clock.ts'
import {
  type HttpAnswer,
  type HttpRequest,
  type HttpServer,
  startHttpServer,
} from '../../shared/http.ts'
import type { ThreadAnswer, ThreadServer } from '../../shared/thread-server.ts'
import type { Response } from '../canister/frame.ts'
import type { Subnet } from '../chain/subnet.ts'
import { runQuery } from '../chain/query.ts'
import type { IngressRequest } from '../chain/state.ts'
import { type CborValue, encodeCbor } from '../codec/cbor.ts'
import { type Operation, RequestRefused, verifyEnvelope } from '../codec/envelope.ts'
import { principalBytes } from '../codec/principal.ts'
import { equalBytes, fromHex, utf8 } from '../../../node/primitives/bytes.ts'
import { Rejected } from '../errors.ts'
import { LIMITS } from '../parameters.ts'
import { CONTROLS } from './control.ts'

export interface IcpServerInit {
  readonly chain: Subnet
  readonly clock: Clock
  readonly host: string
  readonly port: number
  readonly maxBodyBytes: number
  /** How long a call is waited for before its answer says to ask again, ms. */
  readonly callTimeoutMs: number
  /** How often time is looked at, ms. */
  readonly tickMs: number
}

const ROUTE = /^\/api\/(v2|v3|v4)\/(canister|subnet)\/([a-z0-9-]+)\/(call|query|read_state)$/
const CBOR = 'application/cbor'

export async function startIcpServer(init: IcpServerInit): Promise<ThreadServer> {
  const { chain, clock, host, port, maxBodyBytes } = init
  const server: HttpServer = await startHttpServer({
    ...{ host, port, maxBodyBytes },
    handle: (request) => serve(request, init),
  })
  const ticking = clock.every(init.tickMs, () => chain.tick())
  return {
    port: server.port,
    answer: (method, params) => Promise.resolve(control(chain, method, params)),
    close: () => {
      ticking.cancel()
      return server.close()
    },
  }
}

function control(chain: Subnet, method: string, params: unknown): ThreadAnswer {
  try {
    const run = Object.hasOwn(CONTROLS, method) ? CONTROLS[method] : undefined
    if (run === undefined) return { error: { message: `there is no ${method}` } }
    return { result: run(chain, params) ?? null }
  } catch (error) {
    return { error: { message: error instanceof Error ? error.message : String(error) } }
  }
}

function cbor(status: number, value: CborValue): HttpAnswer {
  return { status, type: CBOR, body: encodeCbor(value) }
}

function text(status: number, message: string): HttpAnswer {
  return { status, type: 'text/plain', body: message }
}

async function serve(request: HttpRequest, init: IcpServerInit): Promise<HttpAnswer> {
  const path = request.url.replace(/\?.*$/, '').replaceAll(/\/+/g, '/')
  try {
    if (request.method === 'GET' && path === '/api/v2/status') return status(init.chain)
    const [, version, kind, id = '', operation] = ROUTE.exec(path) ?? []
    // old versions of the chain answer 404 where agents then ask in another way, so nothing else may
    if (operation === undefined) return text(404, 'there is nothing at this address')
    if (request.method !== 'POST') return text(405, 'this address takes POST')
    const target = principalBytes(id)
    if (target === undefined) throw new RequestRefused(400, `${id} is no principal`)
    const place = { target, isCanister: kind === 'canister' }
    if (operation === 'call') return await call(request, init, place, version === 'v2')
    if (operation === 'query') return query(request, init.chain, place)
    return readState(request, init.chain, place)
  } catch (error) {
    if (error instanceof RequestRefused) return text(error.status, error.message)
    throw error
  }
}

function status(chain: Subnet): HttpAnswer {
  return cbor(200, {
    ic_api_version: '0.18.0',
    impl_version: 'merogate-devnet',
    replica_health_status: 'healthy',
    root_key: chain.certifier.root.der,
  })
}

/** The canister that an address is of; a subnet's address is of all of them. */
interface Place {
  readonly target: Uint8Array
  readonly isCanister: boolean
}

function verified<O extends Operation>(
  request: HttpRequest,
  chain: Subnet,
  operation: O,
  { target, isCanister }: Place,
): ReturnType<typeof verifyEnvelope<O>> {
  const canister = isCanister ? target : undefined
  return verifyEnvelope(request.body, operation, chain.now(), canister)
}

/** @throws RequestRefused where the address is of another canister */
function checkPlace(callee: Uint8Array, { target, isCanister }: Place): void {
  if (!isCanister || callee.length === 0 || equalBytes(callee, target)) return
  throw new RequestRefused(400, 'the canister of the request is not that of the address')
}

async function call(
  request: HttpRequest,
  init: IcpServerInit,
  place: Place,
  isAsynchronous: boolean,
): Promise<HttpAnswer> {
  const { chain } = init
  if (request.body.length > LIMITS.ingress)
    return text(413, `a call has ${LIMITS.ingress} bytes at most`)
  const { content, requestId } = verified(request, chain, 'call', place)
  checkPlace(content.canister_id, place)
  try {
    const taken = chain.submit(requestId, content, place.target)
    const done = isAsynchronous ? undefined : await answered(taken, init, request.signal)
    if (done === undefined) return { status: 202, type: CBOR, body: '' }
    const paths = [[utf8('request_status'), fromHex(done.id)]]
    return cbor(200, { status: 'replied', certificate: chain.certify(paths) })
  } catch (error) {
    if (!(error instanceof Rejected)) throw error
    return cbor(200, { status: 'non_replicated_rejection', ...rejectionFields(error) })
  }
}

function rejectionFields({ code, message, errorCode }: Rejected): Record<string, CborValue> {
  return { reject_code: code, reject_message: message, error_code: errorCode }
}

/** The request once it is answered, or undefined where that takes too long. */
function answered(
  { id }: IngressRequest,
  { chain, clock, callTimeoutMs }: IcpServerInit,
  signal: AbortSignal,
): Promise<IngressRequest | undefined> {
  const look = (): IngressRequest | undefined => {
    const request = chain.state.requests.get(id)
    return request?.status === 'answered' ? request : undefined
  }
  const now = look()
  if (now !== undefined) return Promise.resolve(now)
  return new Promise((resolve) => {
    const end = (found: IngressRequest | undefined): void => {
      off()
      timer.cancel()
      signal.removeEventListener('abort', onAbort)
      resolve(found)
    }
    const onAbort = (): void => end(undefined)
    const off = chain.onRun(() => {
      const found = look()
      if (found !== undefined) end(found)
    })
    const timer = clock.after(callTimeoutMs, onAbort)
    signal.addEventListener('abort', onAbort)
    if (signal.aborted) onAbort()
  })
}

function query(request: HttpRequest, chain: Subnet, place: Place): HttpAnswer {
  const { content, requestId } = verified(request, chain, 'query', place)
  checkPlace(content.canister_id, place)
  const { sender: caller, canister_id: callee, method_name: method, arg } = content
  const answer = queryAnswer(runQuery(chain, { caller, callee, method, arg }))
  return cbor(200, chain.certifier.signQuery(answer, chain.now(), requestId))
}

function queryAnswer(response: Response): Record<string, CborValue> {
  if (response.type === 'reply') return { status: 'replied', reply: { arg: response.bytes } }
  const { code, message, errorCode } = response
  return {
    ...{ status: 'rejected', reject_code: code, reject_message: message },
    error_code: errorCode,
  }
}

function readState(request: HttpRequest, chain: Subnet, place: Place): HttpAnswer {
  const { content } = verified(request, chain, 'read_state', place)
  const target = place.isCanister ? place.target : undefined
  return cbor(200, { certificate: chain.readState(content.paths, content.sender, target) })
}
