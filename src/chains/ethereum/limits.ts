/** Bounds and times of the Ethereum adapter. */

/** Members of a group that are taken over from another contract by one transaction, for some 5 million gas. */
export const ADOPT_BATCH = 100
/** The same where a relayer pays, within the gas that one operation may need. */
export const RELAYED_ADOPT_BATCH = 40
/** Gas of one operation that a relayer pays for: the dearest, sixteen new members with an ed25519 signature, needs 0.9 million and is given 1.1. */
export const MAX_RELAYED_GAS = 3_000_000n
/** Gas of all of them in a day when nothing else is said: some hundred that identities sign, some three hundred that accounts sign. */
export const DEFAULT_RELAYED_GAS_PER_DAY = 30_000_000n
/** Blocks in one question for events; public endpoints allow at least this many. */
export const MAX_LOG_BLOCKS = 500
/** Blocks that are read again after an absence, some 14 hours of mainnet; what lies further back is read from the state instead. */
export const MAX_CATCH_UP_BLOCKS = 4096
/** Pause between two looks at a chain, ms: a fraction of a block. */
export const POLL_MS = 2000
/** Age at which a transaction that is in no block is offered more, ms: three blocks of mainnet. */
export const STUCK_MS = 36_000
/** What a replacement offers more, percent. */
export const BUMP_PERCENT = 25n
/** The least more that nodes take for a replacement, percent. */
export const MIN_BUMP_PERCENT = 10n
/** Gas above the estimate, percent: the state may change before the transaction runs. */
export const GAS_MARGIN_PERCENT = 20n
/** Most a transaction may pay per gas when nothing else is said, wei: 200 gwei. */
export const DEFAULT_MAX_FEE_PER_GAS = 200_000_000_000n
/**
 * Most of that a transaction may give to whoever makes the block when nothing else is said, wei: 3 gwei. On mainnet a tip of 0.01 to 2 gwei was
 * usual in 2025 and 2026, in all but a few hours.
 */
export const DEFAULT_MAX_TIP_PER_GAS = 3_000_000_000n
/** Transactions of one account that wait to be mined; nodes keep 64 of one account. */
export const MAX_IN_FLIGHT = 32
/** Time an endpoint is given for one answer to a sign-in, ms: somebody waits for it. */
export const SIGN_IN_ANSWER_MS = 5_000
/** Time a sign-in's look-up may take over all endpoints, ms. */
export const SIGN_IN_LOOKUP_MS = 12_000
/** Bytes of an answer to a sign-in that are read: the longest is a contract's code, 24 KiB in hexadecimal. */
export const MAX_SIGN_IN_ANSWER_BYTES: number = 128 * 1024
/** Bytes of a contract wallet's signature: twelve owners, or a passkey with its proof. It is kept for as long as the key is. */
export const MAX_WALLET_SIGNATURE_BYTES = 832
/** Time for which a contract's word that a signature is good is not asked for again, ms. */
export const CONTRACT_WORD_MS = 60_000
/** Contracts whose word is kept. */
export const MAX_CONTRACT_WORDS = 1_024
