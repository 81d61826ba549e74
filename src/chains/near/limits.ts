/** Bounds of NEAR's wallets. */

/** Bytes of an endpoint's answer about an access key: the longest lists the methods of a function-call key, 2 000 bytes by the protocol's limit. */
export const MAX_RPC_ANSWER_BYTES: number = 64 * 1024
/** Characters of a callback URL. */
export const MAX_CALLBACK_CHARS = 2_048
/** Characters of the signed message as it comes back. */
export const MAX_MESSAGE_CHARS = 16_384
