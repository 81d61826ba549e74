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

export class WaitingRoom {
  readonly #core: ReplicaCore

  constructor(core: ReplicaCore) {
    this.#core = core
  }

  /** Stores a delta that cannot be applied yet; `why` is shown to who asks what it waits for. @throws CONTEXT_BUSY when its author, or everybody, has too many waiting */
  async wait(
    candidate: Candidate,
    status: WaitingStatus,
    reason: ParkReason = 'none',
    why: string = status === 'pending' ? 'parent' : reason,
  ): Promise<ReceiveResult['status']> {
    const { state, group, c } = this.#core
    const { id, parents, header, bytes } = candidate
    // one share for all who are no members: keys that nobody admitted cost nothing to make
    const share = group.member(candidate.member) === undefined ? ZERO_ID : header.author
    const open = state.dag.openParents(parents)
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
