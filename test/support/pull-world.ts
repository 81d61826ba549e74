/** A fetcher over stub peers on a clock that is moved by hand: who is asked for what, what it brings, and how long it takes. */
import type { AuthorHeight } from '../../src/node/codec/frontier.ts'
import { throwIfAborted } from '../../src/node/errors.ts'
import { noMetrics } from '../../src/node/metrics.ts'
import { Background } from '../../src/node/primitives/background.ts'
import { equalBytes, utf8 } from '../../src/node/primitives/bytes.ts'
import { type ContextId, type DeltaId, idKey } from '../../src/node/primitives/ids.ts'
import { silentLogger } from '../../src/node/primitives/logger.ts'
import { syncMetrics } from '../../src/node/sync/metrics.ts'
import { Misbehaviour } from '../../src/node/sync/quotas.ts'
import type { AuthorRange, HistoryPart } from '../../src/node/sync/replica.ts'
import { Fetcher } from '../../src/node/sync/requests/fetcher.ts'
import type { DeltasEnd } from '../../src/node/sync/requests/requests.ts'
import { bytesOf } from './craft-delta.ts'
import { seededRandom } from './hand-clock.ts'
import { ManualClock } from './stepped-clock.ts'
import { StubAnchor, StubReplica } from './stub-replica.ts'

/** One question, as a peer was asked it. */
export interface Question {
  readonly peer: string
  readonly kind: 'frontier' | 'ranges' | 'ids'
  readonly at: number
  /** Numbers by author, of ranges. */
  readonly numbers: readonly string[]
}

type Take = (envelope: Uint8Array) => Promise<void> | void

/** How a peer answers. Each part may be replaced by something an honest peer would not do. */
export interface StubPeer {
  readonly replica: StubReplica
  /** Before the first byte of an answer, ms. */
  latencyMs: number
  frontier(): Promise<readonly AuthorHeight[]> | readonly AuthorHeight[]
  /** Sends the parts of an answer. */
  send(parts: AsyncIterable<HistoryPart>, take: Take, signal: AbortSignal): Promise<DeltasEnd>
}

export class PullWorld {
  readonly context: ContextId
  readonly clock: ManualClock = new ManualClock()
  readonly us: StubReplica
  readonly fetcher: Fetcher
  readonly questions: Question[] = []
  readonly #anchor = new StubAnchor()
  readonly #peers = new Map<string, StubPeer>()

