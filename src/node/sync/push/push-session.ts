/** One push stream to one peer: handshake, the contexts it carries, and what comes in (docs/protocol.md, Push). */
import {
  decodePushFrame,
  encodePushFrame,
  type PushFrame,
  WIRE_VERSION,
} from '../../codec/push-frames.ts'
import { WIRE_ERRORS } from '../../codec/sync-frames.ts'
import type { FramedStream, PeerId } from '../../network/network.ts'
import { equalBytes } from '../../primitives/bytes.ts'
import { ContextId, idKey, PublicKey } from '../../primitives/ids.ts'
import { dialable } from '../address-book.ts'
import { within } from '../waiting.ts'
import { syncError } from '../errors.ts'
import {
  HANDSHAKE_TIMEOUT_MS,
  HEADS_REPLY_MS,
  MAX_FAILED_JOINS,
  MAX_SILENT_PINGS,
  MAX_STREAM_CONTEXTS,
  PARTY_TIMEOUT_MS,
  SIGNATURE_UNITS,
} from '../limits.ts'
import { Outbox } from './outbox.ts'
import { proofEnds, proveParty, verifyParty } from '../proof.ts'
import type { KeyGrant, Party } from '../replica.ts'
import { ReceivedFrames } from './received-frames.ts'
import type { SessionComponents, Shared, StreamState } from './session-types.ts'
import { afterHeads, afterJoin, afterProof, partyOf, UNKNOWN, withParty } from './standing.ts'
import { TimeQuestion } from './time-question.ts'
import {
  fromWireFrontier,
  fromWireGrants,
  NO_FRONTIER,
  toDeltaIds,
  toWireFrontier,
  toWireGrants,
} from '../wire.ts'

export class PushSession {
  readonly peer: PeerId
  readonly outbound: boolean
  readonly #self: PeerId
  readonly #nonce: Uint8Array
  readonly #stream: FramedStream
  readonly #outbox: Outbox
  readonly #c: SessionComponents<PushSession>
  readonly #shared = new Map<string, Shared>()
  readonly #received: ReceivedFrames<PushSession>
  readonly #time: TimeQuestion
  #state: StreamState = { name: 'opening' }
  #failedJoins = 0
  #silentPings = 0

