/** Bounds and times of the NEAR adapter. */
import { TERA } from './constants.ts'

/** Bytes of an endpoint's answer about an access key: the longest lists the methods of a function-call key, 2 000 bytes by the protocol's limit. */
export const MAX_RPC_ANSWER_BYTES: number = 64 * 1024
/** Characters of a callback URL. */
export const MAX_CALLBACK_CHARS = 2_048
/** Characters of the signed message as it comes back. */
export const MAX_MESSAGE_CHARS = 16_384

/** Changes in one answer of a contract's ring. */
export const RING_PAGE = 100
/** Pause between two looks at a chain, ms: two blocks, as long as one takes to be final. */
export const POLL_MS = 1000
/** Age at which a transaction that nobody knows is given to an endpoint again, ms. */
export const RESEND_MS = 6000
/** Transactions of one account that wait to be applied. */
export const MAX_IN_FLIGHT = 32
/** Access keys of one account that are used in rotation. */
export const MAX_ACCESS_KEYS = 16
/** Characters of a file of keys: so many of them, or a credentials file. */
export const MAX_KEYS_CHARS = 4096

/** Gas of the smallest operation. Fees are for what is used; what is attached and not used comes back but for a small part. */
export const MIN_OPERATION_GAS: bigint = 20n * TERA
/** Gas of the largest. */
export const MAX_OPERATION_GAS: bigint = 52n * TERA

/** Gas for taking over what moved from another contract, which is asked in between: as much as a transaction may have. What is not used comes back. */
export const ADOPT_GAS: bigint = 300n * TERA
/** Members of a group that are taken over from another contract by one transaction. */
export const ADOPT_BATCH = 100
/** The same where a relayer pays, within what one operation may cost. */
export const RELAYED_ADOPT_BATCH = 8
/** Deposit for each, bytes: its two rows take 238, and what is too much comes back. */
export const ADOPTED_MEMBER_BYTES = 250n
/** Deposit for a group without its members, and for what is remembered of its coming, bytes. */
export const ADOPTED_BYTES = 750n
/** The same for a context: its application's source and metadata are most of it. */
export const ADOPTED_CONTEXT_BYTES = 2_800n

/** Deposit above what an operation's growth was seen to take, bytes: it may have become more since, and what is too much comes back. */
export const SPARE_BYTES = 512n

/** Most that a relayed operation may cost, millionths of a NEAR: a release of the largest size takes some 40 000 for its storage. */
export const MAX_RELAYED_COST = 60_000n
/** What all relayed operations of a day may cost when nothing else is said, millionths of a NEAR. */
export const DEFAULT_RELAYED_PER_DAY = 20_000_000n
