/**
 * Sends transactions of one account: gives out its nonces in order, offers more for what is stuck, and tells what became of each, whichever
 * endpoint knows. A signed transaction is sent again as it is until its nonce is used, also when who asked for it gave up and asks again: so
 * nothing happens twice, and no nonce is left out.
 */
import { ethereumHeights, type FinalityRule, readNonce } from '../rpc/head.ts'
import { toQuantity, type Wallet } from 'ethers'
import { LRUCache } from 'lru-cache'
import { anchorError, badAnswer } from '../../../node/anchor/errors.ts'
import { SerialQueue } from '../../../node/anchor/serial.ts'
import { pause } from '../../../node/anchor/watcher.ts'
import { isMerogateError, throwIfAborted } from '../../../node/errors.ts'
import type { Clock } from '../../../node/primitives/clock.ts'
import type { Logger } from '../../../node/primitives/logger.ts'
import { ethereumError } from '../errors.ts'
import { type FeeRule, type Fees, raiseFees, readFees } from './fees.ts'
import type { Heights } from '../../shared/heights.ts'
import { GAS_MARGIN_PERCENT, MAX_IN_FLIGHT, STUCK_MS } from '../limits.ts'
import { MAX_REPLACEMENTS } from '../../shared/limits.ts'
import { type Call, Offer } from './offer.ts'
import type { Mined, OnSigned, Sent } from '../../shared/delivery.ts'
import type { Endpoint, Endpoints } from '../../shared/endpoints.ts'
import { rpcErrorKind } from '../rpc/rpc-errors.ts'

export interface SenderInit {
  readonly rpc: Endpoints
  readonly wallet: Wallet
  readonly chainId: number
  readonly fees: FeeRule
  readonly finality: FinalityRule
  readonly clock: Clock
  readonly logger: Logger
  readonly pollMs: number
  /** @default STUCK_MS */
  readonly stuckMs?: number
  /** Shared with whoever reads. @default its own */
  readonly heights?: Heights
}

/** Looks in a row that must find the nonce used by something else: an endpoint may have a block before it has its receipts. */
const REPLACED_LOOKS = 2

/** How things stand with an offer: `next` and `waiting` for its turn, `mined` and not final, `replaced` by another transaction. */
type Seen = Mined | 'next' | 'waiting' | 'mined' | 'replaced'

export class TransactionSender {
  readonly address: string
  readonly #init: SenderInit
  readonly #heights: Heights
  /** One at a time takes a nonce; the others wait. */
  readonly #queue = new SerialQueue('this account', MAX_IN_FLIGHT)
  readonly #inFlight = new Set<Offer>()
  /** Offers whose fate nobody waited for, by their call. */
  readonly #left = new LRUCache<string, Offer>({ max: 2 * MAX_IN_FLIGHT })
  #next: number | undefined

  constructor(init: SenderInit) {
    this.#init = init
    this.#heights = init.heights ?? ethereumHeights(init.rpc, init.finality, init.clock)
    this.address = init.wallet.address
  }

  /** Transactions that are sent and lie in no block yet. */
  get inFlight(): number {
    return this.#inFlight.size
  }

