/**
 * The calling half of a context: local calls run in the guest one after the other, and what they changed becomes deltas of our own. Calls that wait together
 * go to the guest together and are stored in one batch.
 */
import { type DeltaPayload, eventsCodec, type PayloadEvent } from '../../codec/delta.ts'
import type { SigningKey } from '../../crypto/sign.ts'
import { nextHlc } from '../../primitives/hlc.ts'
import { type DeltaId, idText } from '../../primitives/ids.ts'
import type { CrossCall, GuestOutcome, GuestRequest, ModuleInfo } from '../../runtime/engine.ts'
import { INTENT_KIND, intentRows } from '../../store/repositories/intents.ts'
import type { BatchOp } from '../../store/store.ts'
import { checkEntry } from '../cross-calls/entry.ts'
import { type CrossOrigin, owe, type OwedCalls, owedCalls } from '../cross-calls/owed-calls.ts'
import { isBlind, settle } from './apply.ts'
import { makeDelta } from './author.ts'
import type { CommitBatch, LedgerEntry } from './commit-batch.ts'
import { isMerogateError, throwIfAborted, untilAborted } from '../../errors.ts'
import { contextError, keyPending } from '../errors.ts'
import type { Journal, Kept } from '../intents/intent.ts'
import { intentJournal } from '../intents/journal.ts'
import type { Piece } from './executor.ts'
import { MAX_CALL_RUN } from '../limits.ts'
import type { ReplicaCore } from './replica-core.ts'

/** A local call as the executor takes it. */
export interface LocalCall {
  readonly method: string
  readonly input: Uint8Array
  readonly executor: SigningKey
  readonly readOnly?: boolean
  /** Set when a handler runs: the event that called for it. */
  readonly handlerOf?: LedgerEntry
  /** Set when another context calls. */
  readonly from?: CrossOrigin
  /** Rows that go to the disk with what the call changed, or, when that is nothing, by themselves. @default none */
  readonly settles?: readonly BatchOp[]
  /** Whose it is; undefined: nobody's in particular. */
  readonly caller?: string | undefined
  /** Gives the call up, unless its change is being stored by then. */
  readonly signal?: AbortSignal | undefined
}

export interface LocalResult {
  readonly output: Uint8Array | undefined
  readonly logs: readonly string[]
  readonly root: Uint8Array
  readonly delta: DeltaId | undefined
  readonly crossCalls: readonly CrossCall[]
  /** The row of {@link crossCalls}, which is stored; undefined when they are not to be made. */
  readonly owed: Kept<OwedCalls> | undefined
  /** What the guest asked its node to do. */
  readonly requests: readonly GuestRequest[]
}

interface Done {
  readonly piece: Piece<LocalCall, LocalResult>
  readonly outcome: GuestOutcome
  readonly delta: DeltaId | undefined
  readonly owed: Kept<OwedCalls> | undefined
  readonly root: Uint8Array
}

export class Calls {
  /** Runs a method. @throws RUNTIME_*, CONTEXT_*, STORE_*; ABORTED when its signal fired: nothing of it is or will be stored */
  readonly execute: (call: LocalCall) => Promise<LocalResult>
  readonly #core: ReplicaCore
  /** Rows of what is owed. */
  readonly #journal: Journal<OwedCalls>

  constructor(core: ReplicaCore) {
    this.#core = core
    const { store, logger } = core.c
    this.#journal = intentJournal({ rows: intentRows(store), logger }, INTENT_KIND.call, owedCalls)
    const join = core.lane<LocalCall, LocalResult>(MAX_CALL_RUN, (pieces) => this.#process(pieces))
    this.execute = (call) => {
      const { signal, caller } = call
      return this.#sealed(call, () => join(call, { signal, party: caller }))
    }
  }

  /** Runs a call that may write when there is a key to seal under; again when somebody has gone while it waited for its turn. */
  async #sealed(call: LocalCall, run: () => Promise<LocalResult>): Promise<LocalResult> {
    const { group, c } = this.#core
    const mayWrite = call.readOnly !== true && group.roleOf(call.executor.publicKey) === 'writer'
    const { settled } = c.clock
    if (mayWrite && settled !== undefined) await untilAborted(settled, call.signal)
    for (;;) {
      // not in the executor: deltas of others go on meanwhile
      if (mayWrite && group.isRotating) await this.#untilRotated(call)
      try {
        return await run()
      } catch (error) {
        if (!mayWrite || !isMerogateError(error, 'CONTEXT_KEY_PENDING')) throw error
      }
    }
  }

