/** Bounds of everything a stranger can send to an anchor; the same on every chain (docs/limits.md). */

/** Bytes of an envelope. */
export const MAX_ENVELOPE_BYTES: number = 8 * 1024
/** Identities named by one operation: two written entries each must fit one Stellar transaction. */
export const MAX_BATCH = 16
/** UTF-8 bytes of an application's source. */
export const MAX_SOURCE_BYTES = 512
/** Bytes of an application's metadata. */
export const MAX_METADATA_BYTES = 1024
/** Members in one page of a member list. */
export const MAX_PAGE = 100
/** Members of a group. */
export const MAX_MEMBERS = 65_535
/**
 * Invitations that are remembered at the expense of one member: those that it gave and somebody claimed, and those that it revoked, until they
 * expire or it voids its own.
 */
export const MAX_LIVE_INVITATIONS = 64
/** Largest number of a member's series of invitations. */
export const MAX_SERIES = 65_535
/** Seconds that an envelope may be valid for, from the anchor's clock. */
export const MAX_VALIDITY_SECONDS: bigint = 24n * 60n * 60n
/**
 * Seconds that an invitation may last when it is claimed, from the anchor's clock, a leap year: what is remembered of invitations is forgotten when
 * they end, and must not fill an inviter's places for ever. Who was removed is barred as long.
 */
export const MAX_INVITATION_SECONDS: bigint = 366n * 24n * 60n * 60n
/** Largest revision of a member list: a joining member's nonces start at revision * 2^32, and a nonce is a u64. */
export const MAX_MEMBERS_REVISION: bigint = (1n << 32n) - 1n
/** Bytes of a contract's address in a domain, and of the contract that a group moves to. */
export const MAX_CONTRACT_BYTES = 64
/** Seconds from the plan of a group's move to another contract until it has moved, by the anchor's clock: its members see it coming, and may go. */
export const MIGRATION_SECONDS: bigint = 7n * 24n * 60n * 60n
/** Contracts that a group is followed through. */
export const MAX_MOVES = 4
/** Contracts that are opened because an invitation names them, beside those that groups moved to. */
export const MAX_REACHED_CONTRACTS = 16
/** Bytes of a package's name. */
export const MAX_PACKAGE_NAME_BYTES = 128
/** UTF-8 bytes of a package's description, of its repository, and of the reason why a release was yanked. */
export const MAX_PACKAGE_TEXT_BYTES = 512
/** Owners of a package, and who was offered to be one, together. */
export const MAX_PACKAGE_OWNERS = 8
/** Releases of a package on offer, that is not yanked. How many it ever had is bounded by its revision alone. */
export const MAX_RELEASES = 4096
/** Changes of a package. */
export const MAX_PACKAGE_REVISION: bigint = (1n << 32n) - 1n
/** Sources of a release, each within MAX_SOURCE_BYTES. */
export const MAX_RELEASE_SOURCES = 4
/** Bytes of a release's version, and of the runtime version it asks for. */
export const MAX_VERSION_BYTES = 64
/** Releases in one page: each may hold 3 KiB, six times that as JSON. */
export const MAX_RELEASE_PAGE = 32
/** Largest u32: of each number of a version. */
export const MAX_U32 = 0xffff_ffff
/** Largest u64. */
export const MAX_U64: bigint = (1n << 64n) - 1n

/** Seconds that an envelope signed here stays valid: time for a slow anchor, and little for whoever keeps a copy. */
export const ENVELOPE_VALIDITY_SECONDS = 600n
/** Seconds that an anchor's clock and this machine's may differ: beyond, one of both is wrong, and nothing is signed. */
export const MAX_CLOCK_SKEW_SECONDS = 300n
/** Signers and memberships whose last nonce is remembered. */
export const MAX_REMEMBERED_NONCES = 4096
/** Operations that were refused whose bytes are kept, to be sent again where the same is asked for once more. */
export const MAX_REFUSED_KEPT = 1024
/** Time between two looks for what became of an operation, ms. */
export const FATE_LOOK_MS = 15_000
/** Longest time that an operation which lies in a block is followed beyond its own time, ms, until that block is final. */
export const FATE_FINAL_MS = 3_600_000
/** Changes an authority remembers for watchers that fell behind; older ones are told to read again. */
export const MAX_REMEMBERED_CHANGES = 4096
/** Changes in one answer to a watcher. */
export const MAX_CHANGES_PER_ANSWER = 1000
/** Accepted transactions an authority remembers, so that a sender can learn the fate of one whose answer was lost. */
export const MAX_REMEMBERED_TRANSACTIONS = 65_536
/** Operations that wait for an authority's turn. */
export const MAX_QUEUED_OPERATIONS = 256
/** Bytes of a ticket: terms with the longest contract address, signature and claim seed, 320, rounded up. */
export const MAX_TICKET_BYTES = 512
