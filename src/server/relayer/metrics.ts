/** What the relayer counts. */
import type { Counter, Gauge, Metrics } from '../../node/metrics.ts'

export interface RelayerMetrics {
  readonly requests: Counter
  readonly operations: Counter
  readonly cost: Counter
  readonly underWay: Gauge
}

export function relayerMetrics(metrics: Metrics): RelayerMetrics {
  return {
    requests: metrics.counter('merogate_relayer_requests_total', {
      help: 'Operations that were asked for, by the answer: taken, known, refused, or an error code',
      labels: ['answer'],
    }),
    operations: metrics.counter('merogate_relayer_operations_total', {
      help: 'Operations that were taken, by what became of them: mined, refused, failed',
      labels: ['outcome'],
    }),
    cost: metrics.counter('merogate_relayer_cost_total', {
      help: 'What the transactions sent for others may cost, in the unit of the chain, as it counts against the budget',
      labels: ['chain', 'network', 'unit'],
    }),
    underWay: metrics.gauge('merogate_relayer_under_way_count', {
      help: 'Operations that are tried out or not yet in a block',
    }),
  }
}