  /** Waits for a key, or until the context is closed, which the executor then says. @throws CONTEXT_KEY_PENDING, ABORTED */
  async #untilRotated({ signal }: LocalCall): Promise<void> {
    const { group, closing } = this.#core
    const either = signal === undefined ? closing : AbortSignal.any([closing, signal])
    try {
      await group.untilRotated({ signal: either })
    } catch (error) {
      throwIfAborted(signal)
      if (!closing.aborted) throw error
    }
  }

  /** Runs the app's `init` and stores the first delta, in one batch with the rows that make the context. */
  initialize(call: LocalCall, rows: readonly BatchOp[]): Promise<void> {
    return this.#core.run(async () => {
      const outcome = await this.#guest(call, await this.#module(), false)
      if (outcome.root === undefined || outcome.artifact.length === 0) {
        throw contextError('CONTEXT_INIT_INVALID', 'the app’s init stored nothing')
      }
      if (outcome.output !== undefined) {
        throw contextError('CONTEXT_INIT_INVALID', 'the app’s init returned a value')
      }
      const batch = this.#core.state.begin()
      this.#stage(batch, call, outcome, rows)
      await this.#core.commit(batch, true)
    })
  }

  async #process(pieces: readonly Piece<LocalCall, LocalResult>[]): Promise<void> {
    if (!this.#core.state.hasState) {
      throw contextError(
        'CONTEXT_UNINITIALIZED',
        'the context has no state yet: wait until a member has sent it',
      )
    }
    const module = await this.#module()
    for (let rest = wanted(pieces); rest.length > 0;) {
      rest = wanted(await this.#run(rest, module))
    }
  }

  /**
   * Runs calls in order and stores them together. When one must be refused after its guest has run, or was given up meanwhile, what ran after it saw what
   * is not to be: those calls are returned, to run again.
   */
  async #run(
    pieces: readonly Piece<LocalCall, LocalResult>[],
    module: ModuleInfo,
  ): Promise<readonly Piece<LocalCall, LocalResult>[]> {
    const { state, c } = this.#core
    const started = c.clock.monotonicMs()
    const running = pieces.map(({ item }, at) => settle(this.#guest(item, module, at > 0)))
    const batch = state.begin()
    const done: Done[] = []
    let refused: { readonly at: number; readonly error: unknown } | undefined
    let again = pieces.length
    let thread: number | undefined
    for (const [at, piece] of pieces.entries()) {
      const settled = await running[at]
      if (settled === undefined) break
      if ('error' in settled) {
        c.metrics.execution('failure', c.clock.monotonicMs() - started)
        piece.reject(settled.error)
        continue
      }
      const outcome = settled.value
      if (isBlind(batch, outcome, thread)) {
        // the thread was lost in between: what ran in the new one did not see what is not stored
        again = at
        break
      }
      thread = outcome.thread
      state.observeTime(outcome.lastNs)
      if (!piece.keep()) {
        // given up while it ran: its caller was told that nothing of it is done
        c.metrics.execution('failure', c.clock.monotonicMs() - started)
        if (!leavesTrace(outcome)) continue
        refused = { at, error: undefined }
        break
      }
      try {
        for (const bytes of outcome.blobContents ?? []) await c.putBlob(bytes)
        const writes = outcome.root !== undefined && piece.item.readOnly !== true
        const delta = writes ? this.#stage(batch, piece.item, outcome) : undefined
        const owed = this.#owe(batch, piece.item, outcome)
        done.push({ piece, outcome, delta, owed, root: batch.meta.root })
      } catch (error) {
        refused = { at, error }
        break
      }
    }
    try {
      await this.#core.commit(batch, true)
    } catch (error) {
      for (const { piece } of done) piece.reject(error)
      throw error
    }
    for (const { piece, outcome, delta, owed, root } of done) {
      const { output, logs, crossCalls, requests = [] } = outcome
      c.metrics.execution('success', c.clock.monotonicMs() - started)
      piece.resolve({ output, logs, crossCalls, owed, requests, delta, root })
    }
    if (refused === undefined && again === pieces.length) return []
    await Promise.all(running)
    await c.model.forget(state.ref)
    if (refused === undefined) return pieces.slice(again)
    pieces[refused.at]?.reject(refused.error)
    return pieces.slice(refused.at + 1)
  }

  async #module(): Promise<ModuleInfo> {
    const module = await this.#core.c.module()
    if (module !== undefined) return module
    const application = idText(this.#core.state.meta.application)
    throw contextError('CONTEXT_UNINITIALIZED', 'the context’s application is not here yet', {
      application,
    })
  }

  async #guest(call: LocalCall, module: ModuleInfo, follows: boolean): Promise<GuestOutcome> {
    const { state, c, clockLane } = this.#core
    const { from } = call
    if (from !== undefined) {
      const { application } = state.meta
      checkEntry({ context: state.id, application }, module, call.method, from)
    }
    return c.model.execute(
      {
        context: state.ref,
        module: module.hash,
        executor: call.executor.publicKey,
        method: call.method,
        input: call.input,
        seenNs: state.meta.seenNs,
        lane: clockLane,
        readOnly: call.readOnly === true,
        follows,
        members: this.#core.members(module),
        signal: call.signal,
        aliases: this.#core.aliases(module),
        ...(from === undefined ? {} : { origin: from.context }),
      },
      (digest) => call.executor.sign(digest),
    )
  }

  /** Adds what the call settles, and what is owed for its calls into other contexts. */
  #owe(
    batch: CommitBatch,
    call: LocalCall,
    { crossCalls }: GuestOutcome,
  ): Kept<OwedCalls> | undefined {
    const { state, c } = this.#core
    const { executor, from, settles = [] } = call
    const owed = owe(crossCalls, {
      context: state.id,
      application: state.meta.application,
      executor: executor.publicKey,
      from,
      depth: depthOf(call),
      nowMs: c.clock.nowMs(),
      part: () => c.random.bytes(32),
    })
    batch.also([...settles, ...(owed === undefined ? [] : [this.#journal.put(owed)])])
    return owed
  }

  /** Makes the delta of an outcome: a delta of our own never meets the guest again. @throws CONTEXT_READ_ONLY, CONTEXT_EMPTY_ARTIFACT, CALL_TOO_LARGE */
  #stage(
    batch: CommitBatch,
    call: LocalCall,
    outcome: GuestOutcome,
    rows: readonly BatchOp[] = [],
  ): DeltaId {
    const { state, group, c } = this.#core
    const { executor, handlerOf } = call
    const role = group.roleOf(executor.publicKey)
    if (role !== 'writer') {
      throw contextError(
        'CONTEXT_READ_ONLY',
        `expected a writer, ${idText(executor.publicKey)} is ${role === undefined ? 'no member' : `a ${role}`}`,
      )
    }
    if (outcome.artifact.length === 0) {
      throw contextError(
        'CONTEXT_EMPTY_ARTIFACT',
        'the app changed its state without saying how: nothing was stored',
      )
    }
    const events: PayloadEvent[] = outcome.events.map(({ kind, data, handler }) => ({
      kind,
      data,
      handler,
    }))
    if (group.isRotating) throw keyPending(group.id, group.sealFrom)
    const payload: DeltaPayload = {
      application: state.meta.application,
      appPayload: outcome.artifact,
      events: eventsCodec.encode(events),
      authorRoot: outcome.root ?? batch.meta.root,
      causedBy:
        handlerOf === undefined ? undefined : { delta: handlerOf.delta, event: handlerOf.index },
      depth: depthOf(call),
    }
    const candidate = makeDelta(
      {
        context: state.id,
        author: executor,
        keyring: group.keyring,
        sealFrom: group.sealFrom,
        membersRevision: group.membersRevision,
        hlc: nextHlc(executor.publicKey, c.clock.nowNs(), batch.meta.hlc, outcome.lastNs),
        heads: batch.heads,
        own: batch.author(executor.publicKey),
        payload,
      },
      c.random,
    )
    const commit = { candidate, payload, events, outcome, settles: handlerOf }
    batch.add(this.#core.commitOf(commit, true), rows)
    return candidate.id
  }
}

/** How deep its delta lies: handlers and calls between contexts that call forth each other are counted alike. */
function depthOf({ handlerOf, from }: LocalCall): number {
  const before = handlerOf?.row.depth ?? from?.depth
  return before === undefined ? 0 : before + 1
}

/** Those whose callers still wait. */
function wanted<I, R>(pieces: readonly Piece<I, R>[]): readonly Piece<I, R>[] {
  return pieces.filter((piece) => !piece.isGivenUp)
}

/** Whether the guest's thread remembers something of a call that is not stored. */
function leavesTrace({ root, privateWrites, indexWrites = [] }: GuestOutcome): boolean {
  return root !== undefined || privateWrites.length + indexWrites.length > 0
}
