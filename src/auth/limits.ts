/** Bounds of the auth room: what a stranger can send, what is kept in memory for strangers, and what one key may have. */

/** Bytes of a token; ours have 600, and 4 KiB more at most for permissions. */
export const MAX_TOKEN_BYTES: number = 8 * 1024
/** Characters of a permission. */
export const MAX_PERMISSION_CHARS = 512
/** Permissions of one key. */
export const MAX_PERMISSIONS = 64
/** Characters of all permissions of one key: they travel in its tokens, and HTTP headers end at 16 KiB. */
export const MAX_PERMISSIONS_CHARS = 4_096
/** Characters of a method, a public key, an account, a client's name. */
export const MAX_NAME_CHARS = 512
/** Characters of a user name. */
export const MAX_USERNAME_CHARS = 128
/** Bytes of a password: hashing takes no longer for long ones, reading them does. */
export const MAX_PASSWORD_BYTES = 1_024
/** Passwords that are hashed at the same time; each takes 32 MiB and a thread of the pool for some 80 ms. */
export const MAX_HASHING = 2
/** Passwords that wait to be hashed. */
export const MAX_HASHING_QUEUE = 32
/** How long a challenge can be answered, ms. */
export const CHALLENGE_MS = 300_000
/** Challenges that wait for an answer. When there are more, the address with the most loses its oldest. */
export const MAX_CHALLENGES = 10_000
/** Challenges of one address that wait for an answer; its oldest goes. */
export const MAX_CHALLENGES_PER_ADDRESS = 64
/** Challenges that one address is given within {@link FAILURE_WINDOW_MS}. */
export const MAX_CHALLENGE_RATE = 120
/** Time in which failures count, and for which is locked what had too many, ms. */
export const FAILURE_WINDOW_MS = 60_000
/** Failures of one account from one address until it is locked for that address. */
export const MAX_SUBJECT_FAILURES = 5
/** Failures from one address until it is locked. */
export const MAX_ADDRESS_FAILURES = 20
/** Failures of one account from everywhere until attempts from addresses that never signed in to it are slowed down. */
export const SLOW_SUBJECT_FAILURES = 30
/** How long such an attempt waits, ms. */
export const SLOW_MS = 2_000
/** Attempts of all accounts that wait so at the same time; others are told to come back. */
export const MAX_SLOWED = 64
/** Accounts and addresses whose failures are counted; those that were not seen for longest are forgotten. */
export const MAX_COUNTED = 16_384
/** Tokens whose verification is remembered. */
export const MAX_VERIFIED = 8_192
/** Root keys of a node. */
export const MAX_ROOT_KEYS = 1_024
/** Client keys of one root key. */
export const MAX_CLIENT_KEYS = 512
/** Sessions of one key, each a pair of tokens with those that follow it; the oldest ends when there are more. */
export const MAX_FAMILIES = 64
/** Bytes of a row; the largest holds 4 KiB of permissions. */
export const MAX_ROW_BYTES: number = 32 * 1024
/** How often expired sessions are removed and signing keys looked at, ms. */
export const SWEEP_MS = 3_600_000
