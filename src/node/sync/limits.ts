/** Bounds and rhythms of synchronisation. Each bound has a test that goes one past it. */

/** Protocol of the long-lived push stream. */
export const PUSH_PROTOCOL = '/cali/push/1'
/** Protocol of the request stream. */
export const SYNC_PROTOCOL = '/cali/sync/1'

/** Frames waiting for one slow peer, bytes. Beyond it its deltas are dropped and it is sent Heads once it reads again. */
export const MAX_OUTBOX_BYTES: number = 4 << 20
/** Contexts one push or request stream may carry. */
export const MAX_STREAM_CONTEXTS = 4_096
/** Joins that may fail on one stream before it is ended: each can cost a look at the anchor. */
export const MAX_FAILED_JOINS = 32
/** Members pushed to directly; above it {@link RENDEZVOUS_FAN_OUT} of them, and gossip. */
export const MAX_DIRECT_FAN_OUT = 16
/** Members pushed to when there are more than {@link MAX_DIRECT_FAN_OUT}. */
export const RENDEZVOUS_FAN_OUT = 8
/** Deltas of one peer that may be in verification at once; reading its stream stops above it. */
export const MAX_RECEIVING = 256
/**
 * Deltas of one answer that may be in verification at once. Three times what goes to the guest together: enough that it always has work, and so few
 * that it does not wait while they are looked at.
 */
export const MAX_PULL_RECEIVING = 192
/** The same as {@link MAX_RECEIVING}, in bytes. */
export const MAX_RECEIVING_BYTES: number = 8 << 20
/** Gossiped deltas in verification at once, of everybody; more are shed, for the pull path repairs them. */
export const MAX_GOSSIP_RECEIVING = 512
/** Deltas of one context gossiped in a burst. */
export const GOSSIP_DELTA_BURST = 64
/** Deltas of one context gossiped per second in the long run. Measured 2026-11: gossip beside push takes throughput down to a quarter. */
export const GOSSIP_DELTAS_PER_SECOND = 32
/** After deltas were left out of gossip, signed Heads follow within this, ms. */
export const GOSSIP_CATCH_UP_MS = 1_000
/** Heads messages that one peer sends in one topic looked at per second. */
export const MAX_GOSSIP_HEADS_PER_SECOND = 16
/** Peers of one topic whose Heads are counted. */
export const MAX_REMEMBERED_RELAYS = 1_024
/** Messages of no use that one peer may gossip at once, by authors that are no members here or of another version; each one more is a breach. */
export const USELESS_BURST = 512
/** The same per second in the long run: what two busy members may cause of whom a peer has heard and we have not. */
export const USELESS_PER_SECOND = 64
/** How far the time of a gossiped Heads may be from ours, ms. */
export const MAX_GOSSIP_SKEW_MS = 120_000
/** Breaches of the protocol by one peer, invalid deltas among them, before it is shut out for {@link BAN_MS}. */
export const MAX_INVALID_DELTAS = 16
/** After this one of them is forgiven, ms: who comes back with the same fault again and again waits longer. */
export const BREACH_FORGIVEN_MS = 10_000
/** Work that one member may cause at once, in units of about 10 us: a look-up each, {@link GRANT_UNITS} a key grant. */
export const WORK_BURST = 8_192
/** The same per second in the long run; beyond it we read more slowly what it sends. 40 ms of each second. */
export const WORK_PER_SECOND = 4_096
/** Work that a peer may cause at once that has proved to be no member, in the same units. */
export const STRANGER_WORK_BURST = 1_024
/** The same per second in the long run. */
export const STRANGER_WORK_PER_SECOND = 128
/** Units of a Join that fails, or says again what was proven. */
export const SIGNATURE_UNITS = 16
/** Bytes of an answer, envelopes or blobs, that cost one unit. */
export const ANSWER_UNIT_BYTES: number = 8 << 10
/** Units of a key grant: a signature, and a box to open or to seal. */
export const GRANT_UNITS = 32
/** Units of a delta that was here, or waits for parents. */
export const WAITING_DELTA_UNITS = 4
/** Units of a delta that is held for what else is missing. */
export const PARKED_DELTA_UNITS = 16
/** Units of a delta that found no room. */
export const REFUSED_DELTA_UNITS = 128
/** Deltas of one stream that are taken before everybody else has a turn. */
export const DELTAS_PER_TURN = 16
/** Units of a delta that is applied and leaves one head more, where there are many: somebody must name it in a merge, and every heartbeat until then. */
export const HEAD_UNITS = 64
/** Units of a parent that a delta names and nobody has shown: it is looked for, noted, and asked for. */
export const PARENT_UNITS = 4
/** Bytes of a frame, deltas aside, that cost one unit. */
export const UNIT_BYTES = 256
/** Keys frames of one stream that wait to be looked at; more are left unread, and asked for when they are missing. */
export const MAX_WAITING_GRANTS = 4
/** How long a peer that sent garbage is shut out, ms. */
export const BAN_MS = 60_000
/** Peers whose misbehaviour is remembered. */
export const MAX_REMEMBERED_PEERS = 4_096

