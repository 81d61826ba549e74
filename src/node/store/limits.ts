/** Bounds and times of the store. */

/** Longest time between a batch and its safety from power loss, ms. */
export const SYNC_INTERVAL_MS = 50
/** Batches of different callers that are written as one. */
export const MAX_GROUPED_BATCHES = 128
/** Rows removed in one batch when a range is cleared. */
export const CLEAR_BATCH_ROWS = 1_000
/** First wait before a database whose disk refused a batch is looked at, ms; doubled each time. */
export const MEND_MIN_MS = 250
/** Longest of these waits, ms. */
export const MEND_MAX_MS = 15_000
