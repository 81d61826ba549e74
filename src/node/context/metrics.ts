/** Metrics of the context room. Names keep those that operators of Calimero nodes know, without ids as labels. */
import type { IntentKind } from '../interface.ts'
import type { GaugeReading, Metrics } from '../metrics.ts'

export interface ContextMetrics {
  execution(status: 'success' | 'failure', ms: number): void
  applied(local: boolean): void
  waiting(status: string): void
  refused(): void
  rejected(code: string): void
  mismatch(): void
  fork(): void
  /** Deltas made here that only join heads. */
  merged(count: number): void
  handler(status: 'done' | 'failed'): void
  intentTried(kind: IntentKind, outcome: 'done' | 'later' | 'refused' | 'withdrawn'): void
  /** A replay of a history, whether it changed the state. */
  repair(outcome: 'changed' | 'same' | 'failed'): void
  /** A key epoch that was owed. */
  rotation(status: 'made' | 'failed'): void
  /** A view of members that the anchor contradicts. */
  view(outcome: 'doubted' | 'replaced'): void
}

/** What the gauges read: what waits in all contexts now, each with `status` and `reason`; intents with `kind` and `state`; groups whose next key is to come; groups whose view is in doubt; groups that leave their contract; contexts with another root than a member. */
export interface ContextGauges {
  waiting(): Iterable<GaugeReading>
  intents(): Iterable<GaugeReading>
  rotating(): Iterable<GaugeReading>
  doubtful(): Iterable<GaugeReading>
  moving(): Iterable<GaugeReading>
  divergences(): Iterable<GaugeReading>
}

export function contextMetrics(
  metrics: Metrics,
  { waiting, intents, rotating, doubtful, moving, divergences }: ContextGauges,
): ContextMetrics {
  const executions = metrics.counter('merogate_context_executions_total', {
    help: 'Calls of guest methods by outcome',
    labels: ['status'],
  })
  const duration = metrics.histogram('merogate_context_execution_duration_seconds', {
    help: 'Time of a local call from its turn to its storage',
    labels: ['status'],
    buckets: [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1, 5],
  })
  const applied = metrics.counter('merogate_context_deltas_applied_total', {
    help: 'Deltas stored as applied, by where they came from',
    labels: ['origin'],
  })
  metrics.gauge('merogate_context_waiting_deltas_count', {
    help: 'Deltas that wait now: pending for a parent, parked by what is missing, quarantined by the code of the error',
    labels: ['status', 'reason'],
    collect: waiting,
  })
  const waited = metrics.counter('merogate_context_deltas_waiting_total', {
    help: 'Deltas that had to wait, by status',
    labels: ['status'],
  })
  const refused = metrics.counter('merogate_context_deltas_refused_total', {
    help: 'Deltas not taken in because too many wait',
  })
  const rejected = metrics.counter('merogate_context_deltas_rejected_total', {
    help: 'Envelopes no honest node could have made, by error code',
    labels: ['code'],
  })
  const mismatch = metrics.counter('merogate_context_root_mismatches_total', {
    help: 'Linear applies that ended in another root than the author’s: 0 when all is well',
  })
  const forks = metrics.counter('merogate_context_forked_authors_total', {
    help: 'Authors found to have given one number to two of their deltas: a restored backup, or a lie',
  })
  const merged = metrics.counter('merogate_context_merges_total', {
    help: 'Deltas without operations that this node made to join heads',
  })
  const repairs = metrics.counter('merogate_context_repairs_total', {
    help: 'Replays of a history because roots differ, by whether they changed the state',
    labels: ['outcome'],
  })
  metrics.gauge('merogate_context_divergences', {
    help: 'Contexts whose root differs from that of a member with the same deltas, by what is done about it; diverged: nothing any more',
    labels: ['state'],
    collect: divergences,
  })
  const handlers = metrics.counter('merogate_context_handler_runs_total', {
    help: 'Runs of event handlers by outcome',
    labels: ['status'],
  })
  metrics.gauge('merogate_context_intents', {
    help: 'Work that was begun and is kept until it is done, by kind and state; refused: nobody has looked at it yet',
    labels: ['kind', 'state'],
    collect: intents,
  })
  const tries = metrics.counter('merogate_context_intent_tries_total', {
    help: 'Tries of such work by kind and outcome; later: it is tried again',
    labels: ['kind', 'outcome'],
  })
  metrics.gauge('merogate_group_rotations_pending', {
    help: 'Groups that write nothing until a key comes that somebody who has gone does not have',
    collect: rotating,
  })
  const rotations = metrics.counter('merogate_group_rotations_total', {
    help: 'Key epochs made here because somebody has gone who holds the one before, by outcome',
    labels: ['status'],
  })
  metrics.gauge('merogate_group_views_doubted', {
    help: 'Groups whose anchor contradicts what it said of the members before, while nothing bears it out',
    collect: doubtful,
  })
  const views = metrics.counter('merogate_group_views_total', {
    help: 'Answers of an anchor that contradict what it said of members before: doubted, or the view replaced',
    labels: ['outcome'],
  })
  metrics.gauge('merogate_group_moves_pending', {
    help: 'Groups that are going to leave their contract, or have left it and nobody took them over',
    collect: moving,
  })
  return {
    execution(status, ms) {
      executions.inc({ status })
      duration.observe(ms / 1000, { status })
    },
    applied: (local) => applied.inc({ origin: local ? 'local' : 'peer' }),
    waiting: (status) => waited.inc({ status }),
    refused: () => refused.inc(),
    rejected: (code) => rejected.inc({ code }),
    mismatch: () => mismatch.inc(),
    fork: () => forks.inc(),
    merged: (count) => merged.inc({}, count),
    repair: (outcome) => repairs.inc({ outcome }),
    handler: (status) => handlers.inc({ status }),
    intentTried: (kind, outcome) => tries.inc({ kind, outcome }),
    rotation: (status) => rotations.inc({ status }),
    view: (outcome) => views.inc({ outcome }),
  }
}
