/** A replica that is a set of deltas with parents: what the sync room needs to be tested without guests, stores and anchors. */
import type { Role, Signer } from '../../src/node/anchor/anchor.ts'
import {
  type AuthorHeight,
  digestWith,
  frontierHash,
  NO_DIGEST,
} from '../../src/node/codec/frontier.ts'
import { generateSigningKey } from '../../src/node/crypto/sign.ts'
import { compareBytes, concat } from '../../src/node/primitives/bytes.ts'
import { Emitter } from '../../src/node/primitives/emitter.ts'
import { sha256 } from '../../src/node/primitives/hash.ts'
import { ContextId, DeltaId, idKey, type PublicKey } from '../../src/node/primitives/ids.ts'
import { u64be } from '../../src/node/store/keys.ts'
import { systemRandom } from '../../src/node/primitives/clock.ts'
import type {
  AuthorNumber,
  AuthorRange,
  Frontier,
  HistoryPart,
  KeyGrant,
  Party,
  ReceiveResult,
  ReplicaEvents,
  ReplicaSource,
} from '../../src/node/sync/replica.ts'

/** Who is a member of what: the same object for all nodes of a test, as an anchor is. */
export class StubAnchor {
  readonly #members = new Map<string, Role>()

  admit(context: ContextId, identity: PublicKey, role: Role = 'writer'): void {
    this.#members.set(idKey(context) + idKey(identity), role)
  }

  remove(context: ContextId, identity: PublicKey): void {
    this.#members.delete(idKey(context) + idKey(identity))
  }

  role(context: ContextId, identity: PublicKey): Role | undefined {
    return this.#members.get(idKey(context) + idKey(identity))
  }
}

interface StubDelta {
  readonly number: AuthorNumber
  readonly id: DeltaId
  readonly parents: readonly DeltaId[]
  readonly envelope: Uint8Array
}

interface StubContext {
  readonly signer: Signer
  readonly known: Map<string, StubDelta>
  readonly applied: Map<string, StubDelta>
  readonly wanted: Map<string, DeltaId>
  heads: readonly DeltaId[]
  readonly epochs: Set<number>
  readonly blobs: Set<string>
  readonly acknowledged: Map<string, readonly DeltaId[]>
}

// announced u8, count of parents u8, author, sequence u64, parents, body
const SHAPE_BYTES = 42

function encode(
  parents: readonly DeltaId[],
  body: Uint8Array,
  { author, sequence }: AuthorNumber,
): Uint8Array {
  return concat(Uint8Array.of(0, parents.length), author, u64be(sequence), ...parents, body)
}

function decode(envelope: Uint8Array): StubDelta & { announced: boolean } {
  const count = envelope[1]
  if (count === undefined || (envelope[0] as number) > 1) throw new TypeError('not a stub delta')
  if (envelope[0] === 1) {
    const id = DeltaId.from(envelope.subarray(2))
    const number = { author: new Uint8Array(32), sequence: 0n }
    return { id, number, parents: [], envelope, announced: true }
  }
  const view = new DataView(envelope.buffer, envelope.byteOffset)
  const number = { author: envelope.slice(2, 34), sequence: view.getBigUint64(34) }
  const parents: DeltaId[] = []
  for (let i = 0; i < count; i++) {
    parents.push(DeltaId.from(envelope.subarray(SHAPE_BYTES + 32 * i, SHAPE_BYTES + 32 * (i + 1))))
  }
  return { id: DeltaId.from(sha256(envelope)), number, parents, envelope, announced: false }
}

export class StubReplica implements ReplicaSource {
  readonly events: Emitter<ReplicaEvents> = new Emitter()
  readonly #anchor: StubAnchor
  readonly #contexts = new Map<string, StubContext>()
  readonly #ids = new Map<string, ContextId>()
  /** Heights as they were when so many deltas were applied. */
  readonly #counted = new WeakMap<
    StubContext,
    { applied: number; heights: ReadonlyMap<string, AuthorHeight> }
  >()
  /** How many envelopes came in, and how many of them were known. */
  readonly counts: { received: number; duplicates: number; read: number } = {
    received: 0,
    duplicates: 0,
    read: 0,
  }

  /** What peers with the same deltas were compared with, and whether they agreed. */
  readonly comparisons: boolean[] = []

  compared(_context: ContextId, _peer: string, agrees: boolean): void {
    this.comparisons.push(agrees)
  }

  constructor(anchor: StubAnchor) {
    this.#anchor = anchor
  }

