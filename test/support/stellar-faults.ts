/** What the tests of faults on Stellar have in common: a chain put back for each, endpoints that misbehave, and services over them. */
import { TransactionBuilder } from '@stellar/stellar-sdk'
import { viewAccount } from '../../src/chains/stellar/rpc/entries.ts'
import type { StellarService } from '../../src/chains/stellar/service.ts'
import { LEDGER_SECONDS } from '../../src/chains/stellar/constants.ts'
import { DEFAULT_PASSPHRASE } from '../../src/devnet/stellar/index.ts'
import type { Anchor, AnchorComponents, Signer } from '../../src/node/anchor/anchor.ts'
import { envelopeAnchor } from '../../src/node/anchor/envelope-anchor.ts'
import type { Operation } from '../../src/node/anchor/operations.ts'
import type { SignedEnvelope } from '../../src/node/anchor/service.ts'
import { toHex } from '../../src/node/primitives/bytes.ts'
import { type Clock, systemClock, systemRandom } from '../../src/node/primitives/clock.ts'
import { silentLogger } from '../../src/node/primitives/logger.ts'
import { AnchorBench, add } from '../compliance/anchor-bench.ts'
import { creation, sign } from '../compliance/anchor-support.ts'
import { type Asked, type FaultyRpc, type Rule, startFaultyRpc } from './faulty-rpc.ts'
import { keyIn, openService, startStellarTestChain, type StellarTestChain } from './stellar.ts'

/** How transactions are sent. */
export const SENDING = 'sendTransaction'

export class StellarFaults extends AnchorBench {
  #chain: StellarTestChain | undefined
  #open: { stop(): Promise<void> }[] = []

  constructor() {
    super(() => Promise.reject(new RangeError('these tests open services themselves')))
  }

  get chain(): StellarTestChain {
    if (this.#chain === undefined) throw new RangeError('expected a chain that runs')
    return this.#chain
  }

  /** To be called in a `describe`. */
  hooks(): void {
    before(async () => {
      this.#chain = await startStellarTestChain()
    })
    beforeEach(async () => {
      await this.chain.reset()
    })
    afterEach(async () => {
      for (const each of this.#open.splice(0).reverse()) await each.stop()
      await this.chain.devnet.setLedgers('instant')
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
    init: Parameters<typeof openService>[1] = {},
  ): StellarService {
    const { deployment } = this.chain
    const rpcUrls = endpoints.map((each) => (typeof each === 'string' ? each : each.url))
    const service = openService({ deployment, rpcUrls }, { key: this.chain.key(2), ...init })
    this.#open.push(service.lifecycle)
    return service
  }

  /** An anchor over a service, started. */
  async over(service: StellarService, components: Partial<AnchorComponents> = {}): Promise<Anchor> {
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
  async envelope(service: StellarService, operation: Operation): Promise<SignedEnvelope> {
    const { value } = await service.readStanding(this.group, this.a.publicKey)
    const validUntil = (await service.readTime()) + 600n
    const domain = await service.readDomain()
    const fields = { domain, subject: this.group, nonce: value.nonce, validUntil }
    return sign(this.a, operation, fields)
  }

  /** An operation that adds somebody. */
  readonly adding = (who: Signer): Operation => add(who)

  async isMember(anchor: Anchor, who: Signer): Promise<boolean> {
    return (await anchor.readMember(this.group, who.publicKey)) !== undefined
  }

  /** Transactions by an account's own number, since there is such an account. */
  async used(index: number = 2): Promise<bigint> {
    const rpc = this.service([this.chain.url]).rpc
    const { address } = keyIn(this.chain.key(index))
    const account = await rpc.run((endpoint) => viewAccount(endpoint, address))
    return (account?.sequence ?? 0n) & 0xffff_ffffn
  }
}

/** Bytes of the transactions that an endpoint was given. */
export function given(asked: readonly Asked[]): string[] {
  return asked
    .filter(({ method }) => method === SENDING)
    .map(({ params }) => (params as unknown as { transaction: string }).transaction)
}

/** Hashes of a transaction on the test network, and of the one within, where another account pays. */
export function hashesIn(transaction: string): readonly string[] {
  const parsed = TransactionBuilder.fromXdr(transaction, DEFAULT_PASSPHRASE)
  const inner = 'innerTransaction' in parsed ? [parsed.innerTransaction] : []
  return [parsed, ...inner].map((each) => toHex(each.hash()))
}

/** Takes so many transactions, says yes, and forgets them. */
export function swallow(times: number): Rule {
  const taken = { status: 'PENDING', hash: '', latestLedger: 1, latestLedgerCloseTime: '1' }
  return { method: SENDING, times, fault: { kind: 'answer', make: () => taken } }
}

/** A clock that is ahead by so many ledgers. */
export function laterBy(ledgers: number): Clock {
  const ms = ledgers * LEDGER_SECONDS * 1000
  return {
    ...systemClock,
    nowMs: () => systemClock.nowMs() + ms,
    nowNs: () => systemClock.nowNs() + BigInt(ms) * 1_000_000n,
  }
}
