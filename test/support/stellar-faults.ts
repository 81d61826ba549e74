/** What the tests of faults on Stellar have in common: a chain put back for each, endpoints that misbehave, and services over them. */
import { TransactionBuilder } from '@stellar/stellar-sdk'
import { LEDGER_SECONDS } from '../../src/chains/stellar/constants.ts'
import { viewAccount } from '../../src/chains/stellar/rpc/entries.ts'
import type { StellarService } from '../../src/chains/stellar/service.ts'
import { DEFAULT_PASSPHRASE } from '../../src/devnet/stellar/index.ts'
import type { Operation } from '../../src/node/anchor/operations.ts'
import type { SignedEnvelope } from '../../src/node/anchor/service.ts'
import { toHex } from '../../src/node/primitives/bytes.ts'
import { type Clock, systemClock } from '../../src/node/primitives/clock.ts'
import { sign } from '../compliance/anchor-support.ts'
import { ChainFaults } from './chain-faults.ts'
import type { Asked, Rule } from './faulty-rpc.ts'
import { keyIn, openService, startStellarTestChain, type StellarTestChain } from './stellar.ts'

/** How transactions are sent. */
export const SENDING = 'sendTransaction'

type Init = NonNullable<Parameters<typeof openService>[1]>

export class StellarFaults extends ChainFaults<StellarTestChain, StellarService, Init> {
  protected start(): Promise<StellarTestChain> {
    return startStellarTestChain()
  }

  protected openOver(rpcUrls: readonly string[], init: Init): StellarService {
    return openService({ deployment: this.chain.deployment, rpcUrls }, init)
  }

  protected async setInstant(): Promise<void> {
    await this.chain.devnet.setLedgers('instant')
  }

  /** An operation of A's, signed for the contract as it stands. */
  async envelope(service: StellarService, operation: Operation): Promise<SignedEnvelope> {
    const { value } = await service.readStanding(this.group, this.a.publicKey)
    const validUntil = (await service.readTime()) + 600n
    const domain = await service.readDomain()
    const fields = { domain, subject: this.group, nonce: value.nonce, validUntil }
    return sign(this.a, operation, fields)
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
