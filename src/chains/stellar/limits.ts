/** Bounds of Stellar's wallets. */

/** Bytes of Horizon's answer about an account: the longest lists 1 000 balances and data entries. */
export const MAX_HORIZON_ANSWER_BYTES: number = 1024 * 1024
/** Characters of a SEP-10 transaction as it comes back, base64: a challenge and 20 signatures have some 2 700. */
export const MAX_TRANSACTION_CHARS = 4_096
/** Characters of the signed message as it comes back. */
export const MAX_MESSAGE_CHARS = 16_384
/** Characters of a home domain: with ` auth` behind it, it is the name of a data entry, which has 64. */
export const MAX_HOME_DOMAIN_CHARS = 59
/** Characters of the node's domain that a SEP-10 challenge has room for, as the value of a data entry. */
export const MAX_WEB_AUTH_DOMAIN_CHARS = 64
/** Signers of an account besides its master key. */
export const MAX_SIGNERS = 20

/** Members that one transaction removes: each writes five entries at worst, and a transaction fifty. */
export const MAX_REMOVALS = 9
/** Channel accounts that are looked for. */
export const MAX_CHANNELS = 16
/** Pause between two looks at a chain, ms: a fraction of a ledger. */
export const POLL_MS = 2_000
/** Age at which a transaction that nobody knows is given to an endpoint again, ms: a ledger and a bit. */
export const RESEND_MS = 6_000
/** Age at which a transaction that is in no ledger is offered more, ms: nodes drop what waited for four ledgers. */
export const STUCK_MS = 20_000
/** How much more is offered then: what nodes take in place of what waits already. */
export const BUMP_FACTOR = 10n
/** Seconds for which a transaction is good. */
export const VALIDITY_SECONDS = 120
/** Stroops that a transaction offers at least for being taken, an operation. */
export const MIN_FEE = 100n
/** Most that it offers when nothing else is said: a thousandth of an XLM. */
export const DEFAULT_MAX_FEE = 10_000n
/** Time for which what others paid is taken for what has to be paid, ms. */
export const FEE_KEPT_MS = 30_000
/** Above the fee for resources that simulation names, percent: entries may have grown since, and what is not used comes back. */
export const RESOURCE_MARGIN_PERCENT = 15n
/**
 * Most that resources may cost by an endpoint's word, stroops: a hundred XLM. Bringing back the code of a contract for a week takes some three; a transaction's
 * fees have 32 bits.
 */
export const MAX_RESOURCE_FEE = 1_000_000_000n
/** The same where somebody agrees to each payment, as when code is deployed or kept alive: what a transaction can declare, less the margin. */
export const MAX_AGREED_FEE = 3_700_000_000n
/** Instructions above those that simulation counts, percent: a ledger later a list may be longer. */
export const INSTRUCTION_MARGIN_PERCENT = 10
/** Transactions of one account and its channels that wait to be applied. */
export const MAX_IN_FLIGHT = 32
/** Events in one answer: some 700 bytes each, and at most 16 kB. */
export const EVENTS_PAGE = 200
/** Answers about events that are read in one look, a thousand events at most: the rest in the next one. */
export const MAX_EVENT_PAGES = 5
/** Ledgers that are looked through for what applied an envelope: a day, and envelopes are valid for less. */
export const MAX_APPLIED_LEDGERS = 17_280
/** Times that a question of several parts is asked anew because a ledger closed between two of them. */
export const MAX_SPLIT_READS = 5
/**
 * Most that a relayed operation may cost, stroops: 16 new members take some 9 million, most of it rent for 120 days, and are allowed some 12. What lapsed with the
 * code of the contract takes more to come back, which is whoever keeps it alive to pay.
 */
export const MAX_RELAYED_COST = 20_000_000n
/** What all relayed operations of a day may cost when nothing else is said, stroops: 50 XLM. */
export const DEFAULT_RELAYED_PER_DAY = 500_000_000n

/** Rows that one call keeps alive: the contract takes no more, for a transaction may not write more. */
export const MAX_KEPT_ROWS = 50
/** Members of a group whose entries are looked at, or kept alive. */
export const MAX_KEPT_MEMBERS = 10_000
