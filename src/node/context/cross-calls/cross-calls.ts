/**
 * Makes calls into other contexts of this node, once what asked for them is stored: in order, as one of our identities there, without an answer to who
 * called. What cannot be made, or fails, is told as a failure of the calling context.
 */
import type { SigningKey } from '../../crypto/sign.ts'
import { type MerogateError, toMerogateError } from '../../errors.ts'
import { equalBytes } from '../../primitives/bytes.ts'
import type { Clock } from '../../primitives/clock.ts'
import { ContextId, idText } from '../../primitives/ids.ts'
import type { Logger } from '../../primitives/logger.ts'
import { INTENT_KIND } from '../../store/repositories/intents.ts'
import { checkCall } from '../call-checks.ts'
import { contextError } from '../errors.ts'
import type { Group } from '../groups/group.ts'
import type { Fate } from '../intents/fate.ts'
import type { Intent, Journal, Kept, Run } from '../intents/intent.ts'
import type { Intents } from '../intents/intents.ts'
import type { Queue } from '../intents/queue.ts'
import {
  CROSS_CALL_WAIT_MAX_MS,
  MAX_CROSS_CALL_DEPTH,
  MAX_CROSS_CALL_TRIES,
  MAX_RUNNING_CROSS_CALLS,
} from '../limits.ts'
import type { LocalResult } from '../replica/calls.ts'
import type { ContextReplica } from '../replica/replica.ts'
import { type OwedCalls, owedCalls } from './owed-calls.ts'

export interface CrossCallsComponents {
  readonly intents: Intents
  readonly clock: Clock
  readonly logger: Logger
  /** The contexts of this node. */
  readonly contexts: {
    replica(id: ContextId): ContextReplica | undefined
  }
  /** Begins what a call asked for beside its own state. */
  followUp(replica: ContextReplica, result: LocalResult, executor: SigningKey): void
}

type Owed = OwedCalls['calls'][number]

/** What a context may be able to take a moment later. */
const NOT_NOW: ReadonlySet<string> = new Set([
  'ABORTED',
  'CONTEXT_BUSY',
  'CONTEXT_DELETING',
  'CONTEXT_KEY_PENDING',
  'CONTEXT_UNINITIALIZED',
  'RUNTIME_QUEUE_FULL',
  'RUNTIME_STOPPED',
  'STORE_CLOSED',
  'STORE_FAILED',
  'STORE_UNAVAILABLE',
])

export class CrossCalls {
  readonly #c: CrossCallsComponents
  readonly #journal: Journal<OwedCalls>
  readonly #queue: Queue<OwedCalls, void>

  constructor(components: CrossCallsComponents) {
    this.#c = components
    this.#journal = components.intents.journal(INTENT_KIND.call, owedCalls)
    this.#queue = components.intents.queueIn<OwedCalls, void>(
      {
        kind: 'call',
        maxWaitMs: CROSS_CALL_WAIT_MAX_MS,
        maxRunning: MAX_RUNNING_CROSS_CALLS,
        run: (intent, run) => this.#run(intent, run),
        fate,
        onFailure: (intent, failure, againMs) => this.#note(intent, failure, intent.tries, againMs),
      },
      // a call that left no trace may be made once more
      { ...this.#journal, isRepeatable: true },
    )
  }

  /** Begins with the calls that a result asked for. Their row is stored. */
  begin(caller: ContextReplica, { crossCalls, owed }: LocalResult): void {
    if (owed !== undefined) {
      this.#queue.adopt(owed)
      return
    }
    for (const { contextId, method } of crossCalls) {
      const error = contextError(
        'CALL_TOO_DEEP',
        `expected at most ${MAX_CROSS_CALL_DEPTH} calls from context to context in a row, got one more`,
        { max: MAX_CROSS_CALL_DEPTH },
      )
      caller.failures.note({ what: 'call', error, tries: 1, method, target: contextId })
    }
  }

  async #run(intent: Intent<OwedCalls>, { signal }: Run<void>): Promise<void> {
    const { calls } = intent.body
    for (let next = calls[0]; next !== undefined; next = calls[0]) {
      try {
        await this.#make(intent, next, signal)
      } catch (error) {
        const failure = toMerogateError(error)
        if (signal.aborted || fate(failure, intent) === 'later') throw failure
        this.#note(intent, failure, intent.tries + 1, undefined)
      }
      calls.shift()
    }
    // one that was given up stays to be seen
    const failures = this.#c.contexts.replica(intent.context)?.failures
    if (intent.tries > 0 && failures?.last?.nextTryMs !== undefined) failures.mended('call')
  }

  async #make(intent: Intent<OwedCalls>, call: Owed, signal: AbortSignal): Promise<void> {
    const { contexts, logger } = this.#c
    const { executor: as, application, hops, depth, calls } = intent.body
    const { method } = call
    const caller = contexts.replica(intent.context)
    if (caller === undefined) return
    const target = contexts.replica(ContextId.from(call.context))
    if (target === undefined) {
      const context = idText(ContextId.from(call.context))
      const message = `expected a context of this node to call, got ${context}`
      throw contextError('CONTEXT_NOT_FOUND', message, { context })
    }
    checkCall(method, call.params)
    const isSameGroup = equalBytes(target.group.id, caller.group.id)
    const executor = writerOf(target.group, as)
    const from = { context: intent.context, application, isSameGroup, hops: hops + 1, depth }
    const isLast = calls.length === 1
    const rest = this.#rest(intent, calls.slice(1))
    const settles = [isLast ? this.#journal.del(rest) : this.#journal.put(rest)]
    const input = call.params
    const result = await target.execute({ method, input, executor, from, settles, signal })
    if (isLast) this.#queue.settling(intent)
    logger.debug(
      { context: idText(target.state.id), method, origin: idText(intent.context) },
      'called by another context',
    )
    this.#c.followUp(target, result, executor)
  }

  /** The row that is left when one of the calls is made. */
  #rest({ context, part, body }: Intent<OwedCalls>, calls: Owed[]): Kept<OwedCalls> {
    const nowMs = this.#c.clock.nowMs()
    return {
      ...{ context, part, body: { ...body, calls } },
      ...{ status: 'open', tries: 0, sinceMs: nowMs, nextMs: nowMs, reason: undefined },
    }
  }

  /** Tells of the failure of the next of the calls. */
  #note(
    { context, body }: Intent<OwedCalls>,
    error: MerogateError,
    tries: number,
    againMs: number | undefined,
  ): void {
    const [next] = body.calls
    if (next === undefined) return
    const { method } = next
    const target = ContextId.from(next.context)
    const failures = this.#c.contexts.replica(context)?.failures
    failures?.note({ what: 'call', error, tries, againMs, method, target })
  }
}

/** As whom a context is called: as the caller where it may write there too, as one of ours that may otherwise. */
function writerOf(group: Group, caller: Uint8Array): SigningKey {
  const same = group.owned().find(({ publicKey }) => equalBytes(publicKey, caller))
  const isWriter = same !== undefined && group.roleOf(same.publicKey) === 'writer'
  const key = isWriter ? same : group.writer()
  if (key !== undefined) return key
  throw contextError('CONTEXT_READ_ONLY', 'no identity of this node may write in the context')
}

/** Nobody waits for the call: what it said no to is not asked again, what could not take it now is, a few times. */
function fate({ code }: MerogateError, { tries }: Pick<Intent<OwedCalls>, 'tries'>): Fate {
  return NOT_NOW.has(code) && tries + 1 < MAX_CROSS_CALL_TRIES ? 'later' : 'refused'
}
