/** Bounds and times of what wallets' look-ups on a chain take. */

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
