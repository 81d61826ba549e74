/** Bounds of one context's DAG in memory. */

/** Deltas waiting in one context, whatever for. */
export const MAX_WAITING_DELTAS = 10_000
/** Their envelopes together, bytes. */
export const MAX_WAITING_BYTES: number = 64 << 20
/** Parents that deltas of one author name, that wait, and that nobody has shown: what is more is not kept, and asked for again. */
export const MAX_AUTHOR_UNKNOWN_PARENTS = 4_096
/** One author's share of both. */
export const MAX_AUTHOR_SHARE = 0.25
