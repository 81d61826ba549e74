/** Bounds and times of every chain's adapter, and of wallets' look-ups. */

/** Time an endpoint is given for one answer, ms. */
export const ANSWER_TIMEOUT_MS = 10_000
/** Bytes of an answer that are read: the largest are the logs of a range of blocks. */
export const MAX_ANSWER_BYTES: number = 8 * 1024 * 1024
/**
 * How much later than a height was said, ms, another endpoint's newest block must be for that height never to have been the chain's: two clocks are
 * compared, and they may differ a little.
 */
export const HEIGHT_DOUBT_MS = 60_000
/** Longest time for which an answer from below what was seen is asked for again, ms, where answers prove their height: endpoints lag by seconds. */
export const BEHIND_WAIT_MS = 10_000
/** The same for a chain on this machine, ms. */
export const LOCAL_POLL_MS = 25
/** Times an envelope is sent anew because another transaction took the nonce of its account. */
export const MAX_REPLACEMENTS = 3
/** Envelopes whose fate is remembered, so that one sent twice is one transaction. */
export const MAX_REMEMBERED_ENVELOPES = 4096
/** Time a transaction that was seen, or a relayer that took an envelope, may stay away before it is given up, ms. */
export const PATIENCE_MS = 60_000
/** Time a relayer is given to bring an envelope into a block, ms: as long as envelopes are valid, and a minute. */
export const RELAYER_WAIT_MS = 660_000
/** Bytes of a relayer's answer that are read. */
export const MAX_RELAYER_ANSWER_BYTES: number = 16 * 1024

/** Time an endpoint is given for the answer to a wallet's look-up, ms. */
export const LOOK_UP_TIMEOUT_MS = 5_000
/** Requests that one look-up makes, over all endpoints. */
export const LOOK_UP_TRIES = 3
/** Pause before the same endpoints are asked again, ms; twice as long the next time. */
export const LOOK_UP_PAUSE_MS = 200
/** Time that what a chain said of an account or key is taken for true, ms. */
export const LOOK_UP_KEPT_MS = 60_000
/** Answers kept at one time; the one unused for longest goes first. */
export const MAX_KEPT_LOOK_UPS = 4_096
/** Look-ups under way at one time, of one verifier: what comes on top is told to try again. */
export const MAX_LOOK_UPS = 64
/** Time by which a challenge's moment of issue may lie ahead of this machine's clock, ms: the clock may have been set back since. */
export const MAX_AHEAD_MS = 60_000
/** Transactions beside those that this takes, before it is given up: others may call too, and an endpoint that never shows it may lie. */
export const ADOPT_SPARE = 2
/** Longest that it may take, ms. */
export const ADOPT_WAIT_MS = 1_800_000
/** Time for which nothing more is sent for what was given up, ms. */
export const ADOPT_PAUSE_MS = 3_600_000
/** Groups and contexts of which it is remembered that they were given up. */
export const MAX_GIVEN_UP_ADOPTIONS = 1024
/** Contracts that a relayer carries for beside its own, which they take over from. */
export const MAX_RELAYED_CONTRACTS = 64
/** Lists whose pages are read at the same time. */
export const MAX_PINNED_LISTS = 1024
/** Characters of a sign-in text: as many permissions as a key may have, escaped, fit into it. */
export const MAX_SIGN_IN_TEXT_CHARS = 16_384
/** Longest time a text that a client made may be valid, ms. */
export const MAX_SIGN_IN_VALIDITY_MS = 600_000
/** How far a client's clock may be ahead, ms. */
export const MAX_SIGN_IN_SKEW_MS = 60_000