  constructor(context: ContextId) {
    this.context = context
    this.us = this.replica()
    this.us.events.on('delta:applied', ({ delta }) => this.fetcher.applied(context, delta))
    this.fetcher = new Fetcher({
      replica: this.us,
      push: {
        members: () =>
          [...this.#peers.keys()].map((peer) => ({
            peer,
            party: { identity: this.us.identity(context), role: 'writer' as const },
          })),
      },
      requests: {
        frontier: (peer, _context, options) =>
          this.#ask(peer, { kind: 'frontier', numbers: [] }, options?.signal, async (stub) =>
            stub.frontier(),
          ),
        ranges: (peer, _context, ranges, take, options) =>
          this.#ask(
            peer,
            { kind: 'ranges', numbers: textOf(ranges) },
            options?.signal,
            (stub, by) =>
              stub.send(stub.replica.readRanges(context, { ranges, maxBytes: 1 << 20 }), take, by),
          ),
        deltas: (peer, _context, want, have, take, options) =>
          this.#ask(peer, { kind: 'ids', numbers: [] }, options?.signal, (stub, by) =>
            stub.send(stub.replica.read(context, { want, have, maxBytes: 1 << 20 }), take, by),
          ),
      },
      misbehaviour: new Misbehaviour(this.clock),
      clock: this.clock,
      random: seededRandom('pull'),
      logger: silentLogger,
      metrics: syncMetrics(noMetrics),
      background: new Background(silentLogger),
    })
    this.fetcher.start()
  }

  /** Another copy of the context. */
  replica(): StubReplica {
    const replica = new StubReplica(this.#anchor)
    replica.open(this.context)
    return replica
  }

  /** A member that is online and has applied some envelopes. */
  async peer(
    name: string,
    envelopes: readonly Uint8Array[],
    over: Partial<StubPeer> = {},
  ): Promise<StubPeer> {
    const replica = over.replica ?? this.replica()
    for (const envelope of envelopes) await replica.receive(this.context, envelope)
    const peer: StubPeer = {
      ...{ replica, latencyMs: 1, frontier: () => replica.heights(this.context), send: sendAll },
      ...over,
    }
    this.#peers.set(name, peer)
    return peer
  }

  /** A member that is online. */
  stub(name: string): StubPeer {
    const peer = this.#peers.get(name)
    if (peer === undefined) throw new RangeError('no such peer')
    return peer
  }

  /** What a Heads frame of a peer brings about. */
  heads(name: string): void {
    const frontier = this.#peers.get(name)?.replica.frontier(this.context)
    const lacking = (frontier?.heads ?? []).filter((id) => !this.us.isApplied(this.context, id))
    if (lacking.length > 0) this.fetcher.heard(this.context, name, lacking)
  }

  /** Whether we have applied all that a copy has. */
  has(replica: StubReplica): boolean {
    const [ours, theirs] = [this.us.frontier(this.context), replica.frontier(this.context)]
    return ours !== undefined && theirs !== undefined && equalBytes(ours.root, theirs.root)
  }

  /** Moves on until something holds; returns the ms that took. */
  async until(check: () => boolean, maxMs = 60_000): Promise<number> {
    const start = this.clock.monotonicMs()
    for (;;) {
      await settle()
      const now = this.clock.monotonicMs() - start
      if (check()) return now
      if (now > maxMs) throw new TypeError(`did not come true in ${maxMs} ms`)
      this.clock.tick(now < 100 ? 1 : 10)
    }
  }

  /** Questions of one kind. */
  asked(kind: Question['kind'], peer?: string): readonly Question[] {
    return this.questions.filter(
      (question) => question.kind === kind && (peer === undefined || question.peer === peer),
    )
  }

  async #ask<T>(
    peer: string,
    question: Pick<Question, 'kind' | 'numbers'>,
    signal: AbortSignal | undefined,
    answer: (peer: StubPeer, signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    this.questions.push({ peer, at: this.clock.monotonicMs(), ...question })
    const stub = this.#peers.get(peer)
    if (stub === undefined || signal === undefined) throw new TypeError('the peer is gone')
    await new Promise<void>((resolve) => {
      this.clock.after(stub.latencyMs, resolve)
      signal.addEventListener('abort', () => resolve())
    })
    throwIfAborted(signal)
    const aborted = new Promise<never>((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(new TypeError('aborted')))
    })
    return Promise.race([answer(stub, signal), aborted])
  }
}

/** As an honest peer does. */
export async function sendAll(
  parts: AsyncIterable<HistoryPart>,
  take: Take,
  signal: AbortSignal,
): Promise<DeltasEnd> {
  for await (const part of parts) {
    throwIfAborted(signal)
    if ('end' in part) return part.end
    await take(part.envelope)
  }
  throw new TypeError('no end')
}

/** Lets all that is ready run. */
async function settle(): Promise<void> {
  for (let i = 0; i < 3; i++) await new Promise((resolve) => setImmediate(resolve))
}

function textOf(ranges: readonly AuthorRange[]): string[] {
  return ranges.flatMap(({ author, from, to }) =>
    Array.from({ length: Number(to - from) + 1 }, (_, i) => `${idKey(author)}/${Number(from) + i}`),
  )
}

/** `length` deltas by `authors`, in causal order: each builds on its author's last one and on some of the newest of the others. */
export function envelopesOf(
  seed: string,
  length: number,
  authors: number,
  replica: StubReplica,
): Uint8Array[] {
  const random = seededRandom(seed)
  const heads = new Map<number, { id: DeltaId; sequence: bigint }>()
  const envelopes: Uint8Array[] = []
  for (let i = 0; i < length; i++) {
    const author = i === 0 ? 0 : random.below(authors)
    const own = heads.get(author)
    const parents = new Map<string, DeltaId>()
    for (const [other, { id }] of heads) {
      if (other === author || own === undefined || random.below(3) === 0) parents.set(idKey(id), id)
    }
    const sequence = (own?.sequence ?? 0n) + 1n
    const envelope = replica.envelope([...parents.values()], utf8(`${seed} ${i}`), {
      ...{ author: bytesOf(`${seed} author ${author}`), sequence },
    })
    envelopes.push(envelope)
    heads.set(author, { id: replica.idOf(envelope), sequence })
  }
  return envelopes
}