  /** Replicates a context under a new identity, which is admitted unless told otherwise. */
  open(
    context: ContextId,
    options: { role?: Role | undefined; admit?: boolean; signer?: Signer } = {},
  ): PublicKey {
    const signer = options.signer ?? generateSigningKey()
    if (options.admit !== false) this.#anchor.admit(context, signer.publicKey, options.role)
    this.#ids.set(idKey(context), context)
    this.#contexts.set(idKey(context), {
      signer,
      known: new Map(),
      applied: new Map(),
      wanted: new Map(),
      heads: [],
      epochs: new Set(),
      blobs: new Set(),
      acknowledged: new Map(),
    })
    this.events.emit('context:opened', { context })
    return signer.publicKey
  }

  close(context: ContextId): void {
    this.#contexts.delete(idKey(context))
    this.#ids.delete(idKey(context))
    this.events.emit('context:closed', { context })
  }

  /** Writes a delta on top of the heads, as a local call does. */
  write(context: ContextId, body: Uint8Array): DeltaId {
    const state = this.#state(context)
    const delta = decode(encode(state.heads, body, this.#next(state)))
    this.#apply(context, state, delta, true)
    return delta.id
  }

  /** Stores a delta without a word to anybody, as if it had been written while the network was away. */
  writeSilently(context: ContextId, body: Uint8Array): DeltaId {
    const state = this.#state(context)
    const delta = decode(encode(state.heads, body, this.#next(state)))
    this.#store(state, delta)
    return delta.id
  }

  /** An envelope on top of parents of one's choice. */
  envelope(
    parents: readonly DeltaId[],
    body: Uint8Array,
    number: AuthorNumber = { author: new Uint8Array(32), sequence: 1n },
  ): Uint8Array {
    return encode(parents, body, number)
  }

  /** The id of an envelope. */
  idOf(envelope: Uint8Array): DeltaId {
    return decode(envelope).id
  }

  /** Our key in a context. */
  identity(context: ContextId): PublicKey {
    return this.#state(context).signer.publicKey
  }

  addEpoch(context: ContextId, epoch: number): void {
    this.#state(context).epochs.add(epoch)
    this.events.emit('keys:changed', { context })
  }

  allowBlob(context: ContextId, blob: Uint8Array): void {
    this.#state(context).blobs.add(idKey(blob))
  }

  acknowledged(context: ContextId, identity: PublicKey): readonly DeltaId[] | undefined {
    return this.#state(context).acknowledged.get(idKey(identity))
  }

  epochs(context: ContextId): readonly number[] {
    return [...this.#state(context).epochs]
  }

  has(context: ContextId): boolean {
    return this.#contexts.has(idKey(context))
  }

  contexts(): readonly ContextId[] {
    return [...this.#ids.values()]
  }

  signer(context: ContextId): Signer | undefined {
    return this.#contexts.get(idKey(context))?.signer
  }

  party(context: ContextId, identity: PublicKey): Promise<Party | undefined> {
    const role = this.#anchor.role(context, identity)
    return Promise.resolve(role === undefined ? undefined : { identity, role })
  }

  frontier(context: ContextId): Frontier | undefined {
    const state = this.#contexts.get(idKey(context))
    if (state === undefined || state.applied.size === 0) return undefined
    return {
      root: sha256(...[...state.applied.values()].map(({ id }) => id).sort(compareBytes)),
      heads: state.heads,
      applied: BigInt(state.applied.size),
      hlc: new Uint8Array(24),
      epoch: Math.max(0, ...state.epochs),
      hash: frontierHash(this.heights(context)),
    }
  }

  heights(context: ContextId): readonly AuthorHeight[] {
    return [...this.#heights(context).values()].sort((a, b) => compareBytes(a.author, b.author))
  }

  #heights(context: ContextId): ReadonlyMap<string, AuthorHeight> {
    const state = this.#contexts.get(idKey(context))
    if (state === undefined) return new Map()
    const known = this.#counted.get(state)
    if (known !== undefined && known.applied === state.applied.size) return known.heights
    const heights = new Map<string, AuthorHeight>()
    for (const { id, number } of state.applied.values()) {
      const { author, sequence } = number
      const { height, digest } = heights.get(idKey(author)) ?? { height: 0n, digest: NO_DIGEST }
      heights.set(idKey(author), {
        author,
        height: sequence > height ? sequence : height,
        digest: digestWith(digest, id),
      })
    }
    this.#counted.set(state, { applied: state.applied.size, heights })
    return heights
  }

  height(context: ContextId, author: Uint8Array): bigint {
    return this.#heights(context).get(idKey(author))?.height ?? 0n
  }

  numbers(context: ContextId, author: Uint8Array): readonly bigint[] {
    const { known, applied } = this.#state(context)
    if (known.size === applied.size) return []
    const waiting = [...known].filter(([key]) => !applied.has(key))
    return waiting.flatMap(([, { number }]) =>
      idKey(number.author) === idKey(author) ? [number.sequence] : [],
    )
  }

  isApplied(context: ContextId, delta: DeltaId): boolean {
    return this.#contexts.get(idKey(context))?.applied.has(idKey(delta)) ?? false
  }

  landmarks(context: ContextId): readonly DeltaId[] {
    const { heads, applied } = this.#state(context)
    const order = [...applied.values()]
    const marks = [...heads]
    for (let back = 1; back < order.length; back *= 2) {
      const mark = order.at(-1 - back)
      if (mark !== undefined) marks.push(mark.id)
    }
    return marks
  }

  async *readRanges(
    context: ContextId,
    request: { ranges: readonly AuthorRange[]; maxBytes: number },
  ): AsyncGenerator<HistoryPart> {
    const isAsked = ({ author, sequence }: AuthorNumber): boolean =>
      request.ranges.some(
        (range) =>
          idKey(range.author) === idKey(author) && range.from <= sequence && sequence <= range.to,
      )
    const asked = [...this.#state(context).applied.values()].filter(({ number }) => isAsked(number))
    yield* this.#envelopes(asked, request.maxBytes, [])
  }

  knows(context: ContextId, delta: DeltaId): boolean {
    return this.#contexts.get(idKey(context))?.known.has(idKey(delta)) ?? false
  }

  receive(context: ContextId, envelope: Uint8Array): Promise<ReceiveResult> {
    this.counts.received++
    return Promise.resolve(this.#receive(context, envelope))
  }

  precheck(context: ContextId, envelope: Uint8Array): 'accept' | 'ignore' | 'reject' {
    try {
      return this.knows(context, decode(envelope).id) ? 'ignore' : 'accept'
    } catch {
      return 'reject'
    }
  }

  async *read(
    context: ContextId,
    request: {
      want: readonly DeltaId[]
      have: readonly DeltaId[]
      maxBytes: number
      signal?: AbortSignal
    },
  ): AsyncGenerator<HistoryPart> {
    const { applied } = this.#state(context)
    const skip = this.#ancestors(applied, request.have)
    const send = this.#ancestors(applied, request.want)
    // applied in order, so parents come first
    const asked = [...applied].filter(([key]) => send.has(key) && !skip.has(key))
    const unknown = request.want.filter((id) => !applied.has(idKey(id)))
    yield* this.#envelopes(
      asked.map(([, delta]) => delta),
      request.maxBytes,
      unknown,
    )
  }

  *#envelopes(
    deltas: readonly StubDelta[],
    maxBytes: number,
    unknown: readonly DeltaId[],
  ): Generator<HistoryPart> {
    let bytes = 0
    for (const { envelope } of deltas) {
      if (bytes > 0 && bytes + envelope.length > maxBytes) {
        yield { end: { more: true, unknown, pruned: [] } }
        return
      }
      bytes += envelope.length
      this.counts.read++
      yield { envelope }
    }
    yield { end: { more: false, unknown, pruned: [] } }
  }

  #next(state: StubContext): AuthorNumber {
    const author = state.signer.publicKey
    const own = [...state.applied.values()].filter(
      ({ number }) => idKey(number.author) === idKey(author),
    )
    return { author, sequence: BigInt(own.length + 1) }
  }

  announcement(envelope: Uint8Array): Uint8Array {
    return concat(Uint8Array.of(1, 0), sha256(envelope))
  }

  grantKeys(
    context: ContextId,
    recipient: PublicKey,
    epochs: readonly number[],
  ): Promise<readonly KeyGrant[]> {
    const { signer, epochs: held } = this.#state(context)
    const granted = [...held].filter((epoch) => epochs.length === 0 || epochs.includes(epoch))
    return Promise.resolve(
      granted.map((epoch) => ({
        epoch,
        madeAt: 1n,
        coversTo: 1n,
        sealed: concat(recipient, Uint8Array.of(epoch)),
        giver: signer.publicKey,
        signature: new Uint8Array(64),
      })),
    )
  }

  acceptKeys(
    context: ContextId,
    grants: readonly KeyGrant[],
  ): ReturnType<ReplicaSource['acceptKeys']> {
    const { epochs } = this.#state(context)
    const fresh = grants.filter(({ epoch }) => !epochs.has(epoch))
    for (const { epoch } of fresh) epochs.add(epoch)
    if (fresh.length > 0) this.events.emit('keys:changed', { context })
    return Promise.resolve({ accepted: fresh.length, looked: grants.length, refused: 0 })
  }

  /** Set by a test that wants keys asked for. */
  needEpochs: readonly number[] = []

  missingEpochs(context: ContextId): readonly number[] {
    const { epochs } = this.#state(context)
    return this.needEpochs.filter((epoch) => !epochs.has(epoch))
  }

  missingDeltas(context: ContextId): readonly DeltaId[] {
    return [...(this.#contexts.get(idKey(context))?.wanted.values() ?? [])]
  }

  acknowledge(context: ContextId, identity: PublicKey, heads: readonly DeltaId[]): void {
    this.#state(context).acknowledged.set(idKey(identity), heads)
  }

  blobAllowed(context: ContextId, blob: Uint8Array): boolean {
    return this.#contexts.get(idKey(context))?.blobs.has(idKey(blob)) ?? false
  }

  /** Envelopes applied, in the order of application. */
  envelopes(context: ContextId): readonly Uint8Array[] {
    return [...this.#state(context).applied.values()].map(({ envelope }) => envelope)
  }

  /** Bodies applied, in the order of application. */
  bodies(context: ContextId): readonly Uint8Array[] {
    return [...this.#state(context).applied.values()].map(({ parents, envelope }) =>
      envelope.subarray(SHAPE_BYTES + 32 * parents.length),
    )
  }

  #state(context: ContextId): StubContext {
    const state = this.#contexts.get(idKey(context))
    if (state === undefined) throw new TypeError('context is not open')
    return state
  }

  #receive(context: ContextId, envelope: Uint8Array): ReceiveResult {
    const state = this.#state(context)
    let delta: StubDelta & { announced: boolean }
    try {
      delta = decode(envelope)
    } catch {
      return { status: 'invalid', delta: undefined, missing: [], error: 'DELTA_INVALID' }
    }
    const { id, number } = delta
    if (state.known.has(idKey(id))) {
      this.counts.duplicates++
      return { status: 'duplicate', delta: id, number, missing: [] }
    }
    if (delta.announced) {
      state.wanted.set(idKey(id), id)
      return { status: 'announced', delta: id, missing: [id] }
    }
    state.known.set(idKey(id), delta)
    state.wanted.delete(idKey(id))
    if (!this.#ready(state, delta)) {
      const missing = delta.parents.filter((parent) => !state.known.has(idKey(parent)))
      for (const parent of missing) state.wanted.set(idKey(parent), parent)
      return { status: 'pending', delta: id, number, missing }
    }
    this.#apply(context, state, delta, false)
    this.#cascade(context, state)
    return { status: 'applied', delta: id, number, missing: [] }
  }

  #cascade(context: ContextId, state: StubContext): void {
    for (let again = true; again;) {
      again = false
      for (const [key, delta] of state.known) {
        if (state.applied.has(key) || !this.#ready(state, delta)) continue
        this.#apply(context, state, delta, false)
        again = true
      }
    }
  }

  #ready(state: StubContext, { parents }: StubDelta): boolean {
    return parents.every((parent) => state.applied.has(idKey(parent)))
  }

  #apply(context: ContextId, state: StubContext, delta: StubDelta, local: boolean): void {
    this.#store(state, delta)
    this.events.emit('delta:applied', { context, delta: delta.id, envelope: delta.envelope, local })
  }

  #store(state: StubContext, delta: StubDelta): void {
    const parents = new Set(delta.parents.map(idKey))
    state.known.set(idKey(delta.id), delta)
    state.applied.set(idKey(delta.id), delta)
    state.heads = [...state.heads.filter((head) => !parents.has(idKey(head))), delta.id].sort(
      compareBytes,
    )
  }

  #ancestors(
    applied: ReadonlyMap<string, StubDelta>,
    from: readonly DeltaId[],
  ): ReadonlySet<string> {
    const found = new Set<string>()
    const queue = from.map(idKey)
    for (let key = queue.pop(); key !== undefined; key = queue.pop()) {
      const delta = applied.get(key)
      if (delta === undefined || found.has(key)) continue
      found.add(key)
      queue.push(...delta.parents.map(idKey))
    }
    return found
  }
}

/** A new context's id. */
export function newContext(): ContextId {
  return ContextId.from(systemRandom.bytes(32))
}