/** Requests in flight on one stream. */
export const MAX_IN_FLIGHT = 8
/** Request streams served at once. */
export const MAX_SERVED_STREAMS = 64
/** Request streams served at once to one peer. */
export const MAX_SERVED_STREAMS_PER_PEER = 2
/** Requests of one peer in a burst. */
export const REQUEST_BURST = 128
/** Requests of one peer per second in the long run. */
export const REQUESTS_PER_SECOND = 64
/** Answers received and not yet used, bytes, per request. */
export const MAX_UNREAD_ANSWER_BYTES: number = 2 << 20
/** An envelope put together from parts. As large as codec/delta.ts allows. */
export { MAX_ENVELOPE_BYTES } from '../codec/delta.ts'

/** Ids wanted in one context. Of more, one takes the place of that which was asked for most often in vain, or is not noted: frontiers name it again. */
export const MAX_WANTED_PER_CONTEXT = 3_000
/** Those asked of one peer in one request: each costs it a look or two, and may be made up. */
export const MAX_ASKED_IDS = 256
/** Those that one peer showed us. */
export const MAX_WANTED_PER_PEER = 1_000
/** Requests of one context that run at once, each at another peer; those whose peer fell silent, or has answered, not counted. */
export const MAX_FETCHES_PER_CONTEXT = 3
/** The same, all counted. */
export const MAX_TASKS_PER_CONTEXT = 8
/** A peer being asked that brings nothing wanted for this long keeps nobody else from being asked for the same, ms. */
export const SECOND_OPINION_MS = 500
/** A request that is not done after this keeps nobody else from being asked for the same, whatever it brings, ms. */
export const MAX_TRUSTED_MS = 3_000
/** A request that brings nothing wanted for this long is ended, ms. */
export const FETCH_PATIENCE_MS = 5_000
/** Shortest time between two questions for one peer's frontier, ms. */
export const LOOK_INTERVAL_MS = 100
/** Numbers above an author's height that are asked for: what comes before its parents must wait. */
export const LOOKAHEAD_PER_AUTHOR = 2_048
/** The same of all authors together. */
export const LOOKAHEAD = 8_192
/** Deltas asked of a peer at once, at least. */
export const MIN_WINDOW = 64
/** Deltas asked of a peer at once, at most. */
export const MAX_WINDOW = 1_024
/** Deltas per second that a peer is thought to bring before it brought any. */
export const FIRST_PACE = 256
/** Authors in a frontier that is taken from a peer. */
export const MAX_FRONTIER_AUTHORS = 65_536
/** First wait before an id is asked of the same peer again, ms; doubles up to {@link RETRY_MAX_MS}. */
export const RETRY_MIN_MS = 200
/** Times that an id counts as lacked beside those it was, once the peer that showed it lacks it: 6.4 s until it is asked for again. */
export const DOUBTED_TRIES = 5
/** Longest wait before an id is asked of the same peer again, ms. */
export const RETRY_MAX_MS = 60_000

/** Largest blob fetched, bytes. */
export const MAX_FETCHED_BLOB_BYTES: number = 500 << 20
/** Blobs fetched at once. */
export const MAX_BLOB_DOWNLOADS = 4
/** Members asked whether they have a blob. */
export const MAX_BLOB_SOURCES = 8

/** Members of all contexts in the address book. */
export const MAX_BOOK_ENTRIES = 16_384
/** Members of one context in the address book. */
export const MAX_BOOK_ENTRIES_PER_CONTEXT = 1_024
/** Peers of a context that are said to be members and have not proved it: as many as an invitation names, and some that members tell of. */
export const MAX_BOOK_HINTS_PER_CONTEXT = 16
/** Peers of a context that proved a key which the list of the members does not show, and that are kept in mind until it does. */
export const MAX_APPLICANTS_PER_CONTEXT = 16

/** Answer to Hello, and to Join, ms. Joining may take a look at the anchor. */
export const HANDSHAKE_TIMEOUT_MS = 5_000
/** First answer of a request, and silence between two frames, ms. */
export const ANSWER_TIMEOUT_MS = 5_000
/** A peer that asked and does not read its answers is given up after this, ms. */
export const SERVE_TIMEOUT_MS = 30_000
/** A look at the anchor for a member that is not known yet, ms. */
export const PARTY_TIMEOUT_MS = 4_000
/** Request streams without a request are closed after this, ms. */
export const REQUEST_IDLE_MS = 60_000

/** Quiet after a burst of applies before Heads are sent, ms. */
export const SETTLE_MS = 200
/** Applies acknowledged together, ms. */
export const ACK_DELAY_MS = 50
/** Heads over push streams, ms. */
export const HEARTBEAT_MS = 10_000
/** Signed Heads over gossip, ms; each time up to a fifth less. */
export const GOSSIP_HEARTBEAT_MS = 30_000
/** Shortest time between two Heads sent back to one peer that is behind, ms. */
export const HEADS_REPLY_MS = 2_000
/** Ping on push streams, ms. */
export const PING_MS = 15_000
/** Pings without any frame in return before a push stream is given up. */
export const MAX_SILENT_PINGS = 3
/** First wait before a push stream that broke is opened again, ms; doubles up to {@link REOPEN_MAX_MS}. */
export const REOPEN_MIN_MS = 200
/** Longest wait before a push stream is opened again, ms. */
export const REOPEN_MAX_MS = 30_000
/** A member is asked for other members at most this often per context, ms. */
export const MEMBERS_INTERVAL_MS = 60_000
/** Members learnt from others, or named in an invitation, that are contacted at once. */
export const MAX_INTRODUCTIONS = 4
/** Connected peers not known as members that are asked in one round whether they are: each learns that we want to be one. */
export const MAX_STRANGERS_ASKED = 16
