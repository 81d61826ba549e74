/** The push plane: one stream per peer, opened to known members, kept open, and carrying every delta at once (docs/protocol.md, Push). */
import { encodePushFrame, MAX_PUSHED_ENVELOPE_BYTES, NONCE_BYTES } from '../../codec/push-frames.ts'
import { WIRE_ERRORS } from '../../codec/sync-frames.ts'
import type { FramedStream, PeerId } from '../../network/network.ts'
import type { Timer } from '../../primitives/clock.ts'
import { Emitter, type Listenable } from '../../primitives/emitter.ts'
import { type ContextId, type DeltaId, idKey, type PublicKey } from '../../primitives/ids.ts'
import { waitWithin } from '../waiting.ts'
import { isBreach, syncError } from '../errors.ts'
import { fanOut } from './fan-out.ts'
import { KeyGrants } from './key-grants.ts'
import {
  HANDSHAKE_TIMEOUT_MS,
  MAX_DIRECT_FAN_OUT,
  PARTY_TIMEOUT_MS,
  PING_MS,
  PUSH_PROTOCOL,
} from '../limits.ts'
import { PushSession } from './push-session.ts'
import type { OnlineMember, PushComponents, PushEvents } from './push-types.ts'
import { Reopener } from './reopener.ts'
import type { Party } from '../replica.ts'
import type { SessionHooks } from './session-types.ts'

export class PushPlane {
  readonly #c: PushComponents
  readonly #emitter: Emitter<PushEvents>
  readonly #sessions = new Map<PeerId, PushSession>()
  /** All that were opened or accepted and are not done, those among them whose Hello is not here yet. */
  readonly #serving = new Set<PushSession>()
  readonly #opening = new Map<PeerId, Promise<PushSession>>()
  readonly #reopener: Reopener
  readonly #keys: KeyGrants
  #pings: Timer | undefined
  #off: () => void = () => {}
  #running = false

