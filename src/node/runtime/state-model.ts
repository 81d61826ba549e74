/**
 * The port between the context room and whoever keeps a module's state. Today there is one: state kept by the guest in rows that are
 * opaque to us but for what the host's rules look at (`GuestKeptState`). State kept by the host comes behind the same port.
 */
import type { ApplyCall, ContextRef, Era, GuestCall, GuestOutcome } from './engine.ts'

/** One stored row of a context's state. */
export interface StateRow {
  readonly key: Uint8Array
  readonly value: Uint8Array
}

/** Where two copies of a state part. `undefined` on the side that has no such row. */
export interface StateDifference {
  readonly key: Uint8Array
  readonly ours: Uint8Array | undefined
  readonly theirs: Uint8Array | undefined
}

/** Signs a digest with the executor's key, for user-owned entries (`artifact/signing.ts`). */
export type ActionSigner = (digest: Uint8Array) => Uint8Array

export interface StateModel {
  /** A local call: guest, then signatures of user-owned actions. The outcome's artefact is ready to be sent. */
  execute(call: GuestCall, sign: ActionSigner): Promise<GuestOutcome>
  /** The effect of another node's payload. */
  apply(call: ApplyCall): Promise<GuestOutcome>
  /** Root recomputed from the stored rows, zero when there are none; `undefined` when those of that era cannot be read. */
  root(context: ContextRef, era: Era): Promise<Uint8Array | undefined>
  /** All rows in key order, from a point-in-time view. */
  rows(context: ContextRef): AsyncIterable<StateRow>
  /** Merge-walk of our rows and another copy's, both in key order. */
  diff(context: ContextRef, theirs: AsyncIterable<StateRow>): AsyncIterable<StateDifference>
  /** See {@link GuestEngine.forget}. */
  forget(context: ContextRef): Promise<void>
}