  /**
   * Sends a call and resolves when it lies in a block. `onSigned` is told the hash of every transaction that is signed for it, before it is
   * sent: whatever happens then, one of them tells the outcome. The same call again, after a failure, is the same transaction.
   * @throws CHAIN_FUNDS (chain), CHAIN_FEE (limit), ETHEREUM_REPLACED (conflict): nothing was done; ANCHOR_UNREACHABLE (transport),
   * ABORTED: its fate is not known; ANCHOR_BUSY (limit); CHAIN_RPC for a revert of the estimate, or a refusal
   */
  async send(call: Call, onSigned: OnSigned = () => {}, signal?: AbortSignal): Promise<Sent> {
    if (this.#inFlight.size + this.#queue.size >= MAX_IN_FLIGHT) {
      throw anchorError(
        'ANCHOR_BUSY',
        `${MAX_IN_FLIGHT} transactions of ${this.address} wait to be mined; try again later`,
        { limit: MAX_IN_FLIGHT },
      )
    }
    const offer = await this.#queue.run(() => this.#take(call, onSigned, signal))
    try {
      const mined = await this.#follow(offer, 'mined', signal)
      return { ...mined, final: (ended) => this.#follow(offer, 'final', ended) }
    } catch (error) {
      if (!isMerogateError(error, 'ETHEREUM_REPLACED')) this.#left.set(keyOf(call), offer)
      throw error
    } finally {
      this.#inFlight.delete(offer)
    }
  }

  /** Looks until something is so, once a poll. */
  async until(isSo: () => Promise<boolean>, signal?: AbortSignal): Promise<void> {
    while (!(await isSo())) {
      await pause(this.#init.clock, this.#init.pollMs, signal)
      throwIfAborted(signal)
    }
  }

  /** The offer that an earlier attempt left, or a new one. */
  async #take(call: Call, onSigned: OnSigned, signal: AbortSignal | undefined): Promise<Offer> {
    const key = keyOf(call)
    const left = this.#left.get(key)
    if (left !== undefined) {
      const seen = await this.#init.rpc.run((endpoint) => this.#look(endpoint, left), signal)
      this.#left.delete(key)
      if (seen !== 'replaced') {
        left.handTo(onSigned)
        this.#inFlight.add(left)
        return left
      }
    }
    const offer = await this.#offer(call, onSigned, signal)
    this.#inFlight.add(offer)
    return offer
  }

  async #offer(call: Call, onSigned: OnSigned, signal: AbortSignal | undefined): Promise<Offer> {
    const { rpc, fees, clock, wallet, chainId } = this.#init
    const gas = call.gas ?? (await this.#estimate(call, signal))
    const offered = await rpc.run((endpoint) => readFees(endpoint, fees, gas), signal)
    const nonce = this.#next ?? (await this.#readNext(signal))
    const offer = new Offer({
      call,
      gas,
      nonce,
      fees: offered,
      onSigned,
      atMs: clock.monotonicMs(),
    })
    await offer.sign(wallet, chainId)
    for (let moves = 0; moves < MAX_REPLACEMENTS; moves++) {
      if ((await this.#give(offer, signal)) === 'taken') break
      // another process has the key
      const next = await this.#readNext(signal)
      if (next <= offer.nonce) break // what is there waits, and is counted by nobody: the better offer wins
      await offer.move(next, wallet, chainId)
    }
    this.#next = offer.nonce + 1
    return offer
  }

  /** Gives a new offer to the first endpoint that takes it. */
  async #give(offer: Offer, signal?: AbortSignal): Promise<'taken' | 'nonce'> {
    try {
      return await this.#init.rpc.run((endpoint) => offer.give(endpoint), signal)
    } catch (error) {
      this.#next = undefined // the nonce may be used, or not: it is read anew
      if (rpcErrorKind(error) === 'funds') throw this.#noFunds(error)
      // an endpoint may have it, whose word was lost
      if (rpcErrorKind(error) === undefined) this.#left.set(keyOf(offer.call), offer)
      throw error
    }
  }

  /** The nonce after all that is known: an endpoint need not know what another was given. */
  async #readNext(signal?: AbortSignal): Promise<number> {
    const count = await this.#init.rpc.run((endpoint) => this.#readPending(endpoint), signal)
    return Math.max(count, ...[...this.#inFlight].map(({ nonce }) => nonce + 1))
  }

  async #readPending(endpoint: Endpoint): Promise<number> {
    try {
      return await readNonce(endpoint, this.address, 'pending')
    } catch (error) {
      if (rpcErrorKind(error) !== 'other') throw error
      return readNonce(endpoint, this.address, 'latest') // not every endpoint shows what waits
    }
  }

  async #estimate(call: Call, signal?: AbortSignal): Promise<bigint> {
    try {
      // by an endpoint that knows of what this account sent before
      const ask = (endpoint: Endpoint): Promise<bigint> => estimateAt(endpoint, this.address, call)
      return await this.#heights.run('optimistic', ask, signal)
    } catch (error) {
      throw rpcErrorKind(error) === 'funds' ? this.#noFunds(error) : error
    }
  }

  /** Looks once a poll until it lies in a block, or in a final one, through endpoints that fail for a while. */
  async #follow(offer: Offer, goal: 'mined' | 'final', signal?: AbortSignal): Promise<Mined> {
    const { rpc, clock, pollMs, stuckMs = STUCK_MS } = this.#init
    let answeredMs = clock.monotonicMs()
    let replacedLooks = 0
    for (;;) {
      throwIfAborted(signal)
      let seen: Seen = 'waiting'
      try {
        seen = await this.#see(offer, goal, signal)
        answeredMs = clock.monotonicMs()
      } catch (error) {
        const isLasting = clock.monotonicMs() - answeredMs >= stuckMs
        if (!isMerogateError(error, 'ANCHOR_UNREACHABLE') || isLasting) throw error
      }
      if (typeof seen !== 'string') {
        this.#heights.saw(seen.block)
        return seen
      }
      replacedLooks = seen === 'replaced' ? replacedLooks + 1 : 0
      if (replacedLooks >= REPLACED_LOOKS) {
        const found = await rpc.search((endpoint) => offer.find(endpoint), signal)
        if (found === undefined) throw this.#replaced(offer)
        if (goal === 'mined') return found
      }
      await pause(clock, pollMs, signal)
      // what waits for others is not helped by offering more
      const isStuck = seen === 'next' && clock.monotonicMs() - offer.offeredAtMs >= stuckMs
      if (isStuck) await this.#raise(offer, signal)
    }
  }

