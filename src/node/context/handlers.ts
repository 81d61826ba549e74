/**
 * Event handlers: each runs once on this node, through the ledger. Its row was written with the delta that carries the event, and is removed with the
 * delta the run produced, so a crash repeats at most a run that left no trace. A run that failed is an intent like any other.
 */
import type { SigningKey } from '../crypto/sign.ts'
import { isMerogateError, type MerogateError } from '../errors.ts'
import { concat } from '../primitives/bytes.ts'
import { type ContextId, DeltaId } from '../primitives/ids.ts'
import { type EventRows, LEDGER_STATUS, type LedgerRow } from '../store/repositories/events.ts'
import { contextError } from './errors.ts'
import { type Fate, fateOf } from './intents/fate.ts'
import type { Intent, Kept, Run } from './intents/intent.ts'
import type { Intents } from './intents/intents.ts'
import type { Queue } from './intents/queue.ts'
import {
  HANDLER_TRIES,
  HANDLER_WAIT_MAX_MS,
  HANDLER_WAIT_MIN_MS,
  INTENT_WAIT_MIN_MS,
  MAX_HANDLER_DEPTH,
  MAX_HANDLER_ROUNDS,
  MAX_RUNNING_HANDLERS,
} from './limits.ts'
import type { ContextMetrics } from './metrics.ts'
import type { LocalResult } from './replica/calls.ts'
import type { LedgerEntry } from './replica/commit-batch.ts'
import type { ContextReplica } from './replica/replica.ts'

export interface HandlersComponents {
  readonly intents: Intents
  readonly events: EventRows
  readonly metrics: ContextMetrics
  replica(context: ContextId): ContextReplica | undefined
  /** Begins what a run asks for beside its state. */
  followUp(replica: ContextReplica, result: LocalResult, executor: SigningKey): void
}

/** A ledger entry, and the local number under which its context keeps it. */
interface HandlerBody extends LedgerEntry {
  readonly number: number
}

export class Handlers {
  readonly #c: HandlersComponents
  readonly #queue: Queue<HandlerBody, void>

  constructor(components: HandlersComponents) {
    this.#c = components
    const { intents, events } = components
    this.#queue = intents.queueIn<HandlerBody, void>(
      {
        kind: 'handler',
        maxWaitMs: HANDLER_WAIT_MAX_MS,
        maxRunning: MAX_RUNNING_HANDLERS,
        run: (intent, run) => this.#run(intent, run),
        minWaitMs: (failure) => (isGuest(failure) ? HANDLER_WAIT_MIN_MS : INTENT_WAIT_MIN_MS),
        fate: handlerFate,
        onFailure: (intent, failure, againMs) => this.#onFailure(intent, failure, againMs),
      },
      {
        load: async () => [], // with each context: see open()
        put: ({ body, ...kept }) =>
          events.putLedger(body.number, body.delta, body.index, rowOf(body.row, kept)),
        del: ({ body }) => events.delLedger(body.number, body.delta, body.index),
        isRepeatable: true,
      },
    )
  }

  /** Runs what the ledger of a context asks for, now and from now on. */
  async open(replica: ContextReplica): Promise<void> {
    const { number } = replica.state.ref
    const take = (entry: LedgerEntry): void => this.#queue.adopt(keptOf(replica, entry))
    replica.events.on('todo', ({ entries }) => entries.forEach(take))
    for (const entry of await this.#c.events.ledger(number)) take(entry)
  }

  /** Something a context lacked is here: runs what waits. */
  wake(context: ContextId): void {
    this.#queue.wakeContext(context)
  }

  /** The context runs another application, which may have the methods that the one before lacked. */
  applicationChanged(context: ContextId): void {
    this.#queue.reopenContext(context)
  }

  async #run(intent: Intent<HandlerBody>, { signal }: Run<void>): Promise<void> {
    const { row, ...entry } = intent.body
    const replica = this.#c.replica(intent.context)
    const method = row.event.handler
    if (replica === undefined || method === undefined || row.depth >= MAX_HANDLER_DEPTH) return
    const executor = replica.group.writer()
    if (executor === undefined) {
      throw contextError('CONTEXT_READ_ONLY', 'no identity of this node may write in the context')
    }
    // a first round of some tries at once, then one at a time
    const tries = intent.tries === 0 ? HANDLER_TRIES : 1
    for (let left = tries; ; left--) {
      try {
        const handlerOf = { ...entry, row }
        const call = { method, input: row.event.data, executor, handlerOf, signal }
        const result = await replica.execute(call)
        // a run that stored a delta settled its entry in that batch
        if (result.delta !== undefined) this.#queue.settling(intent)
        this.#c.followUp(replica, result, executor)
        replica.failures.handled(entry.delta)
        this.#c.metrics.handler('done')
        return
      } catch (error) {
        if (left <= 1 || !isMerogateError(error) || !isGuest(error) || isNoMethod(error))
          throw error
      }
    }
  }

  /** What is not the handler's fault (the context closes, the disk fails) is not told as its failure. */
  #onFailure(
    { context, tries, body }: Intent<HandlerBody>,
    failure: MerogateError,
    againMs: number | undefined,
  ): void {
    if (!isGuest(failure)) return
    this.#c.metrics.handler('failed')
    this.#c.replica(context)?.failures.note({
      what: 'handler',
      error: failure,
      tries: isNoMethod(failure) ? tries : HANDLER_TRIES + tries - 1,
      againMs,
      delta: body.delta,
      method: body.row.event.handler ?? '',
    })
  }
}

function isGuest({ kind }: MerogateError): boolean {
  return kind === 'guest'
}

function isNoMethod({ code }: MerogateError): boolean {
  return code.startsWith('RUNTIME_METHOD_')
}

/** A handler that failed may do better with what others write meanwhile; one that is not there only with another application. */
function handlerFate(failure: MerogateError, { tries }: Intent<HandlerBody>): Fate {
  if (!isGuest(failure)) return fateOf(failure)
  return isNoMethod(failure) || tries + 1 >= MAX_HANDLER_ROUNDS ? 'refused' : 'later'
}

function keptOf({ state }: ContextReplica, entry: LedgerEntry): Kept<HandlerBody> {
  const { delta, index, row } = entry
  const { status, tries, sinceMs, nextMs, code, message } = row
  const suffix = new Uint8Array(2)
  new DataView(suffix.buffer).setUint16(0, index)
  return {
    context: state.id,
    part: concat(delta, suffix),
    body: { delta: DeltaId.from(delta), index, row, number: state.ref.number },
    status: status === LEDGER_STATUS.refused ? 'refused' : 'open',
    tries,
    sinceMs: Number(sinceMs),
    nextMs: Number(nextMs),
    reason: code === '' ? undefined : { code, message },
  }
}

function rowOf(
  row: LedgerRow,
  { status, tries, sinceMs, nextMs, reason }: Omit<Kept<HandlerBody>, 'body'>,
): LedgerRow {
  return {
    ...row,
    status: status === 'refused' ? LEDGER_STATUS.refused : LEDGER_STATUS.todo,
    tries,
    sinceMs: BigInt(Math.floor(sinceMs)),
    nextMs: BigInt(Math.floor(nextMs)),
    code: reason?.code ?? '',
    message: reason?.message ?? '',
  }
}
