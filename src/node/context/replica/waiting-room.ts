/** Deltas that wait: stored with the reason, bounded per author, and their missing parents asked for. */
import { idText, type DeltaId, ZERO_ID } from '../../primitives/ids.ts'
import type { WaitingStatus } from '../../dag/dag.ts'
import { shortHex } from '../../primitives/bytes.ts'
import { DELTA_STATUS, PARK_REASON, type ParkReason } from '../../store/repositories/deltas.ts'
import type { ReceiveResult } from '../../sync/replica.ts'
import { waitingRow } from './commit-batch.ts'
import { contextError } from '../errors.ts'
import type { ReplicaCore } from './replica-core.ts'
import type { Candidate } from './verify.ts'

const STORED_STATUS: Readonly<Record<WaitingStatus, number>> = {
  pending: DELTA_STATUS.pending,
  held: DELTA_STATUS.parked,
  quarantined: DELTA_STATUS.quarantined,
}

/** What is known of a delta that must wait. */
export interface Wait {
  /** @default none */
  readonly reason?: ParkReason
  /** Shown to who asks what it waits for. @default that which the status and the reason say */
  readonly why?: string
  /** Its parents that are not applied, where they were looked for. */
  readonly open?: readonly DeltaId[]
}

export class WaitingRoom {
  readonly #core: ReplicaCore

  constructor(core: ReplicaCore) {
    this.#core = core
  }

  /** Parents that are not applied: all of them, or more than who wrote the delta may still name of those nobody has shown. */
  openParents(
    candidate: Candidate,
    parents: readonly DeltaId[] = candidate.parents,
  ): readonly DeltaId[] {
    const { dag } = this.#core.state
    const isNew = dag.waitingStatus(candidate.id) === undefined
    return dag.openParents(parents, isNew ? dag.roomForUnknown(this.#shareOf(candidate)) : Infinity)
  }

  /** Stores a delta that cannot be applied yet. @throws CONTEXT_BUSY when its author, or everybody, has too many waiting */
  async wait(
    candidate: Candidate,
    status: WaitingStatus,
    { reason = 'none', ...given }: Wait,
  ): Promise<ReceiveResult['status']> {
    const { state, group, c } = this.#core
    const { id, parents, header, bytes } = candidate
    const { why = status === 'pending' ? 'parent' : reason } = given
    const { open = this.openParents(candidate) } = given
    const share = this.#shareOf(candidate)
    const isNew = state.dag.waitingStatus(id) === undefined
    if (isNew && !state.dag.hasRoom(share, bytes.length, open)) {
      c.metrics.refused()
      throw contextError('CONTEXT_BUSY', 'too many deltas wait in this context', {
        context: idText(state.id),
      })
    }
    const { number } = state.ref
    const row = {
      ...waitingRow(candidate),
      status: STORED_STATUS[status],
      reason: PARK_REASON[reason],
    }
    const { hlc, author, sequence } = header
    const node = { id, parents, hlc, author, sequence, share, size: bytes.length }
    // at once, so that what comes with it is judged by it while the disk writes
    if (isNew) state.dag.wait(node, status, why, open)
    try {
      await c.store.batch([
        ...c.deltas.putWaiting(number, id, row),
        c.deltas.putEnvelope(number, id, bytes),
      ])
    } catch (error) {
      if (isNew) state.dag.remove(id)
      throw error
    }
    if (!isNew) state.dag.wait(node, status, why, open)
    c.metrics.waiting(status)
    const keys = reason === 'key' ? [candidate.envelope.sealedEpoch] : []
    for (const epoch of keys) group.keyring.want(epoch)
    this.want([], keys)
    return status === 'held' ? 'parked' : status
  }

  /** One share for all who are no members: keys that nobody admitted cost nothing to make. */
  #shareOf({ member, header: { author } }: Candidate): Uint8Array {
    return this.#core.group.member(member) === undefined ? ZERO_ID : author
  }

  /** Removes a delta whose stored body turned out false, and asks for the true one. */
  async discard(id: DeltaId, error: unknown): Promise<void> {
    const { state, c } = this.#core
    c.logger.warn({ err: error, delta: shortHex(id) }, 'stored delta rejected')
    await c.store.batch(c.deltas.delWaiting(state.ref.number, id))
    state.dag.remove(id)
    this.want([id], [])
  }

  /** Parents that nobody has shown us. */
  unknownParents(candidate: Candidate): readonly DeltaId[] {
    const { dag } = this.#core.state
    return dag
      .openParents(candidate.parents)
      .filter((parent) => dag.waitingStatus(parent) === undefined)
  }

  /** Asks for what is named to nobody: whoever brought a delta is told what it lacks. */
  want(deltas: readonly DeltaId[], keys: readonly number[]): void {
    if (deltas.length > 0 || keys.length > 0) this.#core.events.emit('wanted', { deltas, keys })
  }
}
