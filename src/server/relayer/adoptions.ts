/**
 * Pays for taking over what moved to a contract that takes over from ours: anybody may call that, it needs no signature, and happens once. It is counted
 * for who asks and for the group, against the same budget as operations.
 */
import { z } from 'zod'
import { refusal } from '../../node/anchor/errors.ts'
import { MAX_CONTRACT_BYTES } from '../../node/anchor/limits.ts'
import { equalBytes, toHex } from '../../node/primitives/bytes.ts'
import { issuesOf } from '../schemas.ts'
import type { Adoption, CarryOptions, Moved, RelayCarrier } from './carrier.ts'
import { malformed } from './errors.ts'
import type { Attempt, Expense, Quotas, RelayClient } from './quotas.ts'
import { carrierFor, denied, hexOf, nameSchema } from './request.ts'
import type { Slots } from './slots.ts'

/** No bound: the width of an id. */
const ID_BYTES = 32
const id = hexOf(ID_BYTES).refine(({ length }) => length === ID_BYTES, 'expected 32 bytes')
const place = { chain: nameSchema, network: nameSchema, contract: hexOf(MAX_CONTRACT_BYTES) }
const schema = z.union([
  z.strictObject({ ...place, group: id }),
  z.strictObject({ ...place, context: id }),
])

/** How it stands, for clients. */
export interface AdoptionView {
  /** Id of what is taken over, hexadecimal. */
  readonly id: string
  readonly state: 'pending' | 'done' | 'refused'
  readonly [field: string]: unknown
}

export interface AdoptionsInit {
  readonly carriers: readonly RelayCarrier[]
  readonly quotas: Quotas
  readonly slots: Slots
  /** Asks the chain. @throws RELAYER_CHAIN_UNREACHABLE (transport) */
  ask<T>(question: () => Promise<T>): Promise<T>
  /** @throws RELAYER_TOO_DEAR (denied) */
  checkCost(expense: Expense, refuse: () => void): void
  /** Sends a transaction, and goes on with it in the background. */
  carry(expense: Expense, send: (options: CarryOptions) => Promise<unknown>, end: () => void): void
  readonly signal: AbortSignal
}

export class Adoptions {
  readonly #init: AdoptionsInit
  readonly #running = new Set<string>()

  constructor(init: AdoptionsInit) {
    this.#init = init
  }

  /** Takes over what is named, some of it at a time, unless that goes on already. @throws as `Relayer.submit` */
  async submit(json: unknown, client: RelayClient, attempt: Attempt): Promise<AdoptionView> {
    const { quotas, slots } = this.#init
    const refuse = (): void => attempt.refuse()
    const { carrier, contract, moved } = refusing(refuse, () => this.#read(json))
    const subject = toHex('group' in moved ? moved.group : moved.context)
    const key = `${carrier.chain} ${carrier.network} ${toHex(contract)} ${subject}`
    const isRunning = (): boolean => this.#running.has(key)
    const pending = { id: subject, state: 'pending' } as const
    if (isRunning()) {
      attempt.refund()
      return pending
    }
    const release = await slots.enter(client.key ?? client.address)
    let isCarried = false
    try {
      quotas.check({ group: subject }, { ...carrier, cost: 0n })
      const adoption = await this.#ask(carrier, contract, moved, refuse)
      if (isRunning()) return pending
      if (adoption === 'done') return { id: subject, state: 'done' }
      if (adoption === undefined) {
        refuse()
        return { id: subject, state: 'refused', ...refusal('ContextNotFound') }
      }
      const { cost, send } = adoption
      const expense = { ...carrier, cost }
      this.#init.checkCost(expense, refuse)
      const giveBack = quotas.take({ group: subject }, expense)
      this.#running.add(key)
      isCarried = true
      let isSigned = false
      const begin = (options: CarryOptions): Promise<unknown> =>
        send({ ...options, onSigned: () => ((isSigned = true), options.onSigned()) })
      this.#init.carry(expense, begin, () => {
        if (!isSigned) giveBack()
        this.#running.delete(key)
        release()
      })
      return pending
    } finally {
      if (!isCarried) release()
    }
  }

  #read(json: unknown): {
    readonly carrier: RelayCarrier
    readonly contract: Uint8Array
    readonly moved: Moved
  } {
    const { data, error } = schema.safeParse(json)
    if (data === undefined) {
      throw malformed('expected chain, network, contract, and a group or a context', {
        issues: issuesOf(error),
      })
    }
    const carrier = carrierFor(this.#init.carriers, data)
    const moved = 'group' in data ? { group: data.group } : { context: data.context }
    return { carrier, contract: data.contract, moved }
  }

  async #ask(
    carrier: RelayCarrier,
    contract: Uint8Array,
    moved: Moved,
    refuse: () => void,
  ): Promise<Adoption | 'done' | undefined> {
    const { ask, signal } = this.#init
    const isOwn = equalBytes(carrier.domain.contract, contract)
    const there = isOwn ? carrier : await ask(async () => carrier.successor?.(contract, signal))
    if (there === undefined) {
      refuse()
      throw denied('contract')
    }
    return ask(async () => there.adoption?.(moved, signal))
  }
}

/** Reads something; who sends what cannot be read is refused. */
function refusing<T>(refuse: () => void, read: () => T): T {
  try {
    return read()
  } catch (error) {
    refuse()
    throw error
  }
}
