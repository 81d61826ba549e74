/** A contract of the local authority: its records in memory and the pure function that decides on them. */
import { isStrongKey, verifySignature } from '../../../node/crypto/sign.ts'
import type { EnvelopeHead } from '../../../node/anchor/envelope-layout.ts'
import type { Refusal } from '../../../node/anchor/errors.ts'
import type { DecisionOf } from './checks.ts'
import type { SignedEnvelope } from '../../../node/anchor/service.ts'
import type { DecideContext, KeyRules } from './request.ts'
import { MemoryTables, type TableEffect, type TableView } from './tables.ts'

const KEYS: KeyRules = { isStrong: isStrongKey, verify: verifySignature }

/** What the records, the envelopes and the events of a contract are. */
export interface ContractModel<T, E, V> {
  decide(
    view: TableView<T>,
    signed: SignedEnvelope,
    context: DecideContext,
  ): DecisionOf<E, TableEffect<T>, V>
  /** Called for every event, in order. */
  readonly onEvent: ((event: V) => void) | undefined
}

/** An accepted operation that is not stored yet. */
export interface Verdict {
  readonly accepted: true
  readonly kind: string
  /** What changed; undefined when the state was already as asked. */
  readonly changed: Uint8Array | undefined
  store(): void
  /** Tells of it; after it was stored. */
  announce(): void
}

export type Judgement = Verdict | { readonly accepted: false; readonly refusal: Refusal }

/** What the authority knows of any contract. */
export interface AnyContract {
  /** Forgets everything. */
  reset(): void
  judge(signed: SignedEnvelope, context: Omit<DecideContext, 'keys'>): Judgement
}

type AnyEnvelope = EnvelopeHead<Uint8Array> & { readonly operation: { readonly kind: string } }

export class LocalContract<T, E extends AnyEnvelope, V> implements AnyContract {
  readonly #model: ContractModel<T, E, V>
  #state = new MemoryTables<T>()

  constructor(model: ContractModel<T, E, V>) {
    this.#model = model
  }

  get view(): TableView<T> {
    return this.#state
  }

  reset(): void {
    this.#state = new MemoryTables<T>()
  }

  judge(signed: SignedEnvelope, context: Omit<DecideContext, 'keys'>): Judgement {
    const decision = this.#model.decide(this.#state, signed, { ...context, keys: KEYS })
    if (!decision.accepted) return decision
    const { envelope, effects, event } = decision
    return {
      accepted: true,
      kind: envelope.operation.kind,
      changed: event === undefined ? undefined : envelope.subject,
      store: () => this.#state.apply(effects),
      announce: () => {
        if (event !== undefined) this.#model.onEvent?.(event)
      },
    }
  }
}
