/** Bounds and times of the context room. */

/** Local calls that go to the guest together when they wait. */
export const MAX_CALL_RUN = 16
/** Deltas of others that are applied together when they wait. */
export const MAX_APPLY_RUN = 64
/** Calls and deltas that may wait for one context's executor. */
export const MAX_QUEUED = 4096
/** Bytes of a call's input. */
export const MAX_INPUT_BYTES: number = 10 << 20
/** Characters of a method name: ASCII letters, digits and `_`. */
export const MAX_METHOD_LENGTH = 256
/** Depth of handlers that call forth handlers; events of a delta this deep run none. */
export const MAX_HANDLER_DEPTH = 8
/** Runs of a handler in a row before it counts as failed; then it is run once at a time. */
export const HANDLER_TRIES = 3
/** First wait before a handler that failed is run again, ms; doubles each time. */
export const HANDLER_WAIT_MIN_MS = 60_000
/** Longest of these waits, ms. */
export const HANDLER_WAIT_MAX_MS = 3_600_000
/** Rounds after which a handler is not run again until the application changes: about a day. */
export const MAX_HANDLER_ROUNDS = 30
/** Handlers of all contexts that run or wait for their turn in a context at the same time. */
export const MAX_RUNNING_HANDLERS = 256
/** Aliases in one scope: of the whole node, or the contexts that an application has named in one of its own. */
export const MAX_ALIASES = 1000
/** Calls from context to context in a row, after the one that a client, a handler or a member began with. */
export const MAX_CROSS_CALL_DEPTH = 3
/** Tries of a call into another context that cannot take it now, until it is given up. */
export const MAX_CROSS_CALL_TRIES = 12
/** Longest wait between two of these tries, ms. */
export const CROSS_CALL_WAIT_MAX_MS = 60_000
/** Callers whose calls into other contexts are made at the same time. */
export const MAX_RUNNING_CROSS_CALLS = 64
/** Waits before a delta whose guest failed is tried again, ms. */
export const RETRY_DELAYS_MS: readonly number[] = [100, 1_000, 10_000]
/** Wait before deltas that the disk refused are taken up again, ms. */
export const RESUME_DELAY_MS = 10_000
/** Deltas of a history that is replayed to mend a state. */
export const MAX_REPLAYED_DELTAS = 250_000
/** Bytes of rows that a replay may change: they are stored in one batch. */
export const MAX_REPAIR_BYTES: number = 256 << 20
/** Replays because members differ, until one helped; then an operator has to ask. */
export const MAX_REPLAYS = 3
/** How often a member may differ from what a replay gave, at its heartbeats: time to replay its own history. */
export const MAX_UNANSWERED = 12
/** Members whose roots differ that are remembered. */
export const MAX_SUSPECTS = 64
/** Replays beside calls and deltas that are begun anew because something came that belongs earlier; the last one keeps them waiting. */
export const REPLAY_ROUNDS = 3
/** How many times as long as a replay took members cannot cause another one. */
export const REPLAY_REST = 20
/** Time between two lines of a replay in the log, ms. */
export const REPLAY_REPORT_MS = 10_000
/**
 * Heads, merges aside, that are merged at once. Half of what a delta may name, so that whoever writes meanwhile still joins all of them, and a
 * quarter of what a heartbeat carries.
 */
export const MAX_PILED_HEADS = 32
/**
 * Heads of a context. What would be one more and has no child here is not taken before some are merged, as what finds no room to wait; what a merge
 * builds on is. Far above {@link MAX_PILED_HEADS}: it is reached where nobody merges.
 */
