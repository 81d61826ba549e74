/** {@link FramedStream} over a libp2p 3 stream, which is an event target without back-pressure of its own on the reading side. */
import type { Stream } from '@libp2p/interface'
import { type MerogateError, throwIfAborted } from '../errors.ts'
import { concat } from '../primitives/bytes.ts'
import type { Clock } from '../primitives/clock.ts'
import { networkError } from './errors.ts'
import { encodeFrame, FrameReader } from './frame-reader.ts'
import { INBOX_HIGH_BYTES, INBOX_HIGH_FRAMES, MAX_FRAME_BYTES, MAX_QUEUED_BYTES } from './limits.ts'
import type { FramedStream, PeerId } from './network.ts'

/** Frames of one turn of the event loop are written together until they make up this many bytes: Noise seals at most 64 KiB at once. */
const CORK_BYTES = 64 << 10

/** Wraps a stream that nobody else listens to. */
export function framedStream(
  stream: Stream,
  peer: PeerId,
  components: { readonly clock: Clock },
): FramedStream {
  return new Libp2pFramedStream(stream, peer, components.clock)
}

class Libp2pFramedStream implements FramedStream {
  readonly peer: PeerId
  readonly protocol: string
  readonly closed: Promise<void>
  readonly #stream: Stream
  readonly #clock: Clock
  readonly #reader = new FrameReader(MAX_FRAME_BYTES)
  readonly #inbox: Uint8Array[] = []
  readonly #wakeReaders = new Set<() => void>()
  readonly #wakeWriters = new Set<() => void>()
  #inboxBytes = 0
  #paused = false
  #ended = false
  #failure: MerogateError | undefined
  /** Frames sent in the same turn of the event loop as an earlier one: they leave together, in one write. */
  #corked: Uint8Array[] | undefined
  #corkedBytes = 0
  #markClosed: () => void = () => {}

