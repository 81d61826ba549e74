/**
 * One endpoint of the Internet Computer. `@dfinity/agent` writes requests here, and nothing else: each has an agent of its own, which asks by our
 * bounded `fetch`, once, and is told nothing of the answer, so that it has neither time nor root key nor look-up that anything depends on. What
 * certificates say is read and checked by `../certificate`. This is the one file that loads the agent.
 */
import {
  AnonymousIdentity,
  blsVerify,
  Expiry,
  HttpAgent,
  type HttpAgentRequestTransformFn,
  type Identity,
  JSON_KEY_EXPIRY,
  requestIdOf,
  SignIdentity,
} from '@dfinity/agent'
import { Principal } from '@dfinity/principal'
import { badAnswer } from '../../../node/anchor/errors.ts'
import type { MerogateError } from '../../../node/errors.ts'
import { utf8 } from '../../../node/primitives/bytes.ts'
import { type Clock, type Random, systemRandom } from '../../../node/primitives/clock.ts'
import { isOnThisMachine } from '../../shared/endpoint-address.ts'
import type { EndpointClient } from '../../shared/endpoints.ts'
import { type AnswerBounds, type HttpAnswer, HttpEndpoint } from '../../shared/http-endpoint.ts'
import { rpcError } from '../../shared/json-rpc.ts'
import { rejectionError } from './rejection.ts'
import { type CborMap, decodeCbor } from '../certificate/cbor.ts'
import {
  bytesOf,
  type BlsVerify,
  type Certificate,
  Certificates,
  mapOf,
  parseCertificate,
  timeOf,
} from '../certificate/certificate.ts'
import { find } from '../certificate/hash-tree.ts'
import { CALL_VALIDITY_NS, MAX_ICP_ANSWER_BYTES } from '../limits.ts'
import {
  type Asked,
  type CallState,
  type Certified,
  isExpired,
  type PreparedCall,
  type Question,
} from './asked.ts'
import { ChainClock } from './clock.ts'

export { blsVerify, requestIdOf, SignIdentity }
export type { PublicKey, Signature } from '@dfinity/agent'

/** Whoever signs requests: see `sender.ts`. */
export type Sender = Identity

export interface IcpClientInit {
  readonly url: string
  /** DER. No other key than this is ever believed. */
  readonly rootKey: Uint8Array
  /** Signs calls; questions are asked by nobody. @default nobody */
  readonly sender?: Sender | undefined
  readonly clock: Pick<Clock, 'nowNs'>
  readonly random?: Random | undefined
  readonly bounds?: AnswerBounds | undefined
  /** @default that of the agent; tests that are about something else give a quicker one */
  readonly verify?: BlsVerify | undefined
}

/** What the agent is told of every answer: an empty map. */
const NOTHING = Uint8Array.of(0xa0)
/** Where agents believe that they ask. */
const NOWHERE = 'https://endpoint.invalid'
const EXPIRED = 'Invalid request expiry: '
const ANONYMOUS = new AnonymousIdentity()

/** Whose request it is, and until when it is one. */
interface Signing {
  readonly identity: Sender
  /** ns since 1970. @default what the agent takes: of questions by nobody it is not looked at */
  readonly expiresAt?: bigint
}

const NOBODY: Signing = { identity: ANONYMOUS }

export class IcpClient implements EndpointClient {
  readonly name: string
  readonly #http: HttpEndpoint
  readonly #sender: Sender
  readonly #random: Random
  readonly #certificates: Certificates
  readonly #clock: ChainClock
  #isTimed = false

  /** @throws TypeError when the URL or the root key is none */
  constructor({ url, rootKey, sender, clock, random, bounds, verify }: IcpClientInit) {
    const most = { maxBytes: MAX_ICP_ANSWER_BYTES, ...bounds }
    this.#http = new HttpEndpoint({ chain: 'icp', url, bounds: most })
    this.name = this.#http.name
    this.#sender = sender ?? ANONYMOUS
    this.#random = random ?? systemRandom
    this.#certificates = new Certificates(rootKey, verify ?? blsVerify)
    this.#clock = new ChainClock(clock, isOnThisMachine(url))
  }

  /** See `Asked` and {@link ask}. */
  async send(method: string, params: object, signal?: AbortSignal): Promise<unknown> {
    switch (method as keyof Asked) {
      case 'status':
        return this.#status(signal)
      case 'query':
        return this.#query(params as Asked['query'][0], signal)
      case 'read_state':
        return this.#readState(params as Asked['read_state'][0], signal)
      case 'certified':
        return this.#certified(params as Asked['certified'][0], signal)
      case 'prepare':
        return this.#prepare(params as Asked['prepare'][0], signal)
      case 'call':
        return this.#call(params as Asked['call'][0], signal)
      case 'look':
        return this.#look(params as Asked['look'][0], signal)
    }
  }

