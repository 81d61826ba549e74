/**
 * Event handlers of one context: each runs once on this node, through the ledger. Its row was written with the delta that carries the event, and is
 * removed with the delta the run produced, so a crash repeats at most a run that left no trace (sync-protocol.md 11.7).
 */
import { MAX_HANDLER_DEPTH, HANDLER_TRIES } from './limits.ts'
import { toMerogateError } from '../errors.ts'
import type { SigningKey } from '../crypto/sign.ts'
import type { Logger } from '../primitives/logger.ts'
import { type EventRows, LEDGER_STATUS } from '../store/repositories/events.ts'
import type { Store } from '../store/store.ts'
import type { ContextMetrics } from './metrics.ts'
import type { ContextReplica } from './replica/replica.ts'
import type { LocalResult } from './replica/calls.ts'
import type { LedgerEntry } from './replica/commit-batch.ts'

export interface HandlerComponents {
  readonly store: Store
  readonly events: EventRows
  readonly logger: Logger
  readonly metrics: ContextMetrics
  /** Begins what a run asks for beside its state. */
  followUp(result: LocalResult, executor: SigningKey): void
  /** Runs a promise in the node's tracked background. */
  background(work: Promise<void>): void
}

/** Runs what the ledger of a context asks for, now and from now on. */
export async function runHandlers(
  replica: ContextReplica,
  components: HandlerComponents,
): Promise<void> {
  const { events, background } = components
  replica.events.on('todo', ({ entries }) => {
    for (const entry of entries) background(runEntry(replica, entry, components))
  })
  for (const entry of await events.ledger(replica.state.ref.number)) {
    if (entry.row.status === LEDGER_STATUS.todo) background(runEntry(replica, entry, components))
  }
}

async function runEntry(
  replica: ContextReplica,
  entry: LedgerEntry,
  components: HandlerComponents,
): Promise<void> {
  const { store, events, logger, metrics } = components
  const { number } = replica.state.ref
  const settle = (status: number, tries: number): Promise<void> =>
    store.batch([
      events.putLedger(number, entry.delta, entry.index, { ...entry.row, status, tries }),
    ])
  const method = entry.row.event.handler
  const executor = replica.group.writer()
  if (method === undefined || executor === undefined || entry.row.depth >= MAX_HANDLER_DEPTH) {
    await settle(LEDGER_STATUS.failed, entry.row.tries)
    return
  }
  for (let tries = entry.row.tries + 1; tries <= HANDLER_TRIES; tries++) {
    try {
      const result = await replica.execute({
        method,
        input: entry.row.event.data,
        executor,
        handlerOf: entry,
      })
      // A run that stored a delta settled its entry in that batch.
      if (result.delta === undefined) {
        await store.batch([events.delLedger(number, entry.delta, entry.index)])
      }
      components.followUp(result, executor)
      metrics.handler('done')
      return
    } catch (error) {
      const failure = toMerogateError(error)
      if (failure.kind !== 'guest') {
        // Not the handler's fault (the context closes, the disk fails): it stays to be done.
        logger.warn({ code: failure.code, method }, 'event handler postponed')
        return
      }
      const last = tries === HANDLER_TRIES || failure.code.startsWith('RUNTIME_METHOD_')
      await settle(last ? LEDGER_STATUS.failed : LEDGER_STATUS.todo, tries)
      if (last) {
        replica.failures.note({ what: 'handler', error, tries, method, delta: entry.delta })
        break
      }
    }
  }
  metrics.handler('failed')
}
