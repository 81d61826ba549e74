/** What the runtime room counts. */
import type { Counter, Histogram, Metrics } from '../metrics.ts'

export interface RuntimeMetrics {
  /** Labels: `call` execute | apply. */
  readonly seconds: Histogram
  /** Labels: `code` of the error. */
  readonly failures: Counter
  /** Labels: `call`. */
  readonly fuel: Counter
  /** Labels: `reason` deadline | given-up | crash | moved. */
  readonly restarts: Counter
}

export function runtimeMetrics(metrics: Metrics): RuntimeMetrics {
  return {
    seconds: metrics.histogram('merogate_runtime_call_seconds', {
      help: 'Time from asking for a guest call to its outcome, waiting included',
      labels: ['call'],
      buckets: [0.0005, 0.001, 0.002, 0.005, 0.01, 0.05, 0.25, 1, 5],
    }),
    failures: metrics.counter('merogate_runtime_failures_total', {
      help: 'Guest calls that failed, by error code',
      labels: ['code'],
    }),
    fuel: metrics.counter('merogate_runtime_fuel_total', {
      help: 'Fuel used by guest calls, in instrumented operators',
      labels: ['call'],
    }),
    restarts: metrics.counter('merogate_runtime_worker_restarts_total', {
      help: 'Worker threads that were replaced',
      labels: ['reason'],
    }),
  }
}
