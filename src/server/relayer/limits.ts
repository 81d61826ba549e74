/** Bounds of the relayer. The quotas are defaults of `[relayer]`; a group of some ten members needs far less. */

/** Bytes of a request's body: an envelope of 8 KiB and a signature in hexadecimal, and their names. */
export const MAX_RELAY_BYTES: number = 20 * 1024
/** Characters of a chain's or a network's name. */
export const MAX_NAME_CHARS = 64
/** Operations whose state is remembered; older ones are looked up on the chain when they are sent again. */
export const MAX_OPERATIONS = 4096
/** Signers, groups, API keys and addresses that are counted, of each. */
export const MAX_COUNTED = 4096
/** What a request that is refused counts: it costs questions to the chain, and nobody gains by it. */
export const REFUSED_POINTS = 4
/** Requests that wait for their turn, of all and of one client; the rest is told to come again. */
export const MAX_WAITING = 64
/** Requests of one key, or of one address without a key, that wait for a turn. */
export const MAX_WAITING_OF_ONE = 4
/** Longest wait for a turn, ms: shorter than clients wait for an answer. */
export const SLOT_WAIT_MS = 8_000
/** Contexts whose group is remembered. */
export const MAX_KNOWN_CONTEXTS = 4096
/** Operations that lie in a block which is not final yet; what is beyond is not watched further. */
export const MAX_SETTLING = 256
/** API keys. */
export const MAX_API_KEYS = 64
/** Fewest characters of an API key: shorter ones can be guessed. */
export const MIN_API_KEY_CHARS = 16
/** Characters of an API key. */
export const MAX_API_KEY_CHARS = 256
/** Characters that are read where the API keys are. */
export const MAX_API_KEYS_CHARS = 32_768
