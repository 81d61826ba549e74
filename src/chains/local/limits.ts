/** Bounds of the service and its client. */

/** Bytes of a request body: an envelope of 8 KiB and a signature in hexadecimal, and their names. */
export const MAX_REQUEST_BYTES: number = 20 * 1024
/** Bytes of an answer that the client reads: the largest holds 1000 changes, 100 members or 32 releases. */
export const MAX_ANSWER_BYTES: number = 1024 * 1024
/** Longest time a question for changes stays open, ms. */
export const MAX_WAIT_MS = 30_000
/** Questions for changes that stay open at one time. */
export const MAX_WATCHERS = 256
/** Connections at one time. */
export const MAX_CONNECTIONS = 1024
/** Time for a request to arrive whole, ms. */
export const REQUEST_TIMEOUT_MS = 10_000
/** Time the client gives an answer, on top of the time it asked to wait, ms. */
export const ANSWER_TIMEOUT_MS = 10_000
