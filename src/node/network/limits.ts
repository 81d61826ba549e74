/** Bounds of the wire. Each has a test that goes one past it. */

/** Body of one frame of a stream, bytes. Larger items are split by the protocol above. */
export const MAX_FRAME_BYTES: number = 1 << 20

/** Frames received and not yet read, bytes, at which a stream stops taking more from the other side. */
export const INBOX_HIGH_BYTES: number = 1 << 20

/** The same as a count: small frames cost more than their bytes. */
export const INBOX_HIGH_FRAMES = 4096

/** Bytes a sender may queue on one stream before {@link MAX_FRAME_BYTES} more are refused: senders wait for `drained` long before. */
export const MAX_QUEUED_BYTES: number = 8 << 20

/**
 * Receive window of one yamux stream, bytes. Must stay below libp2p's read buffer of 4 MiB: what is in flight while a stream is paused
 * lands there, and overflowing it resets the stream.
 */
export const MAX_STREAM_WINDOW_BYTES: number = 1 << 20

/** Streams of one protocol a peer may hold open towards us on one connection. */
export const MAX_INBOUND_STREAMS = 4

/** One gossip message: an envelope of 48 KiB and its wrapping (docs/protocol.md, Gossip). */
export const MAX_GOSSIP_BYTES: number = 52 << 10

/** Bytes of topic names and bookkeeping remembered for one peer: about 16 000 topics. */
export const MAX_TOPIC_BYTES_PER_PEER: number = 16 << 20

/** Connections in total. */
export const MAX_CONNECTIONS = 512

/** Of them those of peers that came to us and have not proved to be members of anything here. The rest is kept for those that have. */
export const MAX_UNPROVEN = 128

/** Of these those from one address. */
export const MAX_UNPROVEN_PER_ADDRESS = 32

/** And those from one network: 24 bits of IPv4, 64 of IPv6. */
export const MAX_UNPROVEN_PER_NETWORK = 64

/** How long they may stay before they must give their place to others of their address or network, ms: time for a handshake and a Join. */
export const UNPROVEN_GRACE_MS = 10_000

/** Connections that may be opened from one address at once: each costs a handshake of a millisecond or two. */
export const ARRIVAL_BURST = 64

/** The same per second in the long run. */
export const ARRIVALS_PER_SECOND = 8

/** Connections that may be opened from one network at once. */
export const NETWORK_ARRIVAL_BURST = 128

/** The same per second in the long run. */
export const NETWORK_ARRIVALS_PER_SECOND = 16

/** Arrivals that an address loses when a peer there is shut out. */
export const SHUT_OUT_ARRIVALS = 32

/** Addresses and networks whose arrivals are remembered. */
export const MAX_REMEMBERED_ADDRESSES = 8_192

/** Peers that are refused at once. */
export const MAX_SHUT_OUT_PEERS = 4_096

/** Time for opening a stream on a connection, ms: a busy machine needs room. */
export const OPEN_TIMEOUT_MS = 5_000

/** Time for connecting to a peer, all its addresses together, ms. */
export const DIAL_TIMEOUT_MS = 10_000

/** Peers whose connection is kept alive. */
export const MAX_KEPT_PEERS = 1024

/** Addresses remembered of one kept peer. */
export const MAX_KEPT_ADDRESSES = 16

/** Characters of one multiaddr. */
export const MAX_ADDRESS_LENGTH = 256

/** First wait before a kept peer is dialled again, ms; doubles up to {@link REDIAL_MAX_MS}. */
export const REDIAL_MIN_MS = 200

/** Longest wait between two dials of a kept peer, ms. */
export const REDIAL_MAX_MS = 60_000

/** Dials of kept peers that run at once. */
export const MAX_PARALLEL_REDIALS = 8

/** Peers found on the local network that are dialled; beyond this many connections discovery is ignored. */
export const MAX_DISCOVERED_CONNECTIONS = 64