  async #see(offer: Offer, goal: 'mined' | 'final', signal?: AbortSignal): Promise<Seen> {
    if (goal === 'mined') {
      return this.#init.rpc.run((endpoint) => this.#look(endpoint, offer), signal)
    }
    const look = async (endpoint: Endpoint, height: bigint): Promise<Seen> => {
      // it lay in a block: where it does not any more, it is wanted back at once
      const seen = await this.#look(endpoint, offer, true)
      return typeof seen === 'string' || seen.block <= height ? seen : 'mined'
    }
    return this.#heights.run('final', look, signal)
  }

  /** Any transaction of this nonce may be the one that was mined. */
  async #look(endpoint: Endpoint, offer: Offer, isUrgent: boolean = false): Promise<Seen> {
    const found = await offer.find(endpoint)
    if (found !== undefined) return found
    const used = await readNonce(endpoint, this.address, 'latest')
    // mined between the two questions, or by somebody else who has the key
    if (used > offer.nonce) return (await offer.find(endpoint)) ?? 'replaced'
    // what was left stands in the way of what came after it
    const before = [...this.#left.values()].filter(
      ({ nonce }) => nonce >= used && nonce < offer.nonce,
    )
    for (const each of [...before, offer]) await this.#refresh(endpoint, each, isUrgent)
    return used === offer.nonce ? 'next' : 'waiting'
  }

  /** Gives an offer to an endpoint that does not have it: one that was not asked before, or that forgot. */
  async #refresh(endpoint: Endpoint, offer: Offer, isUrgent: boolean): Promise<void> {
    const { clock, logger, stuckMs = STUCK_MS } = this.#init
    const isDue = clock.monotonicMs() - offer.checkedAtMs >= stuckMs / 4
    if (offer.offeredTo.has(endpoint.id) && !isDue && !isUrgent) return
    offer.checkedAtMs = clock.monotonicMs()
    if (await offer.isKnown(endpoint)) {
      offer.offeredTo.add(endpoint.id)
      return
    }
    try {
      await offer.give(endpoint)
      offer.offeredTo.add(endpoint.id) // also where it was too late: it is looked for again when that is due
      // what lay in a block was offered enough; what was forgotten may have been offered too little
      if (isUrgent) offer.offeredAtMs = clock.monotonicMs()
      logger.info({ nonce: offer.nonce, endpoint: endpoint.name }, 'transaction sent again')
    } catch (error) {
      const kind = rpcErrorKind(error)
      if (kind === undefined) throw error
      logger.warn({ nonce: offer.nonce, kind }, 'transaction is not taken again')
    }
  }

  /**
   * Offers more for a transaction that is stuck, or the same again at the ceiling. That this fails is no news: the transaction is still there,
   * and it is tried again.
   */
  async #raise(offer: Offer, signal?: AbortSignal): Promise<void> {
    const { rpc, clock, logger, wallet, chainId } = this.#init
    const { nonce } = offer
    offer.offeredAtMs = clock.monotonicMs()
    try {
      const more = await this.#more(offer, signal)
      if (more !== undefined) {
        offer.fees = more
        await offer.sign(wallet, chainId)
        const maxFeePerGas = String(more.maxFeePerGas)
        logger.info({ nonce, maxFeePerGas }, 'transaction is stuck, offered more')
      }
      await rpc.run((endpoint) => offer.give(endpoint), signal)
    } catch (error) {
      throwIfAborted(signal)
      if (!isMerogateError(error)) throw error
      logger.warn({ nonce, code: error.code }, 'transaction is stuck and could not be sent again')
    }
  }

  /** Undefined when the ceiling is reached. */
  async #more(offer: Offer, signal?: AbortSignal): Promise<Fees | undefined> {
    const { rpc, fees, logger } = this.#init
    const maxFeePerGas = String(fees.maxFeePerGas)
    try {
      const ask = (endpoint: Endpoint): Promise<Fees> => readFees(endpoint, fees, offer.gas)
      const present = await rpc.run(ask, signal)
      const more = raiseFees(offer.fees, present, fees)
      if (more !== undefined) return more
    } catch (error) {
      if (!isMerogateError(error, 'CHAIN_FEE')) throw error
    }
    logger.warn(
      { nonce: offer.nonce, maxFeePerGas },
      'transaction is stuck at max_fee_gwei or max_tip_gwei: raise it, or wait',
    )
    return undefined
  }

  #replaced({ nonce }: Offer): Error {
    this.#next = undefined
    return ethereumError(
      'ETHEREUM_REPLACED',
      `another transaction of ${this.address} took nonce ${nonce}: does another process have its key?`,
      { address: this.address, nonce },
    )
  }

  #noFunds(cause: unknown): Error {
    return ethereumError(
      'CHAIN_FUNDS',
      `the account ${this.address} cannot pay for the transaction: send it funds`,
      { address: this.address },
      { cause },
    )
  }
}

