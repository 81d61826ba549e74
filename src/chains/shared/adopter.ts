/** Takes over what moved to a contract: with the account that this node has, or by a relayer that pays. */
import { LRUCache } from 'lru-cache'
import { unreachable } from '../../node/anchor/errors.ts'
import { MAX_MEMBERS } from '../../node/anchor/limits.ts'
import type { EnvelopeService, ServiceOptions } from '../../node/anchor/service.ts'
import { pause } from '../../node/anchor/watcher.ts'
import { throwIfAborted } from '../../node/errors.ts'
import type { Clock } from '../../node/primitives/clock.ts'
import { type ContextId, type GroupId, idKey } from '../../node/primitives/ids.ts'
import type { Sent } from './delivery.ts'
import { chainError } from './errors.ts'
import { ADOPT_PAUSE_MS, ADOPT_SPARE, ADOPT_WAIT_MS, MAX_GIVEN_UP_ADOPTIONS } from './limits.ts'
import type { Moved } from './relayer-carrier.ts'

export interface AdopterInit {
  /** Protocol of the chain, as in `ethereum`. */
  readonly chain: string
  readonly service: Pick<EnvelopeService, 'readGroup' | 'readContext'>
  /** Address of the contract. */
  readonly address: string
  /** The contract before, which says how many members a group has. */
  readonly before: Pick<EnvelopeService, 'readGroup'> | undefined
  /** Sends what takes something over, or the next part of it. Undefined: this node has no account. */
  readonly send: ((moved: Moved, signal?: AbortSignal) => Promise<Sent>) | undefined
  /** Members of a group that one of these takes over. */
  readonly batch: number
  /** Whether an error says that it would change nothing, as when somebody else was faster. */
  readonly isRefused: (error: unknown) => boolean
  /** Whether an error says that somebody else took that part over meanwhile, and there may be more. @default none does */
  readonly isOvertaken?: ((error: unknown) => boolean) | undefined
  /** Has somebody else do it who pays in this node's place, some of it at a time. */
  readonly adopt: ((moved: Moved, signal?: AbortSignal) => Promise<void>) | undefined
  readonly clock: Clock
  readonly pollMs: number
}

/** Whether something is there, as things stand or for good. */
type Look = (finality: 'optimistic' | 'final') => Promise<boolean>

export class Adopter {
  readonly #init: AdopterInit
  /** What did not come to be there, and when that was given up. */
  readonly #givenUp = new LRUCache<string, number>({ max: MAX_GIVEN_UP_ADOPTIONS })

  constructor(init: AdopterInit) {
    this.#init = init
  }

  /** See `SuccessorService.adoptGroup`. @throws CHAIN_SUCCESSOR (chain) without an account, and when it does not come to be there */
  async adoptGroup(group: GroupId, { signal }: ServiceOptions = {}): Promise<void> {
    const { service } = this.#init
    const look: Look = async (finality) =>
      (await service.readGroup(group, { finality, signal })).value !== undefined
    await this.#adopt({ group }, look, () => this.#triesOf(group, signal), signal)
  }

  /** See `SuccessorService.adoptContext`. @throws as {@link adoptGroup} */
  async adoptContext(context: ContextId, { signal }: ServiceOptions = {}): Promise<void> {
    const { service } = this.#init
    const look: Look = async (finality) =>
      (await service.readContext(context, { finality, signal })).value !== undefined
    await this.#adopt({ context }, look, async () => 1 + ADOPT_SPARE, signal)
  }

  async #adopt(
    moved: Moved,
    look: Look,
    readTries: () => Promise<number>,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    if (await look('optimistic')) return
    const { address, send, adopt, clock } = this.#init
    const key = idKey('group' in moved ? moved.group : moved.context)
    const givenUpMs = this.#givenUp.get(key)
    if (givenUpMs !== undefined && clock.monotonicMs() - givenUpMs < ADOPT_PAUSE_MS) {
      throw this.#notThere(0)
    }
    if (adopt !== undefined) {
      await this.#relay(() => adopt(moved, signal), look, signal)
      return
    }
    if (send === undefined) throw this.#unpaid(address)
    await this.#send(key, () => send(moved, signal), look, await readTries(), signal)
  }

  /**
   * Calls until it is there: a group comes some members at a time, and others may call too. No more often than that takes: each call costs a fee, and an
   * endpoint that lies may never say that it is there.
   */
  async #send(
    key: string,
    send: () => Promise<Sent>,
    look: Look,
    tries: number,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const { clock, isRefused, isOvertaken } = this.#init
    const startedMs = clock.monotonicMs()
    let last: Sent | undefined
    for (let sent = 0; sent === 0 || !(await look('optimistic')); sent++) {
      throwIfAborted(signal)
      if (sent >= tries || clock.monotonicMs() - startedMs > ADOPT_WAIT_MS) {
        this.#givenUp.set(key, clock.monotonicMs())
        throw this.#notThere(sent)
      }
      try {
        last = await send()
      } catch (error) {
        if (isOvertaken?.(error) === true) continue
        // somebody else was faster: then it is there
        if (!isRefused(error) || !(await look('optimistic'))) throw error
        return
      }
    }
    await last?.final(signal)
  }

  /** Asks somebody who pays until it is there for good, as our own endpoints see it. */
  async #relay(
    ask: () => Promise<void>,
    look: Look,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const { address, clock, pollMs } = this.#init
    const startedMs = clock.monotonicMs()
    while (!(await look('final'))) {
      throwIfAborted(signal)
      if (clock.monotonicMs() - startedMs > ADOPT_WAIT_MS) {
        throw unreachable(`the relayer that takes what moved to ${address} over`)
      }
      if (!(await look('optimistic'))) await ask()
      await pause(clock, pollMs, signal)
    }
  }

  /** Transactions that a group's members take, and some more. */
  async #triesOf(group: GroupId, signal: AbortSignal | undefined): Promise<number> {
    const found = await this.#init.before?.readGroup(group, { signal })
    const members = Math.min(found?.value?.memberCount ?? MAX_MEMBERS, MAX_MEMBERS)
    return Math.ceil(members / this.#init.batch) + ADOPT_SPARE
  }

  #unpaid(address: string): Error {
    return chainError(
      this.#init.chain,
      'CHAIN_SUCCESSOR',
      `this group moved to ${address}, and nobody took it over there yet: any account may, and this node has none`,
      { address },
    )
  }

  /** `sent`: transactions; 0 while nothing is tried again. */
  #notThere(sent: number): Error {
    const { chain, address } = this.#init
    return chainError(
      chain,
      'CHAIN_SUCCESSOR',
      `expected what moved to ${address} to be there, got endpoints that do not show it after ${sent === 0 ? 'all that it takes was sent' : `${sent} transactions`}: one of them lies or lags; nothing is sent for it for a while`,
      { address, sent },
    )
  }
}
