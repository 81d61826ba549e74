/** What the auth room counts. */
import type { Counter, Gauge, Metrics } from '../node/metrics.ts'

export interface AuthMetrics {
  readonly signIns: Counter
  readonly refreshes: Counter
  readonly verifications: Counter
  readonly challenges: Gauge
}

/** `challenges` says how many wait for an answer. */
export function authMetrics(metrics: Metrics, challenges: () => number): AuthMetrics {
  return {
    signIns: metrics.counter('merogate_auth_sign_ins_total', {
      help: 'Attempts to sign in, by method and what became of them: taken, refused, locked, failed',
      labels: ['method', 'outcome'],
    }),
    refreshes: metrics.counter('merogate_auth_refreshes_total', {
      help: 'Refreshes that were asked for: done, refused, reused',
      labels: ['outcome'],
    }),
    verifications: metrics.counter('merogate_auth_verifications_total', {
      help: 'Access tokens that were looked at: remembered, verified, refused',
      labels: ['outcome'],
    }),
    challenges: metrics.gauge('merogate_auth_challenges_count', {
      help: 'Challenges that wait for an answer',
      collect: () => [{ value: challenges() }],
    }),
  }
}
