/** Accounts whose sequence numbers are used in rotation: the one that pays, and its channels. One transaction at a time waits of each. */
import { pause } from '../../../node/anchor/watcher.ts'
import { throwIfAborted } from '../../../node/errors.ts'
import type { Clock } from '../../../node/primitives/clock.ts'
import type { Endpoint } from '../../shared/endpoints.ts'
import type { Heights } from '../../shared/heights.ts'
import { stellarError } from '../errors.ts'
import type { AccountKey } from '../key.ts'
import { viewAccounts } from '../rpc/entries.ts'
import type { Account } from '../xdr/entries.ts'

/** An account, and how it stands. */
export interface HeldSource {
  readonly key: AccountKey
  /** Sequence number of its next transaction, as far as this process knows; undefined: the chain is asked. */
  next: bigint | undefined
  isBusy: boolean
}

export interface SourcesInit {
  /** Pays. */
  readonly key: AccountKey
  /** Those of which there may be accounts. */
  readonly channels: readonly AccountKey[]
  readonly heights: Heights
  readonly clock: Clock
}

/** Pause before a source is looked for again where all are on their way, ms; one that comes back wakes who waits. */
const WAIT_MS = 1000

export class Sources {
  readonly #init: SourcesInit
  /** Those that there are, once that was asked. */
  #sources: readonly HeldSource[] | undefined
  #asking: Promise<readonly HeldSource[]> | undefined
  #turn = 0
  #freed = Promise.withResolvers<void>()

  constructor(init: SourcesInit) {
    this.#init = init
  }

  /** A source that nobody else uses until it is given back. @throws CHAIN_FUNDS (chain) where there is no account, ABORTED */
  async take(signal?: AbortSignal): Promise<HeldSource> {
    for (;;) {
      throwIfAborted(signal)
      const sources = this.#sources ?? (await this.#ask(signal))
      // the next one in turn
      const order = sources.map((_, index) => sources[(index + this.#turn) % sources.length])
      const free = order.find((source) => source?.isBusy === false)
      if (free !== undefined) {
        this.#turn = (this.#turn + 1) % sources.length
        free.isBusy = true
        return free
      }
      const { promise } = this.#freed
      await Promise.race([promise, pause(this.#init.clock, WAIT_MS, signal)])
    }
  }

  /** Others may use it. */
  giveBack(source: HeldSource): void {
    source.isBusy = false
    this.#freed.resolve()
    this.#freed = Promise.withResolvers<void>()
  }

  /** The number for the next transaction of a source that was taken. */
  async nextSequence(source: HeldSource, signal?: AbortSignal): Promise<bigint> {
    if (source.next !== undefined) return source.next
    const { address } = source.key
    const account = (await this.#read([address], signal)).get(address)
    if (account !== undefined) return account.sequence + 1n
    // it was merged into another
    this.#sources = undefined
    throw this.#noAccount(address)
  }

  /** One reading for all who wait for it. */
  async #ask(signal?: AbortSignal): Promise<readonly HeldSource[]> {
    const asking = (this.#asking ??= this.#find(signal))
    try {
      return await asking
    } finally {
      if (this.#asking === asking) this.#asking = undefined
    }
  }

  async #find(signal?: AbortSignal): Promise<readonly HeldSource[]> {
    const { key, channels } = this.#init
    const keys = [key, ...channels]
    const accounts = await this.#read(
      keys.map(({ address }) => address),
      signal,
    )
    if (!accounts.has(key.address)) throw this.#noAccount(key.address)
    const there = keys.filter(({ address }) => accounts.has(address))
    const sources = there.map((one) => ({ key: one, next: undefined, isBusy: false }))
    this.#sources = sources
    return sources
  }

  /** Accounts as an endpoint has them that knows of what this node sent before. */
  async #read(
    addresses: readonly string[],
    signal?: AbortSignal,
  ): Promise<ReadonlyMap<string, Account>> {
    const ask = async (
      endpoint: Endpoint,
      told: ((number: bigint) => unknown) | undefined,
    ): Promise<ReadonlyMap<string, Account>> => {
      const { ledger, accounts } = await viewAccounts(endpoint, addresses)
      told?.(BigInt(ledger))
      return accounts
    }
    return this.#init.heights.run('final', (at, _height, { told }) => ask(at, told), signal)
  }

  #noAccount(address: string): Error {
    const message = `there is no account ${address}: it is made by sending it XLM`
    return stellarError('CHAIN_FUNDS', message, { account: address })
  }
}