  close(): void {
    this.#http.close()
  }

  async #status(signal?: AbortSignal): Promise<Asked['status'][1]> {
    const answer = await this.#http.ask({ path: '/api/v2/status', method: 'GET' }, signal)
    const key = this.#mapIn(answer, 'status').get('root_key')
    return { rootKey: key instanceof Uint8Array ? key : undefined }
  }

  async #query({ canister, method, arg }: Question, signal?: AbortSignal): Promise<Uint8Array> {
    const to = Principal.fromUint8Array(canister)
    const ask = (agent: HttpAgent): Promise<unknown> => agent.query(to, { methodName: method, arg })
    const answer = await this.#request(ask, NOBODY, signal)
    const map = this.#mapIn(answer, 'query')
    this.#throwRejection(map, method)
    const reply = mapOf(map.get('reply'), 'a reply', this.#wrong)
    return bytesOf(reply.get('arg'), 'a reply', this.#wrong)
  }

  async #readState(
    { canister, paths }: Asked['read_state'][0],
    signal?: AbortSignal,
  ): Promise<Certified> {
    const { certificate, time } = await this.#readCertificate(canister, paths, this.#sender, signal)
    // it was made just now: when its time is not now, then ours is not
    if (!this.#clock.isNow(time)) this.#learn(time)
    return this.#view(certificate, time)
  }

  async #readCertificate(
    canister: Uint8Array,
    paths: Asked['read_state'][0]['paths'],
    identity: Sender,
    signal?: AbortSignal,
  ): Promise<{ readonly certificate: Certificate; readonly time: bigint }> {
    const labels = paths.map((path) => path.map(labelOf))
    const expiresAt = this.#clock.now() + CALL_VALIDITY_NS
    const to = Principal.fromUint8Array(canister)
    const read = (agent: HttpAgent): Promise<unknown> => agent.readState(to, { paths: labels })
    const answer = await this.#request(read, { identity, expiresAt }, signal)
    const bytes = this.#mapIn(answer, 'read_state').get('certificate')
    const certificate = parseCertificate(bytes, this.#wrong)
    const time = timeOf(certificate, this.#wrong)
    this.#certificates.check(certificate, canister, this.#wrong)
    return { certificate, time }
  }

  /** A certificate that may be of any time, and must be of now: before it is called old the chain is asked for the time. */
  async #certified(
    { canister, certificate: bytes }: Asked['certified'][0],
    signal?: AbortSignal,
  ): Promise<Certified> {
    const certificate = parseCertificate(bytes, this.#wrong)
    const time = timeOf(certificate, this.#wrong)
    if (!this.#clock.isNow(time)) {
      await this.#learnAnew(canister, signal)
      if (!this.#clock.isNow(time)) throw this.#wrong('a certificate of another time')
    }
    this.#certificates.check(certificate, canister, this.#wrong)
    return this.#view(certificate, time)
  }

  #view({ tree }: Certificate, time: bigint): Certified {
    return {
      time,
      find: (...path) => {
        const shown = find(tree, path.map(labelOf))
        if (shown === 'hidden') throw this.#wrong('a certificate that does not show what was asked')
        return shown === 'absent' ? undefined : shown.value
      },
    }
  }

  async #prepare(
    { canister, method, arg, effective = canister }: Asked['prepare'][0],
    signal?: AbortSignal,
  ): Promise<PreparedCall> {
    if (!this.#isTimed) await this.#learnAnew(effective, signal)
    const nonce = this.#random.bytes(16)
    const expiresAt = this.#clock.now() + CALL_VALIDITY_NS
    const requestId = requestIdOf({
      ...{ request_type: 'call', canister_id: Principal.fromUint8Array(canister) },
      ...{ method_name: method, arg, sender: this.#sender.getPrincipal() },
      ...{ ingress_expiry: expiryOf(expiresAt), nonce },
    })
    return { canister, method, arg, effective, nonce, expiresAt, requestId }
  }

  async #call(call: PreparedCall, signal?: AbortSignal): Promise<CallState | undefined> {
    const { canister, method: methodName, arg, effective, nonce, expiresAt, requestId } = call
    const effectiveCanisterId = Principal.fromUint8Array(effective)
    const fields = { methodName, arg, effectiveCanisterId, nonce }
    const send = (agent: HttpAgent): Promise<unknown> =>
      agent.call(Principal.fromUint8Array(canister), fields)
    const answer = await this.#request(send, { identity: this.#sender, expiresAt }, signal)
    if (answer.status === 202) return undefined
    try {
      const map = this.#mapIn(answer, methodName)
      this.#throwRejection(map, methodName)
      const certificate = bytesOf(map.get('certificate'), 'a certificate', this.#wrong)
      const certified = await this.#certified({ canister: effective, certificate }, signal)
      return this.#stateOf(certified, requestId)
    } catch (error) {
      // the chain's clock moved since it was looked at
      if (isExpired(error)) await this.#learnAnew(effective, signal)
      throw error
    }
  }

  async #look(
    { effective, requestId }: Asked['look'][0],
    signal?: AbortSignal,
  ): Promise<CallState> {
    const paths = [['request_status', requestId]]
    return this.#stateOf(await this.#readState({ canister: effective, paths }, signal), requestId)
  }

  #stateOf(certified: Certified, requestId: Uint8Array): CallState {
    const { time } = certified
    const look = (name: string): Uint8Array | undefined =>
      certified.find('request_status', requestId, name)
    const text = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes)
    const status = look('status')
    if (status === undefined) return { state: 'unknown', time }
    switch (text(status)) {
      case 'replied':
        return { state: 'replied', reply: bytesOf(look('reply'), 'a reply', this.#wrong), time }
      case 'rejected': {
        const errorCode = look('error_code')
        return {
          ...{ state: 'rejected', code: look('reject_code')?.[0] ?? 0, time },
          message: this.#http.redact(text(look('reject_message'))),
          errorCode: errorCode && text(errorCode),
        }
      }
      case 'done':
        return { state: 'done', time }
      default:
        return { state: 'pending', time }
    }
  }

  async #learnAnew(canister: Uint8Array, signal?: AbortSignal): Promise<void> {
    this.#learn((await this.#readCertificate(canister, [['time']], ANONYMOUS, signal)).time)
  }

  #learn(time: bigint): void {
    this.#clock.learn(this.name, time)
    this.#isTimed = true
  }

  /** What a request is answered with, whatever its status. */
  async #request(
    make: (agent: HttpAgent) => Promise<unknown>,
    { identity, expiresAt }: Signing,
    signal?: AbortSignal,
  ): Promise<HttpAnswer> {
    let asked: Promise<HttpAnswer> | undefined
    const ours = async (url: unknown, { headers, body }: RequestInit = {}): Promise<Response> => {
      const path = new URL(String(url)).pathname
      const question = { path, method: 'POST', headers: headers as Record<string, string> } as const // as the agent writes them
      asked = this.#http.ask({ ...question, body: body as Uint8Array<ArrayBuffer> }, signal)
      await asked
      return new Response(NOTHING)
    }
    const agent = HttpAgent.createSync({
      ...{ host: NOWHERE, identity, retryTimes: 0, verifyQuerySignatures: false },
      fetch: ours,
    })
    const expire: HttpAgentRequestTransformFn = async ({ body }) => {
      if (expiresAt !== undefined) body.ingress_expiry = expiryOf(expiresAt)
    }
    agent.addTransform('update', expire)
    agent.addTransform('query', expire)
    try {
      await make(agent)
    } catch (error) {
      // our own error is what the agent makes one of its own of
      await asked
      throw error
    }
    if (asked === undefined) throw new TypeError('expected a request, got none')
    return asked
  }

  /** @throws CHAIN_RPC, ANCHOR_UNREACHABLE (transport), ANCHOR_BAD_ANSWER (protocol) */
  #mapIn({ status, bytes }: HttpAnswer, what: string): CborMap {
    if (status === 200) {
      return mapOf(decodeCbor(bytes, `an answer to ${what}`, this.#wrong), what, this.#wrong)
    }
    // what stands before a replica, or one that has too much to do
    if (status >= 500 || status === 429) throw this.#http.unreachable(`HTTP status ${status}`)
    const reason = new TextDecoder().decode(bytes)
    const data = reason.startsWith(EXPIRED) ? 'expired' : undefined
    const answer = { code: status, reason: this.#http.redact(reason), data }
    throw rpcError('icp', this.name, what, answer)
  }

  /** @throws CHAIN_RPC when an answer is a rejection that nobody certifies */
  #throwRejection(map: CborMap, method: string): void {
    const code = map.get('reject_code')
    if (typeof code !== 'number') return
    const [message, data] = [map.get('reject_message'), map.get('error_code')]
    throw rejectionError(this.name, method, {
      code,
      reason: this.#http.redact(typeof message === 'string' ? message : 'no reason'),
      data: typeof data === 'string' ? data.slice(0, MAX_ERROR_CODE_CHARS) : undefined,
    })
  }

  readonly #wrong = (why: string): MerogateError => badAnswer(this.name, why)
}

/** `IC0207` and its like. */
const MAX_ERROR_CODE_CHARS = 16

function labelOf(label: string | Uint8Array): Uint8Array {
  return typeof label === 'string' ? utf8(label) : label
}

/** The agent's own class, which makes one of the machine's time only, or of JSON. */
function expiryOf(ns: bigint): Expiry {
  return Expiry.fromJSON(JSON.stringify({ [JSON_KEY_EXPIRY]: String(ns) }))
}
