/** A peer that speaks the sync protocols by hand, for tests of what strangers and broken peers may do. */
import { multiaddr } from '@multiformats/multiaddr'
import type { Signer } from '../../src/node/anchor/anchor.ts'
import {
  decodePushFrame,
  encodePushFrame,
  type PushFrame,
  WIRE_VERSION,
} from '../../src/node/codec/push-frames.ts'
import {
  decodeAnswer,
  encodeRequest,
  type SyncAnswer,
  type SyncRequest,
} from '../../src/node/codec/sync-frames.ts'
import { generateSigningKey } from '../../src/node/crypto/sign.ts'
import { assemble } from '../../src/node/network/assemble.ts'
import { networkKey } from '../../src/node/network/key.ts'
import { libp2pLogger } from '../../src/node/network/logger.ts'
import type { FramedStream, Network } from '../../src/node/network/network.ts'
import { systemRandom } from '../../src/node/primitives/clock.ts'
import { silentLogger } from '../../src/node/primitives/logger.ts'
import type { ContextId } from '../../src/node/primitives/ids.ts'
import { PUSH_PROTOCOL, SYNC_PROTOCOL } from '../../src/node/sync/limits.ts'
import { proveParty } from '../../src/node/sync/proof.ts'
import { loopbackNetwork } from './network.ts'
import type { SyncNode } from './sync-node.ts'

const READ_MS = 5_000

/** One push stream of a raw peer. */
export class RawPush {
  readonly stream: FramedStream
  readonly nonce: Uint8Array = systemRandom.bytes(16)
  readonly #ours: string
  readonly #theirs: string
  theirNonce: Uint8Array = new Uint8Array(16)

  constructor(stream: FramedStream, ours: string) {
    this.stream = stream
    this.#ours = ours
    this.#theirs = stream.peer
  }

  send(frame: PushFrame): void {
    this.stream.send(encodePushFrame(frame))
  }

  async read(): Promise<PushFrame | undefined> {
    const bytes = await this.stream.read({ timeoutMs: READ_MS })
    return bytes === undefined ? undefined : decodePushFrame(bytes)
  }

  /** The next frame of a type; others are skipped. */
  async next<T extends PushFrame['type']>(type: T): Promise<Extract<PushFrame, { type: T }>> {
    for (;;) {
      const frame = await this.read()
      if (frame === undefined) throw new TypeError(`the stream ended before ${type}`)
      if (frame.type === type) return frame as Extract<PushFrame, { type: T }>
    }
  }

  async hello(addresses: string[] = []): Promise<void> {
    this.send({ type: 'hello', version: WIRE_VERSION, nonce: this.nonce, addresses })
    this.theirNonce = (await this.next('hello')).nonce
  }

  /** A Join with a proof by `signer`, for a party that may be somebody else. */
  joinFrame(context: ContextId, signer: Signer, party: Uint8Array = signer.publicKey): PushFrame {
    const proof = proveParty(
      context,
      { ...signer, publicKey: party as Signer['publicKey'] },
      {
        prover: this.#ours,
        verifier: this.#theirs,
        proverNonce: this.nonce,
        verifierNonce: this.theirNonce,
      },
    )
    return { type: 'join', context, party, proof }
  }
}

/** One request stream of a raw peer. */
export class RawSync {
  readonly stream: FramedStream
  readonly nonce: Uint8Array = systemRandom.bytes(16)
  readonly #ours: string
  theirNonce: Uint8Array = new Uint8Array(16)
  #next = 1

  constructor(stream: FramedStream, ours: string) {
    this.stream = stream
    this.#ours = ours
  }

  send(request: SyncRequest): number {
    const id = this.#next++
    this.stream.send(encodeRequest(id, request))
    return id
  }

  async read(): Promise<{ id: number; answer: SyncAnswer } | undefined> {
    const bytes = await this.stream.read({ timeoutMs: READ_MS })
    return bytes === undefined ? undefined : decodeAnswer(bytes)
  }

  /** The first answer to a request. */
  async ask(request: SyncRequest): Promise<SyncAnswer> {
    const id = this.send(request)
    for (;;) {
      const got = await this.read()
      if (got === undefined) throw new TypeError('the stream ended without an answer')
      if (got.id === id) return got.answer
    }
  }

  async hello(): Promise<void> {
    const answer = await this.ask({ type: 'hello', version: WIRE_VERSION, nonce: this.nonce })
    if (answer.type !== 'hello') throw new TypeError(`expected hello, got ${answer.type}`)
    this.theirNonce = answer.nonce
  }

  join(
    context: ContextId,
    signer: Signer,
    party: Uint8Array = signer.publicKey,
  ): Promise<SyncAnswer> {
    const proof = proveParty(
      context,
      { ...signer, publicKey: party as Signer['publicKey'] },
      {
        prover: this.#ours,
        verifier: this.stream.peer,
        proverNonce: this.nonce,
        verifierNonce: this.theirNonce,
      },
    )
    return this.ask({ type: 'join', context, party, proof })
  }
}

/** Opens streams, and takes none. */
export class RawPeer {
  readonly network: Network = loopbackNetwork()
  readonly signer: Signer = generateSigningKey()

  async push(node: SyncNode): Promise<RawPush> {
    await this.network.dial(node.network.addresses())
    return new RawPush(
      await this.network.open(node.network.peerId, PUSH_PROTOCOL),
      this.network.peerId,
    )
  }

  async requests(node: SyncNode): Promise<RawSync> {
    await this.network.dial(node.network.addresses())
    return new RawSync(
      await this.network.open(node.network.peerId, SYNC_PROTOCOL),
      this.network.peerId,
    )
  }
}

/** Runs with a started raw peer; stops it whatever happens. */
export async function withRawPeer(run: (peer: RawPeer) => Promise<void>): Promise<void> {
  const peer = new RawPeer()
  await peer.network.start()
  try {
    await run(peer)
  } finally {
    await peer.network.stop()
  }
}

/** Sends bytes below the framing, as only a broken peer would, and tells how the stream ended. */
export async function endOfBytes(
  node: SyncNode,
  protocol: string,
  bytes: Uint8Array,
): Promise<string> {
  const libp2p = await assemble({
    privateKey: networkKey(systemRandom.bytes(32)),
    listen: [],
    mdns: false,
    dht: false,
    logger: libp2pLogger(silentLogger),
  })
  await libp2p.start()
  try {
    const stream = await libp2p.dialProtocol(
      node.network.addresses().map((text) => multiaddr(text)),
      protocol,
    )
    const ended = new Promise<void>((resolve) => stream.addEventListener('close', () => resolve()))
    stream.send(bytes)
    await ended
    return stream.status
  } finally {
    await libp2p.stop()
  }
}