  constructor(components: PushComponents) {
    this.#c = components
    this.#emitter = new Emitter(components.logger)
    this.#reopener = new Reopener(components)
    this.#keys = new KeyGrants(components.replica)
    components.network.handle(PUSH_PROTOCOL, (stream) => this.#accept(stream))
  }

  get events(): Listenable<PushEvents> {
    return this.#emitter
  }

  start(): void {
    this.#running = true
    this.#pings = this.#c.clock.every(PING_MS, () => {
      for (const session of this.#sessions.values()) session.ping()
    })
    this.#off = this.#c.clock.events.on('questionable', () => {
      for (const session of this.#sessions.values()) {
        if (session.established) session.askTime()
      }
    })
    for (const { id } of this.#c.network.peers()) this.peerConnected(id)
  }

  async stop(): Promise<void> {
    this.#running = false
    this.#pings?.cancel()
    this.#off()
    this.#reopener.stop()
    const sessions = [...this.#serving]
    this.#sessions.clear()
    await Promise.all(sessions.map((session) => session.close()))
    for (const session of sessions) session.abort(syncError('SYNC_STOPPED', 'this node stops'))
  }

  /** Members with a stream who proved themselves in a context: they get its deltas. */
  members(context: ContextId): readonly OnlineMember[] {
    return [...this.#sessions.values()].flatMap((session) => {
      const party = session.party(context)
      return party === undefined ? [] : [{ peer: session.peer, party }]
    })
  }

  /** Proves ourselves to a peer in a context and resolves when both took each other for members. @throws SYNC_JOIN_REFUSED, NETWORK_* */
  async join(context: ContextId, peer: PeerId): Promise<void> {
    const session = await this.#session(peer)
    if (session.joined(context)) return
    const key = idKey(context)
    const accept = (event: PushEvents['ended']): boolean =>
      event.peer === peer && (event.context === undefined || idKey(event.context) === key)
    const outcome = waitWithin(this.#c.clock, HANDSHAKE_TIMEOUT_MS + PARTY_TIMEOUT_MS, (signal) =>
      this.#emitter.next('ended', { accept, signal }),
    )
    session.join(context)
    const { code } = await outcome
    if (code === 0) throw syncError('SYNC_SESSION_CLOSED', 'the stream ended', { peer })
    if (code !== undefined) {
      throw syncError('SYNC_JOIN_REFUSED', 'the peer does not take us for a member', { peer, code })
    }
  }

  /** Joins a context with every connected peer that is known, or said, to be one of its members. */
  joinKnown(context: ContextId): void {
    for (const peer of this.#c.directory.peersOf(context)) {
      if (!this.#c.network.isConnected(peer)) continue
      const session = this.#sessions.get(peer)
      if (session === undefined) this.#open(peer)
      else if (session.established) session.join(context)
    }
  }

  /** Opens a stream to a peer if it is known as a member of something we replicate. */
  peerConnected(peer: PeerId): void {
    if (this.#wanted(peer)) this.#open(peer)
  }

  /** Sends a new delta to the members online; true when gossip is needed to reach the others. */
  push(context: ContextId, delta: DeltaId, envelope: Uint8Array): boolean {
    const members = this.members(context)
    if (members.length > 0) {
      const small = envelope.length <= MAX_PUSHED_ENVELOPE_BYTES
      const body = small ? envelope : this.#c.replica.announcement(envelope)
      const frame = encodePushFrame({ type: 'delta', context, envelope: body })
      for (const { peer } of fanOut(delta, members)) {
        this.#sessions.get(peer)?.sendDelta(context, frame)
      }
    }
    return this.#needsGossip(context, members)
  }

  sendHeads(context: ContextId): void {
    for (const session of this.#sessions.values()) session.sendHeads(context)
  }

  replyHeads(peer: PeerId, context: ContextId): void {
    this.#sessions.get(peer)?.replyHeads(context)
  }

  /** Gives every online member the epochs it does not have from us. */
  sendKeys(context: ContextId): void {
    for (const { peer, party } of this.members(context)) this.#giveKeys(context, peer, party)
  }

  /** Checks every stream of a context against the member list as it now is. */
  async recheck(context: ContextId, removed: readonly PublicKey[]): Promise<void> {
    const gone = new Set(removed.map(idKey))
    for (const session of [...this.#sessions.values()]) {
      const party = session.party(context)
      if (party === undefined) continue
      if (gone.has(idKey(party.identity))) this.#expel(session, context)
      else await this.#recheckParty(session, context, party)
    }
    this.joinKnown(context)
  }

  async #recheckParty(session: PushSession, context: ContextId, party: Party): Promise<void> {
    try {
      const now = await this.#c.replica.party(context, party.identity)
      if (now !== undefined) session.setParty(context, now)
      else this.#expel(session, context)
    } catch (error) {
      this.#c.logger.debug({ err: error }, 'membership could not be read') // the next change tries again
    }
  }

  /** Takes leave of everybody in a context that is no longer replicated here. */
  leave(context: ContextId): void {
    for (const session of this.#sessions.values()) {
      if (session.shared.every((shared) => idKey(shared) !== idKey(context))) continue
      session.send({ type: 'leave', context })
      session.drop(context)
      this.#closeIfIdle(session)
    }
  }

  /**
   * Gossip costs every receiver a second look at each delta, so it is only used when it may reach somebody new: a known member without a
   * stream, nobody online at all, or more members than are pushed to.
   */
  #needsGossip(context: ContextId, online: readonly OnlineMember[]): boolean {
    if (online.length === 0 || online.length > MAX_DIRECT_FAN_OUT) return true
    const reached = new Set(online.map(({ party }) => idKey(party.identity)))
    const own = this.#c.replica.signer(context)
    if (own !== undefined) reached.add(idKey(own.publicKey))
    return this.#c.directory.members(context).some(({ identity }) => !reached.has(idKey(identity)))
  }

  #accept(stream: FramedStream): void {
    if (!this.#running || this.#c.misbehaviour.isBanned(stream.peer)) {
      stream.abort(syncError('SYNC_STOPPED', 'this node takes no push streams'))
      return
    }
    const session = this.#build(stream, false)
    this.#c.background.run('push stream', () =>
      this.#serve(session, async () => {
        await session.readHello()
        if (!this.#adopt(session)) return false
        session.sendHello(this.#c.network.addresses())
        return true
      }),
    )
  }

  async #session(peer: PeerId): Promise<PushSession> {
    const known = this.#sessions.get(peer)
    if (known?.established === true && !known.ended) return known
    return this.#opening.get(peer) ?? this.#openNow(peer)
  }

  #open(peer: PeerId): void {
    if (!this.#running || this.#sessions.has(peer) || this.#opening.has(peer)) return
    if (this.#c.misbehaviour.isBanned(peer)) return
    this.#c.background.run('open push stream', () => this.#openNow(peer))
  }

  /** Resolves with the stream that won, whichever side opened it, once the peer's Hello is here. */
  #openNow(peer: PeerId): Promise<PushSession> {
    const opening = this.#openStream(peer).finally(() => this.#opening.delete(peer))
    this.#opening.set(peer, opening)
    return opening
  }

  async #openStream(peer: PeerId): Promise<PushSession> {
    if (!this.#running) throw syncError('SYNC_STOPPED', 'the sync service is not started')
    let stream: FramedStream
    try {
      stream = await this.#c.network.open(peer, PUSH_PROTOCOL)
    } catch (error) {
      this.#reopenLater(peer)
      throw error
    }
    const rival = this.#sessions.get(peer)
    if (rival !== undefined || !this.#running) {
      // the peer's stream came first: nothing was said on ours yet, so it simply goes
      stream.abort(syncError('SYNC_SESSION_CLOSED', 'the peer opened a stream first'))
    } else {
      const session = this.#build(stream, true)
      this.#sessions.set(peer, session)
      this.#c.background.run('push stream', () =>
        this.#serve(session, async () => {
          session.sendHello(this.#c.network.addresses())
          await session.readHello()
          return true
        }),
      )
    }
    if (rival?.established !== true) {
      // or its end: two streams that cross may end each other, and whoever waits here keeps another from being opened
      await waitWithin(this.#c.clock, HANDSHAKE_TIMEOUT_MS, (signal) =>
        Promise.race([
          this.#emitter.next('opened', { accept: (event) => event.peer === peer, signal }),
          this.#emitter.next('ended', {
            accept: (event) => event.peer === peer && event.context === undefined,
            signal,
          }),
        ]),
      )
    }
    const session = this.#sessions.get(peer)
    if (session?.established !== true) throw syncError('SYNC_SESSION_CLOSED', 'the stream ended')
    return session
  }

  #build(stream: FramedStream, outbound: boolean): PushSession {
    const { network, random } = this.#c
    const init = { self: network.peerId, outbound, nonce: random.bytes(NONCE_BYTES) }
    return new PushSession(stream, init, { ...this.#c, hooks: this.#hooks })
  }

  /**
   * Decides between a stream the peer opened and one we have. A peer whose stream to us is established opens another only when it lost the
   * first: the new one wins. Two that cross are not established yet: then the side with the smaller peer id keeps its own.
   */
  #adopt(session: PushSession): boolean {
    if (!this.#running) return false // stopped while the Hello was on its way
    const { peer } = session
    const rival = this.#sessions.get(peer)
    const ours = this.#c.network.peerId
    if (rival !== undefined && !rival.established && rival.outbound && ours < peer) {
      session.abort(syncError('SYNC_SESSION_CLOSED', 'two streams crossed, this one lost'))
      return false
    }
    this.#sessions.set(peer, session) // first, so that the end of the other is not taken for the end of all
    rival?.abort(syncError('SYNC_SESSION_CLOSED', 'replaced by a newer stream'))
    return true
  }

  async #serve(session: PushSession, handshake: () => Promise<boolean>): Promise<void> {
    const { peer } = session
    this.#serving.add(session)
    try {
      if (!(await handshake())) return
      this.#c.metrics.sessions.set(this.#sessions.size)
      this.#emitter.emit('opened', { peer })
      for (const context of this.#c.directory.contextsOf(peer)) {
        if (this.#c.replica.has(context)) session.join(context)
      }
      await session.serve()
    } catch (error) {
      if (isBreach(error)) this.#onBreach(session)
      this.#c.logger.debug({ err: error, peer }, 'push stream ended')
    } finally {
      session.abort(syncError('SYNC_SESSION_CLOSED', 'the stream is done'))
      this.#serving.delete(session)
      if (this.#sessions.get(peer) === session) {
        this.#sessions.delete(peer)
        this.#c.metrics.sessions.set(this.#sessions.size)
        this.#emitter.emit('ended', { peer, context: undefined, code: 0 })
        this.#reopenLater(peer)
      }
    }
  }

  #onBreach(session: PushSession): void {
    this.#c.metrics.protocolErrors.inc({ plane: 'push' })
    if (session.established) session.sendError(WIRE_ERRORS.malformed)
    this.#c.misbehaviour.charge(session.peer)
  }

  #reopenLater(peer: PeerId): void {
    if (!this.#wanted(peer)) return
    this.#reopener.later(peer, () => {
      if (this.#wanted(peer)) this.#open(peer)
    })
  }

  /** Whether a stream to a peer is worth having: it is here, and a member of something we replicate. */
  #wanted(peer: PeerId): boolean {
    return (
      this.#running &&
      this.#c.network.isConnected(peer) &&
      this.#c.directory.contextsOf(peer).some((context) => this.#c.replica.has(context))
    )
  }

  readonly #hooks: SessionHooks<PushSession> = {
    onProven: (session, context, party, addresses) => {
      this.#rebind(session, context, party)
      this.#emitter.emit('proven', { context, peer: session.peer, party, addresses })
      this.#giveKeys(context, session.peer, party)
    },
    onStranger: ({ peer }, context, identity, addresses) =>
      this.#emitter.emit('stranger', { context, peer, identity, addresses }),
    onJoined: ({ peer }, context) => {
      this.#reopener.reset(peer)
      this.#emitter.emit('joined', { context, peer })
      this.#emitter.emit('ended', { context, peer, code: undefined })
    },
    onRefused: (session, context, code) => {
      this.#emitter.emit('ended', { context, peer: session.peer, code })
      this.#closeIfIdle(session)
    },
    onFrontier: ({ peer }, context, frontier) => {
      this.#emitter.emit('frontier', { context, peer, frontier })
    },
    // a member may have got another identity meanwhile: that is no breach, but many are
    onFalseKeys: ({ peer }) => void this.#c.misbehaviour.charge(peer, 0.25),
    onReceived: (session, context, result) => {
      const { peer } = session
      // a context that was closed meanwhile makes everything invalid, and that is nobody's fault
      const garbage = result.status === 'invalid' && this.#c.replica.has(context)
      if (garbage && this.#c.misbehaviour.charge(peer)) {
        session.abort(syncError('SYNC_PROTOCOL', 'the peer sent too many invalid deltas'))
      }
      this.#emitter.emit('received', { context, peer, result })
    },
  }

  /** A member that comes back with another peer id leaves its old stream behind. */
  #rebind(session: PushSession, context: ContextId, party: Party): void {
    const identity = idKey(party.identity)
    for (const other of [...this.#sessions.values()]) {
      const theirs = other === session ? undefined : other.party(context)
      if (theirs === undefined || idKey(theirs.identity) !== identity) continue
      this.#expel(other, context)
    }
  }

  #expel(session: PushSession, context: ContextId): void {
    session.drop(context)
    session.sendError(WIRE_ERRORS.notMember, context)
    this.#closeIfIdle(session)
  }

  #closeIfIdle(session: PushSession): void {
    if (session.shared.length > 0) return
    this.#c.background.run('close push stream', () => session.close())
  }

  #giveKeys(context: ContextId, peer: PeerId, party: Party): void {
    this.#c.background.run('give keys', () =>
      this.#keys.give(context, party, (grants) => {
        const session = this.#sessions.get(peer)
        if (session?.party(context) === undefined) return false
        session.sendKeys(context, grants)
        return true
      }),
    )
  }
}