/** The same call is the same wish. */
function keyOf({ to, data, value = 0n }: Call): string {
  return `${to.toLowerCase()} ${value} ${data}`
}

/** Gas that a call may need: what an endpoint estimates, and a margin. @throws CHAIN_RPC when it would revert */
export async function estimateGas(
  rpc: Endpoints,
  from: string,
  call: Call,
  signal?: AbortSignal,
): Promise<bigint> {
  return rpc.run((endpoint) => estimateAt(endpoint, from, call), signal)
}

async function estimateAt(
  endpoint: Endpoint,
  from: string,
  { to, data, value }: Call,
): Promise<bigint> {
  const amount = value === undefined ? {} : { value: toQuantity(value) }
  const gas = await askEstimate(endpoint, { from, to, data, ...amount })
  return (gas * (100n + GAS_MARGIN_PERCENT)) / 100n
}

/** Gas of a call or a creation, as JSON-RPC has them, without a margin. @throws CHAIN_RPC, ANCHOR_BAD_ANSWER */
export async function askEstimate(endpoint: Endpoint, call: object): Promise<bigint> {
  const answer = await endpoint.send('eth_estimateGas', [call])
  if (typeof answer === 'string' && /^0x[0-9a-f]{1,13}$/i.test(answer)) return BigInt(answer)
  throw badAnswer(endpoint.name, 'an estimate of another shape')
}
