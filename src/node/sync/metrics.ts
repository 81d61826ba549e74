/** Metrics of the sync room. */
import type { Counter, Gauge, Metrics } from '../metrics.ts'

export interface SyncMetrics {
  readonly sessions: Gauge
  readonly pushed: Counter
  readonly overflows: Counter
  readonly received: Counter
  readonly gossiped: Counter
  readonly requests: Counter
  readonly served: Counter
  readonly refused: Counter
  readonly protocolErrors: Counter
  readonly wanted: Gauge
  readonly wantedFull: Counter
  readonly rootMismatches: Counter
  readonly blobBytes: Counter
}

/** Declares them once. */
export function syncMetrics(metrics: Metrics): SyncMetrics {
  return {
    sessions: metrics.gauge('merogate_sync_push_streams_count', { help: 'Push streams open' }),
    pushed: metrics.counter('merogate_sync_pushed_deltas_total', {
      help: 'Deltas handed to push streams, once per peer',
    }),
    overflows: metrics.counter('merogate_sync_push_overflows_total', {
      help: 'Times a peer was too slow and its queued deltas were dropped',
    }),
    received: metrics.counter('merogate_sync_received_deltas_total', {
      help: 'Deltas received, by path and by what became of them',
      labels: ['path', 'status'],
    }),
    gossiped: metrics.counter('merogate_sync_gossiped_messages_total', {
      help: 'Messages published, by kind',
      labels: ['kind'],
    }),
    requests: metrics.counter('merogate_sync_requests_total', {
      help: 'Requests sent, by kind and outcome',
      labels: ['kind', 'outcome'],
    }),
    served: metrics.counter('merogate_sync_served_requests_total', {
      help: 'Requests served, by kind and outcome',
      labels: ['kind', 'outcome'],
    }),
    refused: metrics.counter('merogate_sync_refused_joins_total', {
      help: 'Joins refused, by wire error code',
      labels: ['code'],
    }),
    protocolErrors: metrics.counter('merogate_sync_protocol_errors_total', {
      help: 'Streams ended because the other side broke the protocol',
      labels: ['plane'],
    }),
    wanted: metrics.gauge('merogate_sync_wanted_deltas_count', { help: 'Deltas asked for' }),
    wantedFull: metrics.counter('merogate_sync_wanted_dropped_total', {
      help: 'Wanted deltas beyond the limit of their context',
    }),
    rootMismatches: metrics.counter('merogate_sync_root_mismatches_total', {
      help: 'Heads of a peer with our heads and another root',
    }),
    blobBytes: metrics.counter('merogate_sync_blob_received_bytes_total', {
      help: 'Bytes of blobs downloaded from members',
    }),
  }
}
