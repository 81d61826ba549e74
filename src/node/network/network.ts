/**
 * The port of the wire: peers, framed streams and gossip topics. Implemented over libp2p in `libp2p.ts`; knows no context and no delta.
 */
import type { Listenable } from '../primitives/emitter.ts'
import type { Startable } from '../primitives/startable.ts'

/** A libp2p peer id as text (`12D3KooW...`). */
export type PeerId = string

/**
 * A stream of frames: u32 big-endian length and body. Reads go to a bounded inbox; writes honour backpressure.
 * Frames above the limit reset the stream before anything is allocated.
 */
export interface FramedStream {
  readonly peer: PeerId
  readonly protocol: string
  /** Bytes queued and not yet taken by the socket. */
  readonly queued: number
  /** Queues a frame; false when the caller should wait for `drained`. @throws NETWORK_STREAM_CLOSED, NETWORK_FRAME_TOO_LARGE */
  send(frame: Uint8Array): boolean
  drained(): Promise<void>
  /** The next frame; undefined at the end of the stream. @throws NETWORK_TIMEOUT, NETWORK_FRAME_TOO_LARGE, NETWORK_STREAM_CLOSED */
  read(options?: { timeoutMs?: number; signal?: AbortSignal }): Promise<Uint8Array | undefined>
  /** All frames until the end. */
  [Symbol.asyncIterator](): AsyncIterator<Uint8Array>
  close(): Promise<void>
  /** Ends it at once. */
  abort(error: Error): void
  /** Resolves when both directions are done, for whatever reason. */
  readonly closed: Promise<void>
}

export interface PeerInfo {
  readonly id: PeerId
  readonly addresses: readonly string[]
  readonly direction: 'inbound' | 'outbound'
}

export interface NetworkEvents {
  'peer:connect': { readonly peer: PeerId }
  'peer:disconnect': { readonly peer: PeerId }
}

/** What a topic's validator says: deliver, drop silently, or drop and think less of the sender. */
export type GossipVerdict = 'accept' | 'ignore' | 'reject'

export interface GossipTopic {
  readonly topic: string
  /** Synchronous and cheap: size, shape, signature. Never disk or guest. */
  validate(data: Uint8Array, from: PeerId): GossipVerdict
  /** Called for each accepted message. */
  deliver(data: Uint8Array, from: PeerId): void
}

export interface Network extends Startable {
  readonly events: Listenable<NetworkEvents>
  readonly peerId: PeerId
  /** Dialable multiaddrs, with `/p2p/<peer id>`. */
  addresses(): readonly string[]
  peers(): readonly PeerInfo[]
  isConnected(peer: PeerId): boolean
  /** Connects to multiaddrs of one peer. @throws NETWORK_DIAL_FAILED, NETWORK_ADDRESS_INVALID */
  dial(addresses: readonly string[], options?: { signal?: AbortSignal }): Promise<PeerId>
  disconnect(peer: PeerId): Promise<void>
  /** Closes all connections to a peer, and refuses others for so long. */
  shutOut(peer: PeerId, ms: number): void
  /** Remembers addresses of a peer and keeps the connection to it alive. */
  keep(peer: PeerId, addresses: readonly string[]): Promise<void>
  /** Registers the responder of a stream protocol. Before `start`. */
  handle(protocol: string, handler: (stream: FramedStream) => void): void
  open(peer: PeerId, protocol: string, options?: { signal?: AbortSignal }): Promise<FramedStream>
  subscribe(topic: GossipTopic): void
  unsubscribe(topic: string): void
  /** Publishes to a topic; `recipients` may be 0, which is no error: the pull path repairs. */
  publish(topic: string, data: Uint8Array): Promise<{ readonly recipients: number }>
}
