/** What the tests of faults on NEAR have in common: a chain put back for each, endpoints that misbehave, and services over them. */
import type { NearService, NearServiceInit } from '../../src/chains/near/service.ts'
import type { Anchor, AnchorComponents, Signer } from '../../src/node/anchor/anchor.ts'
import { envelopeAnchor } from '../../src/node/anchor/envelope-anchor.ts'
import type { Operation } from '../../src/node/anchor/operations.ts'
import type { SignedEnvelope } from '../../src/node/anchor/service.ts'
import { systemClock, systemRandom } from '../../src/node/primitives/clock.ts'
import { silentLogger } from '../../src/node/primitives/logger.ts'
import { AnchorBench, add } from '../compliance/anchor-bench.ts'
import { creation, sign } from '../compliance/anchor-support.ts'
import { type Asked, type FaultyRpc, type Rule, startFaultyRpc } from './faulty-rpc.ts'
import { type NearTestChain, openService, startNearTestChain } from './near.ts'

/** How transactions are sent. */
export const SENDING = 'send_tx'

export class NearFaults extends AnchorBench {
  #chain: NearTestChain | undefined
  #open: { stop(): Promise<void> }[] = []

  constructor() {
    super(() => Promise.reject(new RangeError('these tests open services themselves')))
  }

  get chain(): NearTestChain {
    if (this.#chain === undefined) throw new RangeError('expected a chain that runs')
    return this.#chain
  }

  /** To be called in a `describe`. */
  hooks(): void {
    before(async () => {
      this.#chain = await startNearTestChain()
    })
    beforeEach(async () => {
      await this.chain.reset()
    })
    afterEach(async () => {
      for (const each of this.#open.splice(0).reverse()) await each.stop()
      await this.chain.devnet.setBlocks('instant')
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
  service(
    endpoints: readonly (FaultyRpc | string)[],
    init: Partial<NearServiceInit> & { readonly key?: string | undefined } = {},
  ): NearService {
    const { deployment } = this.chain
    const rpcUrls = endpoints.map((each) => (typeof each === 'string' ? each : each.url))
    const service = openService({ deployment, rpcUrls }, { key: this.chain.key(2), ...init })
    this.#open.push(service.lifecycle)
    return service
  }

  /** An anchor over a service, started. */
  async over(service: NearService, components: Partial<AnchorComponents> = {}): Promise<Anchor> {
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
    const honest = await this.over(this.service([this.chain.url], { key: this.chain.key(1) }))
    await honest.submit(this.context, creation(), this.a)
    return honest
  }

  /** An operation of A's, signed for the contract as it stands. */
  async envelope(service: NearService, operation: Operation): Promise<SignedEnvelope> {
    const { value } = await service.readStanding(this.group, this.a.publicKey, {
      finality: 'optimistic',
    })
    const validUntil = BigInt(Math.floor(Date.now() / 1000)) + 600n
    const domain = await service.readDomain()
    const fields = { domain, subject: this.group, nonce: value.nonce, validUntil }
    return sign(this.a, operation, fields)
  }

  /** An operation that adds somebody. */
  readonly adding = (who: Signer): Operation => add(who)

  async isMember(anchor: Anchor, who: Signer): Promise<boolean> {
    return (await anchor.readMember(this.group, who.publicKey)) !== undefined
  }

  /** Transactions that an account's key has signed and that lie in blocks. */
  async used(index: number = 2): Promise<bigint> {
    const account = this.chain.devnet.accounts[index]
    const nonce = async (): Promise<bigint> => {
      const answer = (await this.chain.devnet.send('query', {
        request_type: 'view_access_key',
        ...{ finality: 'optimistic', account_id: account?.accountId },
        public_key: account?.publicKey,
      })) as { nonce: number } // of our own chain
      return BigInt(answer.nonce)
    }
    return nonce()
  }
}

/** Whether a question is a look for a transaction. */
export function isLook({ method }: Asked): boolean {
  return method === 'tx'
}

/** Takes so many transactions, says yes, and forgets them. */
export function swallow(times: number): Rule {
  return {
    method: SENDING,
    times,
    fault: { kind: 'answer', make: () => ({ final_execution_status: 'NONE' }) },
  }
}