export const MAX_HEADS = 1_024
/** Heads, merges aside, that are left alone in an idle context. Fewer cost each heartbeat no more than a merge would. */
export const MAX_IDLE_HEADS = 8
/** How long nothing must have been applied for a context to be idle, and how long a node that merged leaves it at that, ms. */
export const MERGE_IDLE_MS = 2_000
/** How long the rest of a burst is waited for before heads are merged at once, ms. */
export const MERGE_SETTLE_MS = 100
/** How much longer each next writer waits before it merges in place of the one before it, ms: time for its merge to arrive. */
export const MERGE_STEP_MS = 1_000
/** Merges made at a time: as many heads as one delta may name each. */
export const MAX_MERGE_RUN = 16
/** Mutations kept in a context's event log; the log is trimmed in steps of a tenth. */
export const EVENT_LOG_LENGTH = 10_000n
/** How long a rejected envelope is remembered, ms. */
export const REJECTED_MEMORY_MS = 600_000
/** How many of them. */
export const REJECTED_MEMORY_COUNT = 4096
/** Shortest time between two readings of the anchor for one group on behalf of a peer's claim, ms. */
export const REFRESH_INTERVAL_MS = 2_000
/** Longest time after which what the anchor said of a context is read again, though it told of nothing, ms: a read costs little. */
export const VIEW_REFRESH_MS = 300_000
/** Pause before an anchor that contradicts what was read of it is asked again, where it has no second endpoint, ms. */
export const SECOND_LOOK_MS = 1_000
/** Time after which a view that is in doubt is read again, ms. */
export const VIEW_DOUBT_RETRY_MS = 10_000
/** How long other members give the elected one to make a new key epoch, ms. */
export const ROTATION_TAKEOVER_MS = 5_000
/** How much longer each next member waits than the one before it, so that one key is there before another is made, ms. */
export const ROTATION_STEP_MS = 500
/** How many such steps a member waits at most: it takes over before its own calls give up. */
export const MAX_ROTATION_STEPS = 5
/** First wait before a key epoch that could not be stored is tried again, ms; doubled each time. */
export const ROTATION_RETRY_MIN_MS = 1_000
/** Longest of these waits, ms. */
export const ROTATION_RETRY_MAX_MS = 60_000
/** How long calls wait for the key epoch after a removal, ms: the others take over before. */
export const ROTATION_WAIT_MS = 8_000
/** Keys one epoch may have: members that rotated at once, cut off from each other. As many that nobody vouched for. */
export const MAX_KEYS_PER_EPOCH = 16
/** Those of them that one member gave first: it takes several to keep others' keys of an epoch out. */
export const MAX_KEYS_PER_GIVER = 4
/**
 * How far ahead of the newest epoch a given one may lie. Each exit of a member makes one; without a bound a single grant could use up the
 * numbers for ever.
 */
export const MAX_EPOCH_JUMP = 1024
/**
 * How far the number of a given epoch may lie above the membersRevision that was read here: each departure makes one epoch, and now and then one is made
 * for want of a word.
 */
export const MAX_UNEXPLAINED_EPOCHS = 64
/** Key grants that are looked at, or made, before something else has its turn: some 5 ms. */
export const GRANTS_AT_ONCE = 16
/** Grants of one frame that are for nobody here before the rest is left alone. */
export const MAX_FALSE_GRANTS = 4
/** How long a stored delta that no key of its epoch opens waits for another key, ms; then its body is asked for again. */
export const UNOPENED_WAIT_MS = 60_000
/** Epochs asked for at once because no key covers a departure. */
export const MAX_DOUBTFUL_EPOCHS = 8
/** Epochs asked for at once because a body came that nothing opens: any member may name any. */
export const MAX_UNOPENED_EPOCHS = 64
/** Deltas in one answer of a catch-up, so that a walk over history stays bounded. */
export const MAX_WALK_DELTAS = 3_000
/** Bytes of an invitation's text. */
export const MAX_INVITATION_CHARS = 4_096
/** Addresses in an invitation. */
export const MAX_INVITATION_ADDRESSES = 8
/** First wait before what the anchor told of is read again, ms; doubles up to {@link NEWS_RETRY_MAX_MS}. */
export const NEWS_RETRY_MIN_MS = 500
/** Longest wait before what the anchor told of is read again, ms: a read costs little. */
export const NEWS_RETRY_MAX_MS = 10_000
/** First wait before an intent is tried again, ms; doubles with each try. */
export const INTENT_WAIT_MIN_MS = 250
/** Longest wait before an intent that needs the anchor or an application is tried again, ms. */
export const INTENT_WAIT_MAX_MS = 300_000
/** Longest wait before a join is tried again, ms: as long as the network waits before it dials a member again. */
export const JOIN_WAIT_MAX_MS = 60_000
/** How long an intent that was just tried is left alone, whatever happens that may help it, ms. */
export const INTENT_CALM_MS = 1_000
/** How long the outcome of an intent that was done while nobody waited is kept for the call that asks again, ms. */
export const INTENT_MEMORY_MS = 600_000
/** Refused intents of one kind that are kept to be seen; the oldest go first. */
export const MAX_REFUSED_INTENTS = 256
/** Characters kept of the message that says why an intent is not done. */
export const MAX_INTENT_REASON_CHARS = 500
/** Joins and claims that are tried at the same time. */
export const MAX_RUNNING_JOINS = 16
/** Tries after which an anchor that does not show what a join waits for is believed. */
export const MAX_LAG_TRIES = 32
/** Contexts that are made at the same time: a chain may take minutes over each. */
export const MAX_RUNNING_CREATIONS = 64
/** Applications that are fetched at the same time. */
export const MAX_RUNNING_FETCHES = 8
