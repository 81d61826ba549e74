/** What tests of faults have in common on chains whose accounts pay: a chain put back for each test, endpoints that misbehave, and services over them. */
import type { Anchor, AnchorComponents, Signer } from '../../src/node/anchor/anchor.ts'
import { envelopeAnchor } from '../../src/node/anchor/envelope-anchor.ts'
import type { Operation } from '../../src/node/anchor/operations.ts'
import { systemClock, systemRandom } from '../../src/node/primitives/clock.ts'
import { silentLogger } from '../../src/node/primitives/logger.ts'
import { AnchorBench, add } from '../compliance/anchor-bench.ts'
import { creation } from '../compliance/anchor-support.ts'
import type { ChainService, TestChain } from '../compliance/chain-harness.ts'
import { type FaultyRpc, startFaultyRpc } from './faulty-rpc.ts'

export abstract class ChainFaults<
  C extends TestChain<S>,
  S extends ChainService,
  Init extends { readonly key?: string | undefined },
> extends AnchorBench {
  #chain: C | undefined
  readonly #open: { stop(): Promise<void> }[] = []

  constructor() {
    super(() => Promise.reject(new RangeError('these tests open services themselves')))
  }

  protected abstract start(): Promise<C>
  /** The adapter over endpoints. */
  protected abstract openOver(rpcUrls: readonly string[], init: Partial<Init>): S
  /** The chain makes blocks by itself again. */
  protected abstract setInstant(): Promise<void>

  get chain(): C {
    if (this.#chain === undefined) throw new RangeError('expected a chain that runs')
    return this.#chain
  }

  /** To be called in a `describe`. */
  hooks(): void {
    before(async () => {
      this.#chain = await this.start()
    })
    beforeEach(async () => {
      await this.chain.reset()
    })
    afterEach(async () => {
      for (const each of this.#open.splice(0).reverse()) await each.stop()
      await this.setInstant()
    })
    after(async () => {
      await this.#chain?.stop()
    })
  }

  /** An endpoint before the chain. */
  async endpoint(): Promise<FaultyRpc> {
    const made = await startFaultyRpc(this.chain.url)
    this.#open.push({ stop: async () => made[Symbol.asyncDispose]() })
    return made
  }

  /** A service over endpoints, with the account of a node unless something else is said. */
  service(endpoints: readonly (FaultyRpc | string)[], init: Partial<Init> = {}): S {
    const rpcUrls = endpoints.map((each) => (typeof each === 'string' ? each : each.url))
    const service = this.openOver(rpcUrls, { key: this.chain.key(2), ...init })
    this.#open.push(service.lifecycle)
    return service
  }

  /** An anchor over a service, started. */
  async over(service: S, components: Partial<AnchorComponents> = {}): Promise<Anchor> {
    const { protocol, network, contract } = this.chain
    const { packages } = service
    const named = { protocol, network, contract, service }
    const anchor = envelopeAnchor(packages === undefined ? named : { ...named, packages })({
      ...{ clock: systemClock, random: systemRandom, logger: silentLogger, ...components },
    })
    this.#open.push(anchor)
    await anchor.start()
    return anchor
  }

  /** A context of A's, made by another account over honest endpoints; its anchor. */
  async withContext(): Promise<Anchor> {
    const other = { key: this.chain.key(1) } as Partial<Init> // a key is a part of each
    const honest = await this.over(this.service([this.chain.url], other))
    await honest.submit(this.context, creation(), this.a)
    return honest
  }

  /** An operation that adds somebody. */
  readonly adding = (who: Signer): Operation => add(who)

  async isMember(anchor: Anchor, who: Signer): Promise<boolean> {
    return (await anchor.readMember(this.group, who.publicKey)) !== undefined
  }
}
