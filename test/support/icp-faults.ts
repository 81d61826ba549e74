/** What the tests of faults and lies on the Internet Computer have in common: a chain put back for each, endpoints that misbehave, and services over them. */
import { Cbor } from '@dfinity/agent'
import { principalBytes } from '../../src/chains/icp/principal.ts'
import type { IcpService, IcpServiceInit } from '../../src/chains/icp/service.ts'
import type { Anchor } from '../../src/node/anchor/anchor.ts'
import { envelopeAnchor } from '../../src/node/anchor/envelope-anchor.ts'
import type { Operation } from '../../src/node/anchor/operations.ts'
import type { SignedEnvelope } from '../../src/node/anchor/service.ts'
import { type Clock, systemRandom } from '../../src/node/primitives/clock.ts'
import { silentLogger } from '../../src/node/primitives/logger.ts'
import { AnchorBench, type HarnessClock } from '../compliance/anchor-bench.ts'
import { creation, sign } from '../compliance/anchor-support.ts'
import {
  type Fault,
  type FaultRule,
  type FaultyEndpoint,
  type Question,
  type Reply,
  startFaultyEndpoint,
} from './faulty-http.ts'
import { type IcpTestChain, openService, startIcpTestChain } from './icp-chain.ts'
import { BELIEVE } from './icp-devnet.ts'

/** A request; `method` is `status`, `read_state`, or that of the canister behind what it is: `query members`, `call apply`. */
export interface IcpAsked extends Question {
  readonly path: string
  readonly verb: string
  readonly body: Uint8Array
}

export type IcpFault = Fault<IcpAsked, Reply>
export type IcpRule = FaultRule<IcpAsked, IcpFault>
export type FaultyIcp = FaultyEndpoint<IcpAsked, IcpFault>

/** What a request asks for. */
export interface IcpContent {
  readonly canister_id?: Uint8Array
  readonly method_name?: string
  readonly arg?: Uint8Array
}

/** The content of a request. */
export function contentOf({ body }: Pick<IcpAsked, 'body'>): IcpContent {
  return Cbor.decode<{ readonly content: IcpContent }>(body).content
}

/** Starts an endpoint before the one at `target`. */
export function startFaultyIcp(target: string): Promise<FaultyIcp> {
  return startFaultyEndpoint<IcpAsked, Reply>({
    read({ path, verb, body }) {
      const [kind = ''] = /[a-z_]+$/.exec(path) ?? []
      const { method_name: name } = verb === 'POST' ? contentOf({ body }) : {}
      return { method: name === undefined ? kind : `${kind} ${name}`, path, verb, body }
    },
    async forward({ path, verb, body }) {
      const response = await fetch(new URL(path, target), {
        method: verb,
        ...(verb === 'GET'
          ? {}
          : { headers: { 'content-type': 'application/cbor' }, body: Buffer.from(body) }),
      })
      const type = response.headers.get('content-type') ?? 'application/cbor'
      const headers = { 'content-type': type }
      return {
        status: response.status,
        headers,
        body: new Uint8Array(await response.arrayBuffer()),
      }
    },
    reply: (answer) => answer,
  })
}

/** An answer in CBOR. */
export function cborReply(value: unknown): Reply {
  return { status: 200, headers: { 'content-type': 'application/cbor' }, body: Cbor.encode(value) }
}

/** What an answer in CBOR holds. */
export function valueIn<T>({ body }: Reply): T {
  if (typeof body === 'string') throw new RangeError('expected bytes')
  return Cbor.decode<T>(body)
}

export class IcpFaults extends AnchorBench {
  readonly #isVerifying: boolean
  #chain: IcpTestChain | undefined
  #clock: HarnessClock | undefined
  #open: { stop(): Promise<void> }[] = []

  /** `isVerifying`: certificates are signed, by a subnet, and signatures verified. */
  constructor({ isVerifying = false }: { readonly isVerifying?: boolean } = {}) {
    super(() => Promise.reject(new RangeError('these tests open services themselves')))
    this.#isVerifying = isVerifying
  }

  get chain(): IcpTestChain {
    if (this.#chain === undefined) throw new RangeError('expected a chain that runs')
    return this.#chain
  }

  /** The chain's clock, and what services over it take for the machine's. */
  get clock(): HarnessClock {
    if (this.#clock === undefined) throw new RangeError('expected a chain that runs')
    return this.#clock
  }

  /** The bytes of the canister of contexts. */
  get canister(): Uint8Array {
    return principalBytes(this.chain.contract) ?? new Uint8Array()
  }

  /** To be called in a `describe`. */
  hooks(): void {
    before(async () => {
      const isVerifying = this.#isVerifying
      this.#chain = await startIcpTestChain({ hasSubnet: isVerifying, isVerifying })
    })
    beforeEach(async () => {
      await this.chain.reset()
      this.#clock = await this.chain.clock()
    })
    afterEach(async () => {
      for (const each of this.#open.splice(0).reverse()) await each.stop()
      await this.chain.world.chain.setMessages('instant')
    })
    after(async () => {
      await this.#chain?.stop()
    })
  }

  /** An endpoint before the chain. */
  async endpoint(): Promise<FaultyIcp> {
    const made = await startFaultyIcp(this.chain.url)
    this.#open.push({ stop: async () => made[Symbol.asyncDispose]() })
    return made
  }

  /** A service over endpoints. */
  service(
    endpoints: readonly (FaultyIcp | string)[],
    init: Partial<IcpServiceInit> = {},
  ): IcpService {
    const rpcUrls = endpoints.map((each) => (typeof each === 'string' ? each : each.url))
    const { world, contracts, verify } = this.chain
    const service = openService(world, contracts, rpcUrls, { clock: this.clock, verify, ...init })
    this.#open.push(service.lifecycle)
    return service
  }

  /** An anchor over a service, started. */
  async over(service: IcpService): Promise<Anchor> {
    const { protocol, network, contract } = this.chain
    const { packages } = service
    const named = { protocol, network, contract, service }
    const anchor = envelopeAnchor(packages === undefined ? named : { ...named, packages })({
      ...{ clock: this.clock, random: systemRandom, logger: silentLogger },
    })
    this.#open.push(anchor)
    await anchor.start()
    return anchor
  }

  /** A context of A's, made over an honest endpoint, whose certificates are believed; its anchor. */
  async withContext(): Promise<Anchor> {
    const honest = await this.over(this.service([this.chain.url], { verify: BELIEVE }))
    await honest.submit(this.context, creation(), this.a)
    return honest
  }

  /** An operation of A's, signed for the contract as it stands. */
  async envelope(service: IcpService, operation: Operation): Promise<SignedEnvelope> {
    const { value } = await service.readStanding(this.group, this.a.publicKey)
    const validUntil = BigInt(Math.floor(this.clock.nowMs() / 1000)) + 600n
    const domain = await service.readDomain()
    const fields = { domain, subject: this.group, nonce: value.nonce, validUntil }
    return sign(this.a, operation, fields)
  }

  /** A service's clock that runs ahead of patience when it is told. */
  impatient(): { readonly clock: Clock; skip(ms: number): void } {
    let laterMs = 0
    const { clock } = this
    return {
      clock: { ...clock, monotonicMs: () => clock.monotonicMs() + laterMs },
      skip: (ms) => void (laterMs += ms),
    }
  }
}
