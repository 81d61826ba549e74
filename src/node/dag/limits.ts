/** Bounds of one context's DAG in memory. */

/** Deltas waiting in one context, whatever for. */
export const MAX_WAITING_DELTAS = 10_000
/** Their envelopes together, bytes. */
export const MAX_WAITING_BYTES: number = 64 << 20
/** One author's share of both. */
export const MAX_AUTHOR_SHARE = 0.25
