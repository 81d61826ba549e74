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
