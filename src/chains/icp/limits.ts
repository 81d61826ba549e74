/** Bounds of the Internet Computer adapter: all of them hold before anything is decoded. */

/** Characters of a key as PEM, its parameters included. */
export const MAX_PEM_CHARS = 4_096
/** Links of a delegation chain. The Internet Computer takes 20; wallets make one or two. */
export const MAX_CHAIN_LINKS = 5
/** How far in the future a delegation may expire, ms: the 30 days that Internet Identity gives at most, and a minute for clocks that differ. */
export const MAX_DELEGATION_MS: number = 30 * 24 * 3_600_000 + 60_000
/** Bytes of a public key (DER). */
export const MAX_KEY_BYTES = 128
/** Bytes of a link's signature: a canister's holds two certificates and a tree, some 4 KiB. */
export const MAX_LINK_SIGNATURE_BYTES: number = 16 * 1024
/** Values within values of a canister's signature; a tree over a million signatures nests some 60. */
export const MAX_CBOR_DEPTH = 128
/** Values in one canister signature, or one certificate. */
export const MAX_CBOR_VALUES = 4_096
/** Subnets whose certified keys are kept. */
export const MAX_KNOWN_SUBNETS = 16
/** Certificates that were checked and are remembered, so that none is checked twice. */
export const MAX_KNOWN_CERTIFICATES = 64
/** How old a certificate may be, or how far ahead of the chain's time as it is known here, ns: as the chain's own clients have it. */
export const MAX_CERTIFICATE_AGE_NS: bigint = 300n * 1_000_000_000n
/** Time for which a call may be taken up, ns: a minute less than the chain allows. */
export const CALL_VALIDITY_NS: bigint = 240n * 1_000_000_000n
/** Bytes of an answer that are read: a reply has 2 MiB at most. */
export const MAX_ICP_ANSWER_BYTES: number = 4 * 1024 * 1024
/**
 * Labels within labels of a witness: a tree of rows is as deep as the logarithm of their number, and where somebody chose keys for that as deep as they have
 * bits.
 */
export const MAX_WITNESS_DEPTH = 1_024
/** Values in a witness: a page is two hundred rows with their paths. */
export const MAX_WITNESS_VALUES = 65_536
/** Operations in one answer of a canister's log. */
export const LOG_PAGE = 100
/** Pause between two looks at a canister, ms: as long as a round takes. */
export const POLL_MS = 1_000
/** The same on this machine, ms: each certificate takes ten of them to be signed. */
export const LOCAL_LOOK_MS = 250
/** Longest time for which an endpoint's word that nothing changed is taken without proof, ms: a proof costs tens of milliseconds. */
export const QUIET_MS = 15_000
/** Calls that are made for one envelope, where those before expired and did nothing. */
export const MAX_CALLS = 3
/** Members of a group that are taken over from another canister by one call: a page. */
export const ADOPT_BATCH = 100
/** Age at which a call that nobody knows is given to an endpoint again, ms. */
export const RESEND_MS = 6_000
/** Bytes of a module that is sent in one message, of 2 MiB with all that is around it. */
export const MAX_MODULE_BYTES: number = 1_900 * 1024
/** Bytes of one part of a longer module. */
export const MAX_CHUNK_BYTES: number = 1024 * 1024
