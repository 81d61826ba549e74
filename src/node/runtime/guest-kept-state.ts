/**
 * State kept by the guest in rows that are opaque to the node, but for the record of the root: the only model until host-kept state comes
 * behind the same port.
 */
import { platform } from '#platform'
import { compareBytes, concat, equalBytes } from '../primitives/bytes.ts'
import { ZERO_ID } from '../primitives/ids.ts'
import { COLUMN, columnRange, rowKey, u32be } from '../store/keys.ts'
import type { Store } from '../store/store.ts'
import { fullHash, layoutsOf } from './artifact/layout.ts'
import { signArtifact } from './artifact/signing.ts'
import type { ApplyCall, ContextRef, Era, GuestCall, GuestEngine, GuestOutcome } from './engine.ts'
import { runtimeError } from './errors.ts'
import type { ActionSigner, StateDifference, StateModel, StateRow } from './state-model.ts'

export interface GuestKeptStateComponents {
  readonly engine: Pick<GuestEngine, 'execute' | 'apply' | 'forget'>
  /** Where the context room stores what outcomes carry. */
  readonly store: Pick<Store, 'get' | 'iterate'>
}

/** {@link StateModel} over a {@link GuestEngine} and the database. */
export function guestKeptState(): (components: GuestKeptStateComponents) => StateModel {
  return (components) => new GuestKeptState(components)
}

const INDEX_TAG = Uint8Array.of(0)

class GuestKeptState implements StateModel {
  readonly #engine: GuestKeptStateComponents['engine']
  readonly #store: GuestKeptStateComponents['store']

  constructor({ engine, store }: GuestKeptStateComponents) {
    this.#engine = engine
    this.#store = store
  }

  async execute(call: GuestCall, sign: ActionSigner): Promise<GuestOutcome> {
    const outcome = await this.#engine.execute(call)
    if (!outcome.needsSignature) return outcome
    const artifact = signArtifact(outcome.artifact, call.executor, sign)
    return { ...outcome, artifact, needsSignature: false }
  }

  apply(call: ApplyCall): Promise<GuestOutcome> {
    return this.#engine.apply(call)
  }

  /** What the record of the root, whose id is the context's, gives when it is hashed. @throws RUNTIME_STATE_CORRUPT (corrupt) */
  async root(context: ContextRef, era: Era): Promise<Uint8Array | undefined> {
    const layouts = layoutsOf(era)
    const key = platform.sha256(concat(INDEX_TAG, context.id))
    const bytes = await this.#store.get(rowKey(COLUMN.state, u32be(context.number), key))
    if (layouts.length === 0) return undefined
    // nothing shows that a module is of the oldest era but what it does not import: its state need not be what that era's is
    const isPresumed = era === 'E1'
    if (bytes === undefined) return isPresumed ? undefined : ZERO_ID
    let failure: unknown
    for (const layout of layouts) {
      try {
        return fullHash(layout, layout.decodeIndex(bytes))
      } catch (error) {
        failure ??= error
      }
    }
    if (isPresumed) return undefined
    const message = `the root record of ${bytes.length} bytes is none of era ${era}`
    const details = { bytes: bytes.length }
    throw runtimeError('RUNTIME_STATE_CORRUPT', 'corrupt', message, details, { cause: failure })
  }

  async *rows(context: ContextRef): AsyncIterable<StateRow> {
    const range = columnRange(COLUMN.state, u32be(context.number))
    for await (const [key, value] of this.#store.iterate(range)) {
      yield { key: key.subarray(range.gte.length), value }
    }
  }

  async *diff(
    context: ContextRef,
    theirs: AsyncIterable<StateRow>,
  ): AsyncIterable<StateDifference> {
    const left = this.rows(context)[Symbol.asyncIterator]()
    const right = theirs[Symbol.asyncIterator]()
    try {
      let ours = await left.next()
      let other = await right.next()
      while (ours.done !== true || other.done !== true) {
        const order =
          ours.done === true
            ? 1
            : other.done === true
              ? -1
              : compareBytes(ours.value.key, other.value.key)
        // `order` is 0 or less only while ours has a row, 0 or more only while theirs has one
        const mine = order <= 0 ? (ours.value as StateRow) : undefined
        const yours = order >= 0 ? (other.value as StateRow) : undefined
        const key = mine?.key ?? yours?.key
        const isEqual =
          mine !== undefined && yours !== undefined && equalBytes(mine.value, yours.value)
        if (!isEqual && key !== undefined) yield { key, ours: mine?.value, theirs: yours?.value }
        if (mine !== undefined) ours = await left.next()
        if (yours !== undefined) other = await right.next()
      }
    } finally {
      await left.return?.()
      await right.return?.()
    }
  }

  forget(context: ContextRef): Promise<void> {
    return this.#engine.forget(context)
  }
}
