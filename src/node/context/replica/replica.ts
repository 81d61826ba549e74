/**
 * One context on this node: local calls and deltas of others go through its serial executor. Network code only enqueues here; nothing else
 * writes the context's rows.
 */
import type { Emitter } from '../../primitives/emitter.ts'
import { type ApplicationId, type DeltaId, idKey } from '../../primitives/ids.ts'
import type { ParkReason } from '../../store/repositories/deltas.ts'
import type { BatchOp } from '../../store/store.ts'
import type { ReceiveResult } from '../../sync/replica.ts'
import { Calls, type LocalCall, type LocalResult } from './calls.ts'
import type { Group } from '../groups/group.ts'
import type { Failures } from './failures.ts'
import { Intake } from './intake.ts'
import { Repair } from './repair.ts'
import { Merging } from './merging.ts'
import { type ContextReplicaEvents, type ReplicaComponents, ReplicaCore } from './replica-core.ts'
import type { ContextState } from './state.ts'

export class ContextReplica {
  readonly #core: ReplicaCore
  readonly #calls: Calls
  readonly #intake: Intake
  readonly #merging: Merging
  readonly repair: Repair

  constructor(state: ContextState, group: Group, components: ReplicaComponents) {
    this.#core = new ReplicaCore(state, group, components)
    this.#calls = new Calls(this.#core)
    this.#intake = new Intake(this.#core)
    this.#merging = new Merging(this.#core)
    this.repair = new Repair(this.#core)
  }

  get state(): ContextState {
    return this.#core.state
  }

  get group(): Group {
    return this.#core.group
  }

  get events(): Emitter<ContextReplicaEvents> {
    return this.#core.events
  }

  /** What failed here while nobody waited for an answer. */
  get failures(): Failures {
    return this.#core.failures
  }

  /** Its rows are damaged; it takes no work. */
  get stopped(): boolean {
    return this.#core.stopped
  }

  /** Runs a method. @throws RUNTIME_*, CONTEXT_*, STORE_*; ABORTED when its signal fired: nothing of it is or will be stored */
  execute(call: LocalCall): Promise<LocalResult> {
    return this.#calls.execute(call)
  }

  /** Runs the app's `init` and stores the first delta, in one batch with the rows that make the context. */
  initialize(call: LocalCall, rows: readonly BatchOp[]): Promise<void> {
    return this.#calls.initialize(call, rows)
  }

  /** Verifies an envelope and applies it when it is its turn. Never throws for bad bytes. */
  receive(envelope: Uint8Array): Promise<ReceiveResult> {
    return this.#intake.receive(envelope)
  }

  /** First half of verification for the gossip validator: no disk beyond one lookup, no guest. */
  precheck(envelope: Uint8Array): 'accept' | 'ignore' | 'stranger' | 'reject' {
    return this.#intake.precheck(envelope)
  }

  /** The context ran this application before, by the anchor's word: what was written then is applied by the present one. */
  supersede(application: ApplicationId): void {
    this.#core.superseded.add(idKey(application))
  }

  /** Something outside the DAG arrived: looks again at every delta that waited for it. */
  async reconsider(...reasons: readonly ParkReason[]): Promise<void> {
    await this.#intake.reconsider(...reasons)
    this.#merging.look()
  }

  /** After a start: looks again at everything that waits, and whether the state is what its root says. */
  async resume(): Promise<void> {
    await this.#intake.resume()
    this.#merging.look()
    await this.repair.check()
  }

  /** Numbers of an author's deltas that are here and not applied: they wait, or are being looked at. */
  *numbers(author: Uint8Array): Iterable<bigint> {
    yield* this.#core.state.dag.numbers(author)
    yield* this.#intake.arriving.of(author)
  }

  /** Ids that peers may have: parents nobody has shown us. */
  missing(limit?: number): readonly DeltaId[] {
    return this.#core.state.dag.missing(limit)
  }

  /** Takes no more work; resolves when what runs is done. */
  close(): Promise<void> {
    this.#intake.close()
    this.#merging.close()
    this.repair.close()
    return this.#core.close()
  }

  /** Runs something alone, between calls and deltas. */
  exclusive<T>(task: () => Promise<T>): Promise<T> {
    return this.#core.run(task)
  }
}
