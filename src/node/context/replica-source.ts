/** The context room as the sync room sees it: the adapter behind the port `sync/replica.ts`. */
import type { Signer } from '../anchor/anchor.ts'
import { pause } from '../anchor/watcher.ts'
import { envelopeCodec } from '../codec/delta.ts'
import type { AuthorHeight } from '../codec/frontier.ts'
import type { GaugeReading } from '../metrics.ts'
import { concat, EMPTY, toHex } from '../primitives/bytes.ts'
import type { Clock, Timer } from '../primitives/clock.ts'
import { Emitter, type Listenable } from '../primitives/emitter.ts'
import { type ContextId, type DeltaId, idKey, type PublicKey } from '../primitives/ids.ts'
import type { Logger } from '../primitives/logger.ts'
import { isRefusedByDisk } from '../store/errors.ts'
import { COLUMN, rowKey, u32be } from '../store/keys.ts'
import type { ContextRows } from '../store/repositories/contexts.ts'
import type { DeltaRows } from '../store/repositories/deltas.ts'
import type { BatchOp, Store } from '../store/store.ts'
import type {
  Frontier,
  KeyGrant,
  Party,
  ReceiveResult,
  ReplicaEvents,
  ReplicaSource,
} from '../sync/replica.ts'
import type { TakenKeys } from './groups/given-keys.ts'
import type { Groups } from './groups/groups.ts'
import {
  type HistoryRequest,
  type RangesRequest,
  readHistory,
  readRanges,
} from './replica/history.ts'
import type { IdentityPool } from './groups/identities.ts'
import type { ContextReplica } from './replica/replica.ts'
import { GRANTS_AT_ONCE } from './limits.ts'

export interface ReplicaSourceComponents {
  readonly store: Store
  readonly rows: Pick<ContextRows, 'isLinked'>
  readonly deltas: DeltaRows
  readonly groups: Pick<Groups, 'acceptKeys'>
  readonly identities: Pick<IdentityPool, 'signer'>
  readonly clock: Clock
  readonly logger: Logger
  background(work: Promise<void>): void
}

/** How often acknowledged frontiers are stored, ms. */
const ACKNOWLEDGE_INTERVAL_MS = 1_000
/** Key epochs asked for at once. */
const MAX_MISSING_EPOCHS = 64
/** Missing ids asked for at once. */
const MAX_MISSING = 3_000

export class ContextReplicas implements ReplicaSource {
  readonly #c: ReplicaSourceComponents
  readonly #emitter: Emitter<ReplicaEvents>
  readonly #replicas = new Map<string, ContextReplica>()
  /** Frontiers to be stored, by context and row. */
  readonly #acknowledged = new Map<string, Map<string, BatchOp>>()
  #flush: Timer | undefined

  constructor(components: ReplicaSourceComponents) {
    this.#c = components
    this.#emitter = new Emitter<ReplicaEvents>(components.logger)
  }

  get events(): Listenable<ReplicaEvents> {
    return this.#emitter
  }

