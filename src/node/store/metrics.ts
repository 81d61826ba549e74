/** Metrics of the store room. */
import type { Metrics } from '../metrics.ts'

export interface StoreMetrics {
  refused(): void
  mended(): void
  available(is: boolean): void
}

export function storeMetrics(metrics: Metrics): StoreMetrics {
  const refused = metrics.counter('merogate_store_refused_batches_total', {
    help: 'Batches that the disk refused: the database was closed and opened again after each',
  })
  const mended = metrics.counter('merogate_store_recoveries_total', {
    help: 'Times the database took batches again, after it was opened again and compared',
  })
  const available = metrics.gauge('merogate_store_available', {
    help: '1 while batches are taken, 0 from a refused one until the database was compared',
  })
  return {
    refused: () => refused.inc(),
    mended: () => mended.inc(),
    available: (is) => available.set(is ? 1 : 0),
  }
}