  constructor(stream: Stream, peer: PeerId, clock: Clock) {
    this.#stream = stream
    this.#clock = clock
    this.peer = peer
    this.protocol = stream.protocol
    this.closed = new Promise((resolve) => (this.#markClosed = resolve))
    stream.addEventListener('message', (event) => {
      const { data } = event
      this.#onData(data instanceof Uint8Array ? data : data.subarray())
    })
    stream.addEventListener('end', () => this.#onEnd())
    stream.addEventListener('close', (event) => this.#onClose(event.error))
    // libp2p answers its own 'drain' first, in a microtask that may fill the window again: look after it.
    stream.addEventListener('drain', () => queueMicrotask(() => this.#onWritable()))
    stream.addEventListener('idle', () => queueMicrotask(() => this.#onWritable()))
    if (stream.status !== 'open') this.#onClose(undefined)
    else if (stream.readableEnded) this.#onEnd()
  }

  get queued(): number {
    return this.#stream.writeBufferLength + this.#corkedBytes
  }

  send(frame: Uint8Array): boolean {
    if (frame.length > MAX_FRAME_BYTES) {
      throw networkError(
        'NETWORK_FRAME_TOO_LARGE',
        `expected to send a frame of at most ${MAX_FRAME_BYTES} bytes, got ${frame.length}`,
        { max: MAX_FRAME_BYTES, got: frame.length },
      )
    }
    this.#assertWritable()
    if (this.queued > MAX_QUEUED_BYTES) {
      throw networkError(
        'NETWORK_QUEUE_FULL',
        `expected the sender to wait for drained() below ${MAX_QUEUED_BYTES} queued bytes, got ${this.queued}`,
        { max: MAX_QUEUED_BYTES, got: this.queued },
      )
    }
    const encoded = encodeFrame(frame)
    if (this.#corked !== undefined) {
      this.#corked.push(encoded)
      this.#corkedBytes += encoded.length
      if (this.#corkedBytes >= CORK_BYTES) this.#flush()
      return !this.#blocked
    }
    // The first frame of a turn leaves at once, so an idle stream adds no latency; whatever follows in this turn is written together.
    this.#corked = []
    setImmediate(() => this.#uncork())
    this.#write(encoded)
    return !this.#blocked
  }

  async drained(): Promise<void> {
    while (this.#blocked || this.#corkedBytes > 0) {
      this.#assertWritable()
      await new Promise<void>((resolve) => this.#wakeWriters.add(resolve))
    }
  }

  async read(
    options: { timeoutMs?: number; signal?: AbortSignal } = {},
  ): Promise<Uint8Array | undefined> {
    for (;;) {
      const frame = this.#inbox.shift()
      if (frame !== undefined) {
        this.#inboxBytes -= frame.length
        this.#resumeWhenLow()
        return frame
      }
      if (this.#failure !== undefined) throw this.#failure
      if (this.#ended) return undefined
      throwIfAborted(options.signal)
      await this.#readable(options)
    }
  }

  async *[Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    for (;;) {
      const frame = await this.read()
      if (frame === undefined) return
      yield frame
    }
  }

  async close(): Promise<void> {
    if (this.#stream.status !== 'open') return
    this.#uncork()
    try {
      await this.#stream.close()
    } catch {
      // closing something that is gone already: `closed` tells
    }
  }

  abort(error: Error): void {
    if (this.#failure === undefined) this.#flush() // a last word sent just before, such as an error code, still leaves
    this.#failure ??= networkError(
      'NETWORK_STREAM_CLOSED',
      `stream ${this.protocol} was ended by this node: ${error.message}`,
      {},
      { cause: error },
    )
    this.#discardInbox()
    this.#stream.abort(error)
    this.#wakeAll()
  }

  get #blocked(): boolean {
    return this.#stream.writableNeedsDrain || this.#stream.writeBufferLength > 0
  }

  #assertWritable(): void {
    if (this.#failure !== undefined) throw this.#failure
    if (this.#stream.writeStatus !== 'writable') {
      throw networkError('NETWORK_STREAM_CLOSED', `stream ${this.protocol} is closed for writing`)
    }
  }

  #write(bytes: Uint8Array): void {
    try {
      this.#stream.send(bytes)
    } catch (cause) {
      this.#fail('NETWORK_STREAM_CLOSED', 'the stream broke while sending', cause)
    }
  }

  #uncork(): void {
    this.#flush()
    this.#corked = undefined
    this.#onWritable()
  }

  #flush(): void {
    const frames = this.#corked?.splice(0) ?? []
    this.#corkedBytes = 0
    if (frames.length === 0) return
    if (this.#failure === undefined && this.#stream.writeStatus === 'writable') {
      this.#write(frames.length === 1 ? (frames[0] as Uint8Array) : concat(...frames)) // length checked
    }
  }

  #readable(options: { timeoutMs?: number; signal?: AbortSignal }): Promise<void> {
    return new Promise((resolve, reject) => {
      const done = (): void => {
        this.#wakeReaders.delete(wake)
        timer?.cancel()
        options.signal?.removeEventListener('abort', wake)
      }
      const wake = (): void => {
        done()
        resolve()
      }
      const { timeoutMs } = options
      const timer =
        timeoutMs === undefined
          ? undefined
          : this.#clock.after(timeoutMs, () => {
              done()
              reject(
                networkError(
                  'NETWORK_TIMEOUT',
                  `expected a frame on ${this.protocol} within ${timeoutMs} ms, got none`,
                  { timeoutMs },
                ),
              )
            })
      this.#wakeReaders.add(wake)
      options.signal?.addEventListener('abort', wake)
    })
  }

  #onData(chunk: Uint8Array): void {
    if (this.#failure !== undefined) return
    let frames: Uint8Array[]
    try {
      frames = this.#reader.push(chunk)
    } catch (error) {
      this.#failure = error as MerogateError // the reader throws nothing else
      this.#discardInbox()
      this.#stream.abort(this.#failure)
      this.#wakeAll()
      return
    }
    if (frames.length === 0) return
    for (const frame of frames) {
      this.#inbox.push(frame)
      this.#inboxBytes += frame.length
    }
    if (
      !this.#paused &&
      (this.#inboxBytes > INBOX_HIGH_BYTES || this.#inbox.length > INBOX_HIGH_FRAMES)
    ) {
      this.#setPaused(true)
    }
    this.#wakeAll()
  }

  #resumeWhenLow(): void {
    if (
      this.#paused &&
      this.#inboxBytes <= INBOX_HIGH_BYTES / 2 &&
      this.#inbox.length <= INBOX_HIGH_FRAMES / 2
    ) {
      this.#setPaused(false)
    }
  }

  #setPaused(paused: boolean): void {
    this.#paused = paused
    try {
      if (paused) this.#stream.pause()
      else this.#stream.resume()
    } catch {
      // its readable side closed meanwhile: nothing more will come
    }
  }

  #onEnd(): void {
    this.#ended = true
    if (this.#reader.held > 0) {
      this.#fail('NETWORK_FRAME_TRUNCATED', 'the stream ended inside a frame', undefined)
    }
    this.#wakeAll()
  }

  #onClose(error: Error | undefined): void {
    if (error === undefined) this.#ended = true
    else this.#fail('NETWORK_STREAM_CLOSED', 'the stream was reset', error)
    this.#wakeAll()
    this.#onWritable(true)
    this.#markClosed()
  }

  #fail(
    code: 'NETWORK_STREAM_CLOSED' | 'NETWORK_FRAME_TRUNCATED',
    message: string,
    cause: unknown,
  ): void {
    this.#failure ??= networkError(code, `${this.protocol}: ${message}`, {}, { cause })
    this.#wakeAll()
    this.#onWritable(true)
  }

  #discardInbox(): void {
    this.#inbox.length = 0
    this.#inboxBytes = 0
  }

  #onWritable(force = false): void {
    if (!force && this.#failure === undefined && this.#blocked) return
    for (const wake of this.#wakeWriters) wake()
    this.#wakeWriters.clear()
  }

  #wakeAll(): void {
    for (const wake of [...this.#wakeReaders]) wake()
  }
}