  constructor(
    stream: FramedStream,
    init: { readonly self: PeerId; readonly outbound: boolean; readonly nonce: Uint8Array },
    components: SessionComponents<PushSession>,
  ) {
    this.#stream = stream
    this.peer = stream.peer
    this.#self = init.self
    this.outbound = init.outbound
    this.#nonce = init.nonce
    this.#c = components
    this.#time = new TimeQuestion(components.clock)
    this.#received = new ReceivedFrames<PushSession>(this, components)
    this.#outbox = new Outbox(stream, {
      onOverflow: () => components.metrics.overflows.inc(),
      onDrained: (contexts) => {
        for (const key of contexts) {
          const shared = this.#shared.get(key)
          if (shared !== undefined) this.sendHeads(shared.context)
        }
      },
    })
  }

  /** The peer's Hello is here. */
  get established(): boolean {
    return this.#state.name === 'ended' ? this.#state.wasOpen : this.#state.name === 'open'
  }

  get ended(): boolean {
    return this.#state.name === 'ended'
  }

  /** Contexts that still make this stream worth having. */
  get shared(): readonly ContextId[] {
    return [...this.#shared.values()].map(({ context }) => context)
  }

  /** Who the peer proved to be in a context. */
  party(context: ContextId): Party | undefined {
    const shared = this.#shared.get(idKey(context))
    return shared && partyOf(shared.standing)
  }

  /** Both ends take each other for members. */
  joined(context: ContextId): boolean {
    return this.#shared.get(idKey(context))?.standing.name === 'joined'
  }

  sendHello(addresses: readonly string[]): void {
    this.send({
      type: 'hello',
      version: WIRE_VERSION,
      nonce: this.#nonce,
      addresses: addresses.slice(0, 16),
    })
  }

  /** Reads the peer's Hello. @throws SYNC_PROTOCOL, CODEC_*, NETWORK_* */
  async readHello(): Promise<void> {
    const bytes = await this.#stream.read({ timeoutMs: HANDSHAKE_TIMEOUT_MS })
    const frame = bytes === undefined ? undefined : decodePushFrame(bytes)
    if (frame?.type !== 'hello') {
      this.sendError(WIRE_ERRORS.malformed)
      throw syncError('SYNC_PROTOCOL', `expected Hello first, got ${frame?.type ?? 'the end'}`)
    }
    if (frame.version !== WIRE_VERSION) {
      this.sendError(WIRE_ERRORS.unsupported)
      // an honest node of another time comes back again and again: no breach
      throw syncError('SYNC_REFUSED', `expected version ${WIRE_VERSION}, got ${frame.version}`)
    }
    if (this.#state.name !== 'opening') return // given up meanwhile
    const us = { peer: this.#self, nonce: this.#nonce }
    const ends = proofEnds(us, { peer: this.peer, nonce: frame.nonce })
    this.#state = { name: 'open', ends, addresses: dialable(this.peer, frame.addresses) }
  }

  /** Takes frames until the stream ends. @throws whatever ended it early */
  async serve(): Promise<void> {
    for await (const bytes of this.#stream) {
      this.#silentPings = 0
      await this.#take(decodePushFrame(bytes), bytes.length)
    }
  }

  /** Proves our identity in a context, once. Does nothing when we have none there. */
  join(context: ContextId): void {
    const signer = this.#c.replica.signer(context)
    const state = this.#state
    if (signer === undefined || state.name !== 'open') return
    const shared = this.#share(context)
    const asked = shared && afterJoin(shared.standing)
    if (shared === undefined || asked === undefined) return
    shared.standing = asked
    const proof = proveParty(context, signer, state.ends.ours)
    this.send({ type: 'join', context, party: signer.publicKey, proof })
  }

  send(frame: PushFrame): void {
    if (!this.ended) this.#outbox.push(encodePushFrame(frame))
  }

  /** An encoded Delta frame, the same buffer for every peer. */
  sendDelta(context: ContextId, frame: Uint8Array): void {
    if (this.ended) return
    this.#outbox.push(frame, idKey(context))
    this.#c.metrics.pushed.inc()
  }

  sendHeads(context: ContextId): void {
    if (this.party(context) === undefined) return
    const frontier = this.#c.replica.frontier(context) ?? NO_FRONTIER
    this.send({ type: 'heads', context, ...toWireFrontier(frontier) })
  }

  /** Heads to a peer that lacks ours, not more often than every two seconds: two stuck ends must not play ping-pong. */
  replyHeads(context: ContextId): void {
    const shared = this.#shared.get(idKey(context))
    const now = this.#c.clock.monotonicMs()
    if (shared === undefined || now - shared.repliedAt < HEADS_REPLY_MS) return
    shared.repliedAt = now
    this.sendHeads(context)
  }

  sendKeys(context: ContextId, grants: readonly KeyGrant[]): void {
    for (const batch of toWireGrants(grants)) this.send({ type: 'keys', context, grants: batch })
  }

  sendError(code: number, context?: ContextId): void {
    this.send({ type: 'error', code, context })
  }

  /** Forgets a context: nothing of it is sent or taken until the peer joins anew. */
  drop(context: ContextId): void {
    const key = idKey(context)
    this.#shared.get(key)?.ackTimer?.cancel()
    this.#shared.delete(key)
  }

  setParty(context: ContextId, party: Party): void {
    const shared = this.#shared.get(idKey(context))
    if (shared !== undefined) shared.standing = withParty(shared.standing, party) ?? shared.standing
  }

  /** Sends a ping, or gives the stream up when the last ones brought nothing back. */
  ping(): void {
    if (++this.#silentPings > MAX_SILENT_PINGS) {
      this.abort(syncError('SYNC_PEER_SILENT', 'the peer sends nothing, not even pongs'))
    } else {
      this.askTime()
    }
  }

  askTime(): void {
    this.send({ type: 'ping', value: this.#time.ask() })
  }

  async close(): Promise<void> {
    this.#end()
    await this.#stream.close() // what was sent is on its way then
    this.#stream.abort(syncError('SYNC_SESSION_CLOSED', 'this node closed the stream'))
  }

  abort(error: Error): void {
    this.#end()
    this.#stream.abort(error)
  }

  #end(): void {
    this.#state = { name: 'ended', wasOpen: this.established }
    for (const { ackTimer } of this.#shared.values()) ackTimer?.cancel()
    this.#shared.clear()
    this.#received.release()
  }

  #share(context: ContextId): Shared | undefined {
    const key = idKey(context)
    const known = this.#shared.get(key)
    if (known !== undefined) return known
    if (this.#shared.size >= MAX_STREAM_CONTEXTS) return undefined
    const shared: Shared = {
      context,
      standing: UNKNOWN,
      ackTimer: undefined,
      repliedAt: -Infinity,
    }
    this.#shared.set(key, shared)
    return shared
  }

  async #take(frame: PushFrame, bytes: number): Promise<void> {
    if (frame.type !== 'delta') await this.#received.paySize(this.#firstParty, bytes)
    switch (frame.type) {
      case 'hello':
        throw syncError('SYNC_PROTOCOL', 'expected one Hello, got a second')
      case 'join':
        await this.#onJoin(frame)
        return
      case 'ping':
        this.send({ type: 'pong', value: frame.value, timeMs: BigInt(this.#c.clock.toldMs()) })
        return
      case 'pong': {
        // a stranger's clock says nothing to us
        const member = this.#firstParty?.identity
        if (member !== undefined) this.#time.answered(member, frame.value, frame.timeMs)
        return
      }
      case 'error':
        this.#onError(frame.code, frame.context)
        return
      case 'leave':
        this.drop(ContextId.from(frame.context))
        return
      case 'heads':
      case 'delta':
      case 'ack':
      case 'keys': {
        const shared = this.#shared.get(idKey(frame.context))
        // Of a context the peer has not proved itself in: late after a removal, or nonsense. The answer is the same for every context.
        const party = shared && partyOf(shared.standing)
        if (shared !== undefined && party !== undefined)
          await this.#onMemberFrame(frame, shared, party)
        else if (frame.type !== 'heads') this.#refuse(WIRE_ERRORS.notMember, frame.context)
        return
      }
    }
  }

  /** Who the peer proved to be first. */
  get #firstParty(): Party | undefined {
    for (const { standing } of this.#shared.values()) {
      const party = partyOf(standing)
      if (party !== undefined) return party
    }
    return undefined
  }

  async #onJoin(frame: Extract<PushFrame, { type: 'join' }>): Promise<void> {
    const { replica } = this.#c
    const context = ContextId.from(frame.context)
    const state = this.#state
    if (state.name !== 'open') return
    // The proof comes first: it is judged alike whether or not the context is known here, so a refusal tells nothing.
    if (!verifyParty(context, frame.party, frame.proof, state.ends.theirs)) {
      await this.#failJoin(WIRE_ERRORS.badProof, context)
      return
    }
    const party = replica.has(context) ? await this.#party(context, frame.party) : undefined
    if (this.ended) return
    const shared = party !== undefined && replica.has(context) ? this.#share(context) : undefined
    if (party === undefined || shared === undefined) {
      const identity = PublicKey.from(frame.party)
      if (replica.has(context)) this.#c.hooks.onStranger(this, context, identity, state.addresses)
      await this.#failJoin(WIRE_ERRORS.notMember, context)
      return
    }
    if (this.#firstParty === undefined) this.askTime()
    const known = partyOf(shared.standing)
    if (known !== undefined && equalBytes(known.identity, party.identity)) {
      // nothing new: an answer, but no more than that
      shared.standing = afterProof(shared.standing, party)
      this.replyHeads(context)
      await this.#received.pay(party, SIGNATURE_UNITS)
      return
    }
    shared.standing = afterProof(shared.standing, party)
    this.#c.hooks.onProven(this, context, party, state.addresses)
    this.join(context)
    this.sendHeads(context)
    if (shared.standing.name === 'joined') this.#c.hooks.onJoined(this, context)
  }

  async #party(context: ContextId, identity: Uint8Array): Promise<Party | undefined> {
    try {
      const looked = this.#c.replica.party(context, PublicKey.from(identity))
      return await within(this.#c.clock, PARTY_TIMEOUT_MS, looked)
    } catch (error) {
      this.#c.logger.debug({ err: error, peer: this.peer }, 'membership could not be read')
      return undefined
    }
  }

  async #failJoin(code: number, context: ContextId): Promise<void> {
    this.#c.metrics.refused.inc({ code: String(code) })
    this.#refuse(code, context)
    if (++this.#failedJoins >= MAX_FAILED_JOINS) {
      throw syncError('SYNC_BAD_PROOF', `expected fewer than ${MAX_FAILED_JOINS} failed joins`)
    }
    await this.#received.pay(undefined, SIGNATURE_UNITS)
  }

  /** An Error that names a context resets it at both ends: whoever wants to go on joins anew. */
  #refuse(code: number, context: Uint8Array): void {
    const id = ContextId.from(context)
    this.drop(id)
    this.sendError(code, id)
  }

  #onError(code: number, context: Uint8Array | undefined): void {
    if (context === undefined)
      throw syncError('SYNC_REFUSED', `the peer ended the stream with ${code}`)
    const id = ContextId.from(context)
    if (!this.#shared.has(idKey(id))) return
    this.drop(id)
    this.#c.hooks.onRefused(this, id, code)
  }

  async #onMemberFrame(
    frame: Extract<PushFrame, { type: 'heads' | 'delta' | 'ack' | 'keys' }>,
    shared: Shared,
    party: Party,
  ): Promise<void> {
    const { replica, hooks } = this.#c
    const { context } = shared
    switch (frame.type) {
      case 'heads': {
        const joined = afterHeads(shared.standing)
        if (joined !== undefined) {
          shared.standing = joined
          hooks.onJoined(this, context)
        }
        await this.#received.pay(party, frame.heads.length)
        hooks.onFrontier(this, context, fromWireFrontier(frame))
        return
      }
      case 'ack':
        replica.acknowledge(context, party.identity, toDeltaIds(frame.heads))
        return
      case 'keys':
        this.#received.keys(shared, party, fromWireGrants(frame.grants))
        return
      case 'delta':
        await this.#received.delta(shared, party, frame.envelope)
    }
  }
}
