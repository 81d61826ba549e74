/** Metrics of the blob room. */
import type { Counter, Gauge, Histogram, Metrics } from '../metrics.ts'

export interface BlobMetrics {
  readonly stored: Gauge
  readonly put: Counter
  readonly putSeconds: Histogram
  readonly corrupt: Counter
}

export function blobMetrics(metrics: Metrics): BlobMetrics {
  return {
    stored: metrics.gauge('merogate_blobs_stored_bytes', {
      help: 'Bytes of all blobs; a chunk that several share counts for each',
    }),
    put: metrics.counter('merogate_blobs_put_bytes', { help: 'Bytes taken into the store' }),
    putSeconds: metrics.histogram('merogate_blobs_put_seconds', {
      help: 'Time to take one blob, its source included',
    }),
    corrupt: metrics.counter('merogate_blobs_corrupt_chunks', {
      help: 'Chunks that were missing or damaged when they were read',
    }),
  }
}
