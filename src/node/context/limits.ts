/** Bounds and times of the context room. */

/** Local calls that go to the guest together when they wait. */
export const MAX_CALL_GROUP = 16
/** Deltas of others that are applied together when they wait. */
export const MAX_APPLY_GROUP = 32
/** Calls and deltas that may wait for one context's executor. */
export const MAX_QUEUED = 4096
/** Bytes of a call's input (node-api.md 3.10). */
export const MAX_INPUT_BYTES: number = 10 << 20
/** Characters of a method name: ASCII letters, digits and `_` (runtime-abi.md 2.3). */
export const MAX_METHOD_LENGTH = 256
/** Depth of handlers that call forth handlers; events of a delta this deep run none (sync-protocol.md 11.7). */
export const MAX_HANDLER_DEPTH = 8
/** Runs of a handler before it counts as failed. */
export const HANDLER_TRIES = 3
/** Depth of calls into other contexts (runtime-abi.md 13). */
export const MAX_CROSS_CALL_DEPTH = 3
/** Waits before a delta whose guest failed is tried again, ms (sync-protocol.md 11.6). */
export const RETRY_DELAYS_MS: readonly number[] = [100, 1_000, 10_000]
/** Wait before deltas that the disk refused are taken up again, ms. */
export const RESUME_DELAY_MS = 10_000
/** Mutations kept in a context's event log; the log is trimmed in steps of a tenth. */
export const EVENT_LOG_LENGTH = 10_000n
/** How long a rejected envelope is remembered, ms (sync-protocol.md 11.6). */
export const REJECTED_MEMORY_MS = 600_000
/** How many of them. */
export const REJECTED_MEMORY_COUNT = 4096
/** Shortest time between two readings of the anchor for one group on behalf of a peer's claim, ms (sync-protocol.md 11.8). */
export const REFRESH_INTERVAL_MS = 2_000
/** How long other members give the elected one to make a new key epoch, ms (sync-protocol.md 8.2). */
export const ROTATION_TAKEOVER_MS = 5_000
/** How long calls wait for the key epoch after a removal, ms: the others take over before. */
export const ROTATION_WAIT_MS = 8_000
/** How far ahead of use the clock's high-water mark is stored, ms (sync-protocol.md 6.3). */
export const HLC_MARK_AHEAD_MS = 2_000
/** Deltas in one answer of a catch-up, so that a walk over history stays bounded (sync-protocol.md 3.6). */
export const MAX_WALK_DELTAS = 3_000
/** Bytes of an invitation's text. */
export const MAX_INVITATION_CHARS = 4_096
/** Addresses in an invitation (sync-protocol.md 8.2). */
export const MAX_INVITATION_ADDRESSES = 8