  /** Begins to replicate a context. */
  add(replica: ContextReplica): void {
    const context = replica.state.id
    this.#replicas.set(idKey(context), replica)
    replica.events.on('applied', ({ candidate, local }) => {
      this.#emitter.emit('delta:applied', {
        context,
        delta: candidate.id,
        envelope: candidate.bytes,
        local,
      })
    })
    replica.events.on('wanted', ({ deltas, keys }) => {
      if (deltas.length > 0) this.#emitter.emit('wanted:deltas', { context, ids: deltas })
      if (keys.length > 0) this.#emitter.emit('wanted:keys', { context, epochs: keys })
    })
    replica.events.on('replaced', () => this.#emitter.emit('state:replaced', { context }))
    this.#emitter.emit('context:opened', { context })
  }

  /** Nothing is written from now on. */
  close(): void {
    this.#flush?.cancel()
  }

  /** Stops replicating a context. */
  remove(context: ContextId): void {
    this.#acknowledged.delete(idKey(context))
    if (this.#replicas.delete(idKey(context))) this.#emitter.emit('context:closed', { context })
  }

  membersChanged(context: ContextId, removed: readonly PublicKey[]): void {
    this.#emitter.emit('members:changed', { context, removed })
  }

  /** Members may have the key that is waited for, or a word about one. */
  keysWanted(context: ContextId): void {
    this.#emitter.emit('wanted:keys', { context, epochs: this.missingEpochs(context) })
  }

  keysChanged(context: ContextId): void {
    this.#emitter.emit('keys:changed', { context })
  }

  replica(context: ContextId): ContextReplica | undefined {
    return this.#replicas.get(idKey(context))
  }

  all(): readonly ContextReplica[] {
    return [...this.#replicas.values()]
  }

  /** What waits in all contexts, by status and reason. */
  *waiting(): Iterable<GaugeReading> {
    const sums = new Map<string, number>()
    for (const { state } of this.#replicas.values()) {
      const { pending, held, quarantined } = state.dag.reasons()
      for (const [status, reasons] of Object.entries({ pending, parked: held, quarantined })) {
        for (const [reason, count] of Object.entries(reasons)) {
          const key = `${status} ${reason}`
          sums.set(key, (sums.get(key) ?? 0) + count)
        }
      }
    }
    for (const [key, value] of sums) {
      const [status = '', reason = ''] = key.split(' ')
      yield { value, labels: { status, reason } }
    }
  }

  /** Contexts with another root than a member, by what is done about it. */
  *divergences(): Iterable<GaugeReading> {
    const counts = { suspected: 0, repairing: 0, diverged: 0 }
    for (const { repair } of this.#replicas.values()) {
      if (repair.divergence !== undefined) counts[repair.divergence.state]++
    }
    for (const [state, value] of Object.entries(counts)) yield { value, labels: { state } }
  }

  compared(context: ContextId, peer: string, agrees: boolean): void {
    this.replica(context)?.repair.compared(peer, agrees)
  }

  contexts(): readonly ContextId[] {
    return this.all()
      .filter((replica) => replica.group.owned().length > 0)
      .map((replica) => replica.state.id)
  }

  has(context: ContextId): boolean {
    return this.signer(context) !== undefined
  }

  signer(context: ContextId): Signer | undefined {
    const key = this.replica(context)?.group.owned()[0]
    return key === undefined ? undefined : this.#c.identities.signer(key.publicKey)
  }

  async party(context: ContextId, identity: PublicKey): Promise<Party | undefined> {
    const group = this.replica(context)?.group
    if (group === undefined) return undefined
    if (group.roleOf(identity) === undefined) await group.refreshSoon()
    const role = group.roleOf(identity)
    return role === undefined ? undefined : { identity, role }
  }

  frontier(context: ContextId): Frontier | undefined {
    const replica = this.replica(context)
    if (replica === undefined) return undefined
    const { meta, dag } = replica.state
    return {
      root: meta.root,
      heads: dag.heads,
      applied: meta.applied,
      hlc: meta.hlc,
      epoch: Math.max(replica.group.keyring.newest, 0),
      hash: replica.state.authors.hash,
    }
  }

  heights(context: ContextId): readonly AuthorHeight[] {
    return this.replica(context)?.state.authors.heights ?? []
  }

  height(context: ContextId, author: Uint8Array): bigint {
    return this.replica(context)?.state.authors.row(author).height ?? 0n
  }

  numbers(context: ContextId, author: Uint8Array): Iterable<bigint> {
    return this.replica(context)?.numbers(author) ?? []
  }

  isApplied(context: ContextId, delta: DeltaId): boolean {
    return readable(() => this.replica(context)?.state.isApplied(delta)) ?? false
  }

  knows(context: ContextId, delta: DeltaId): boolean {
    return readable(() => this.replica(context)?.state.dag.status(delta)) !== undefined
  }

  async receive(context: ContextId, envelope: Uint8Array): Promise<ReceiveResult> {
    const replica = this.replica(context)
    if (replica === undefined) {
      return { status: 'invalid', delta: undefined, missing: [], error: 'CONTEXT_NOT_FOUND' }
    }
    return replica.receive(envelope)
  }

  precheck(context: ContextId, envelope: Uint8Array): ReturnType<ReplicaSource['precheck']> {
    return this.replica(context)?.precheck(envelope) ?? 'ignore'
  }

  async *readRanges(
    context: ContextId,
    request: RangesRequest,
  ): ReturnType<ReplicaSource['readRanges']> {
    const number = this.replica(context)?.state.ref.number
    if (number !== undefined) yield* readRanges(this.#c.deltas, number, request)
  }

  landmarks(context: ContextId): readonly DeltaId[] {
    return this.replica(context)?.state.landmarks() ?? []
  }

  async *read(context: ContextId, request: HistoryRequest): ReturnType<ReplicaSource['read']> {
    const number = this.replica(context)?.state.ref.number
    if (number !== undefined) yield* readHistory(this.#c.deltas, number, request)
  }

  announcement(envelope: Uint8Array): Uint8Array {
    return envelopeCodec.encode({ ...envelopeCodec.decode(envelope), sealed: EMPTY })
  }

  async grantKeys(
    context: ContextId,
    recipient: PublicKey,
    epochs: readonly number[],
  ): Promise<readonly KeyGrant[]> {
    const group = this.replica(context)?.group
    // who may make keys is believed about them
    const own = group?.writer() ?? group?.owned()[0]
    const role = group?.roleOf(recipient)
    if (group === undefined || own === undefined || role === undefined || role === 'relay')
      return []
    const giver = this.#c.identities.signer(own.publicKey)
    const wanted = epochs.length === 0 ? group.keyring.epochs : epochs
    const grants: KeyGrant[] = []
    for (let at = 0; at < wanted.length; at += GRANTS_AT_ONCE) {
      if (at > 0) await pause(this.#c.clock, 0, undefined)
      const some = wanted.slice(at, at + GRANTS_AT_ONCE)
      grants.push(...group.keyring.grant(recipient, some, giver, group.view))
    }
    return grants
  }

  async acceptKeys(
    context: ContextId,
    grants: readonly KeyGrant[],
    asked?: readonly number[],
  ): Promise<TakenKeys> {
    const group = this.replica(context)?.group
    if (group === undefined) return { accepted: 0, looked: 0, refused: 0 }
    const taken = await this.#c.groups.acceptKeys(group, grants, asked)
    const { wanted } = group.keyring
    if (wanted.length > 0) this.#emitter.emit('wanted:keys', { context, epochs: wanted })
    return taken
  }

  missingEpochs(context: ContextId): readonly number[] {
    const replica = this.replica(context)
    if (replica === undefined) return []
    const { keyring } = replica.group
    const missing = new Set(keyring.wanted)
    for (let epoch = 0; epoch < keyring.newest && missing.size < MAX_MISSING_EPOCHS; epoch++) {
      if (!keyring.has(epoch)) missing.add(epoch)
    }
    if (keyring.newest < 0) missing.add(0)
    if (replica.group.isRotating) for (const epoch of keyring.doubtful) missing.add(epoch)
    return [...missing]
  }

  missingDeltas(context: ContextId): readonly DeltaId[] {
    return this.replica(context)?.missing(MAX_MISSING) ?? []
  }

  acknowledge(context: ContextId, identity: PublicKey, heads: readonly DeltaId[]): void {
    const number = this.replica(context)?.state.ref.number
    if (number === undefined) return
    const key = rowKey(COLUMN.frontier, u32be(number), identity)
    const rows = this.#acknowledged.get(idKey(context)) ?? new Map<string, BatchOp>()
    rows.set(toHex(key), { type: 'put', key, value: concat(...heads) })
    this.#acknowledged.set(idKey(context), rows)
    // One acknowledgement follows each delta; the row only has to be recent.
    this.#flush ??= this.#c.clock.after(ACKNOWLEDGE_INTERVAL_MS, () => {
      this.#flush = undefined
      const ops = [...this.#acknowledged.values()].flatMap((each) => [...each.values()])
      this.#acknowledged.clear()
      this.#c.background(this.#c.store.batch(ops))
    })
  }

  blobAllowed(context: ContextId, blob: Uint8Array): boolean {
    const number = this.replica(context)?.state.ref.number
    if (number === undefined) return false
    return this.#c.rows.isLinked(number, blob)
  }
}

/** What a look at the database finds; undefined while it cannot be read. What is asked for in vain then is looked for again before it is stored. */
function readable<T>(look: () => T | undefined): T | undefined {
  try {
    return look()
  } catch (error) {
    if (isRefusedByDisk(error)) return undefined
    throw error
  }
}
