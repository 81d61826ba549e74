/** One end of a framed stream: frames in order, a window, half-closing, resets. */
import { throwIfAborted } from '../../../src/node/errors.ts'
import { networkError } from '../../../src/node/network/errors.ts'
import { INBOX_HIGH_BYTES, MAX_FRAME_BYTES } from '../../../src/node/network/limits.ts'
import type { FramedStream, PeerId } from '../../../src/node/network/network.ts'
import type { Life } from '../life.ts'
import { MAX_RESEND_MS, RESEND_MS } from './roads.ts'
import type { Swarm } from './swarm.ts'

/** Bytes under way above which a sender should wait. */
const WINDOW_BYTES = 256 << 10

/** A frame, or the end of the stream. */
type Parcel = Uint8Array | undefined

export interface StreamEnd {
  readonly swarm: Swarm
  readonly life: Life
  /** Whose end it is. */
  readonly self: PeerId
  readonly peer: PeerId
  readonly protocol: string
}

export class SimStream implements FramedStream {
  readonly peer: PeerId
  readonly protocol: string
  readonly closed: Promise<void>
  readonly #at: StreamEnd
  readonly #inbox: Uint8Array[] = []
  readonly #wakers = new Set<() => void>()
  /** Called when there is room in the inbox again. */
  readonly #held: (() => void)[] = []
  #other: SimStream | undefined
  #outbox: Parcel[] = []
  #queued = 0
  #inboxBytes = 0
  #failure: Error | undefined
  #hasRead = false
  #hasWritten = false
  #isCarrying = false
  #markClosed: () => void = () => {}

  constructor(at: StreamEnd) {
    this.#at = at
    this.peer = at.peer
    this.protocol = at.protocol
    this.closed = new Promise((resolve) => (this.#markClosed = resolve))
  }

  /** The two ends of a new stream. */
  static pair(mine: StreamEnd, theirs: StreamEnd): readonly [SimStream, SimStream] {
    const ends = [new SimStream(mine), new SimStream(theirs)] as const
    ends[0].#other = ends[1]
    ends[1].#other = ends[0]
    return ends
  }

  get queued(): number {
    return this.#queued
  }

  send(frame: Uint8Array): boolean {
    if (frame.length > MAX_FRAME_BYTES) {
      throw networkError('NETWORK_FRAME_TOO_LARGE', 'the frame is too large')
    }
    if (this.#failure !== undefined) throw this.#failure
    if (this.#hasWritten) throw networkError('NETWORK_STREAM_CLOSED', 'closed for writing')
    this.#queued += frame.length
    this.#put(frame.slice())
    return this.#queued <= WINDOW_BYTES
  }

  async drained(): Promise<void> {
    while (this.#queued > WINDOW_BYTES) {
      if (this.#failure !== undefined) throw this.#failure
      await new Promise<void>((resolve) => this.#wakers.add(resolve))
    }
  }

  async read(
    options: { timeoutMs?: number; signal?: AbortSignal } = {},
  ): Promise<Uint8Array | undefined> {
    const { timeoutMs, signal } = options
    let isLate = false
    for (;;) {
      const frame = this.#inbox.shift()
      if (frame !== undefined) {
        this.#inboxBytes -= frame.length
        if (this.#inboxBytes <= INBOX_HIGH_BYTES) for (const go of this.#held.splice(0)) go()
        return frame
      }
      if (this.#failure !== undefined) throw this.#failure
      if (this.#hasRead) return undefined
      if (isLate) throw networkError('NETWORK_TIMEOUT', 'no frame in time')
      throwIfAborted(signal)
      await new Promise<void>((resolve) => {
        const late = (): void => {
          isLate = true
          wake()
        }
        const timer = timeoutMs === undefined ? undefined : this.#at.life.after(timeoutMs, late)
        const wake = (): void => {
          timer?.cancel()
          signal?.removeEventListener('abort', wake)
          this.#wakers.delete(wake)
          resolve()
        }
        signal?.addEventListener('abort', wake)
        this.#wakers.add(wake)
      })
    }
  }

  async *[Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    for (let frame = await this.read(); frame !== undefined; frame = await this.read()) yield frame
  }

  async close(): Promise<void> {
    if (this.#hasWritten || this.#failure !== undefined) return
    this.#hasWritten = true
    this.#put(undefined)
    this.#closeIfDone()
  }

  abort(error: Error): void {
    if (this.#failure !== undefined) return
    const { swarm, self, peer } = this.#at
    this.break(error.message)
    const other = this.#other
    const tell = (): void => {
      // lost in a split; the link's end will end the stream
      if (swarm.roads.from(self, peer).isBlocked) return
      if (other === undefined) return
      other.#at.life.enter(() => other.break('the other side reset the stream'))
    }
    swarm.later(self, peer, tell)
  }

  /** This end fails; the other hears of it by itself, or not. */
  break(why: string): void {
    this.#failure ??= networkError('NETWORK_STREAM_CLOSED', why)
    this.#wake()
    this.#markClosed()
  }

  #put(parcel: Parcel): void {
    this.#outbox.push(parcel)
    this.#carry()
  }

  // One batch at a time is under way, so order holds; what a bad road loses is sent again, as TCP does.
  #carry(): void {
    if (this.#isCarrying || this.#outbox.length === 0) return
    this.#isCarrying = true
    const batch = this.#outbox
    this.#outbox = []
    const { swarm, self, peer } = this.#at
    const road = swarm.roads.from(self, peer)
    let waitMs = RESEND_MS
    const attempt = (): void => {
      if (this.#failure !== undefined) return
      const longest = Math.max(...batch.map((parcel) => parcel?.length ?? 0))
      if (road.isLost() || road.isTooNarrow(longest)) {
        swarm.tally.count('segments sent again')
        swarm.time.after(waitMs, attempt)
        waitMs = Math.min(waitMs * 2, MAX_RESEND_MS)
        return
      }
      if (this.#other === undefined) return
      this.#other.#arrive(batch, () => this.#acknowledged(batch))
    }
    swarm.later(self, peer, attempt)
  }

  /** The other side has taken a batch; it may not be able to tell. */
  #acknowledged(batch: readonly Parcel[]): void {
    const { swarm, life, self, peer } = this.#at
    if (this.#failure !== undefined) return
    if (swarm.roads.from(peer, self).isBlocked) {
      swarm.time.after(RESEND_MS, () => this.#acknowledged(batch))
      return
    }
    life.enter(() => {
      for (const parcel of batch) this.#queued -= parcel?.length ?? 0
      this.#isCarrying = false
      this.#wake()
      this.#carry()
    })
  }

  #arrive(batch: readonly Parcel[], acknowledge: () => void): void {
    if (this.#failure !== undefined) return
    if (this.#inboxBytes > INBOX_HIGH_BYTES) {
      this.#held.push(() => this.#arrive(batch, acknowledge))
      return
    }
    const { swarm, life, self } = this.#at
    life.enter(() => {
      if (this.#failure !== undefined) return
      for (const parcel of batch) {
        swarm.time.note(`frame ${swarm.nameOf(self)} ${this.protocol}`, parcel)
        if (parcel === undefined) {
          this.#hasRead = true
          continue
        }
        this.#inbox.push(parcel)
        this.#inboxBytes += parcel.length
      }
      this.#closeIfDone()
      this.#wake()
    })
    acknowledge()
  }

  #closeIfDone(): void {
    if (this.#hasRead && this.#hasWritten) this.#markClosed()
  }

  #wake(): void {
    for (const wake of [...this.#wakers]) {
      this.#wakers.delete(wake)
      wake()
    }
  }
}
