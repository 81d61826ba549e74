/** The frames waiting for one peer: bounded, deltas first to go. */
import type { FramedStream } from '../../network/network.ts'
import { syncError } from '../errors.ts'
import { MAX_OUTBOX_BYTES } from '../limits.ts'

interface Waiting {
  readonly frame: Uint8Array
  /** Set for deltas: what is announced by Heads when the frame is dropped. */
  readonly context: string | undefined
}

export interface OutboxHooks {
  /** Deltas of these contexts (keys of ids) were dropped and the peer reads again: it needs Heads. */
  onDrained(contexts: ReadonlySet<string>): void
  onOverflow(): void
}

/**
 * Never makes its caller wait: what the socket does not take stays here, up to 4 MiB. Then every queued delta of this peer is dropped, and
 * once it reads again its owner sends Heads, from which the peer sees what to fetch.
 */
export class Outbox {
  readonly #stream: FramedStream
  readonly #hooks: OutboxHooks
  #waiting: Waiting[] = []
  #bytes = 0
  #draining = false
  #dropped = new Set<string>()

  constructor(stream: FramedStream, hooks: OutboxHooks) {
    this.#stream = stream
    this.#hooks = hooks
  }

  get bytes(): number {
    return this.#bytes
  }

  /** Sends or queues. Does nothing on a stream that ended: its reader will tell. @throws SYNC_PROTOCOL when even the rest is too much */
  push(frame: Uint8Array, context?: string): void {
    if (this.#draining) {
      this.#queue({ frame, context })
      return
    }
    if (!this.#send(frame)) void this.#drain() // never rejects
  }

  #queue(item: Waiting): void {
    // while deltas of a context are being dropped, more of them would only arrive out of order
    if (item.context !== undefined && this.#dropped.has(item.context)) return
    if (this.#bytes + item.frame.length > MAX_OUTBOX_BYTES) this.#shed(item)
    else this.#add(item)
  }

  #shed(item: Waiting): void {
    this.#hooks.onOverflow()
    const kept: Waiting[] = []
    for (const waiting of [...this.#waiting, item]) {
      if (waiting.context === undefined) kept.push(waiting)
      else this.#dropped.add(waiting.context)
    }
    this.#waiting = kept
    this.#bytes = kept.reduce((sum, { frame }) => sum + frame.length, 0)
    if (this.#bytes > MAX_OUTBOX_BYTES) {
      this.#waiting = []
      this.#bytes = 0
      this.#stream.abort(syncError('SYNC_PEER_SILENT', 'the peer does not read its stream'))
    }
  }

  #add(item: Waiting): void {
    this.#waiting.push(item)
    this.#bytes += item.frame.length
  }

  #send(frame: Uint8Array): boolean {
    try {
      return this.#stream.send(frame)
    } catch {
      return true // the stream ended: there is nothing to wait for
    }
  }

  async #drain(): Promise<void> {
    this.#draining = true
    try {
      for (;;) {
        await this.#stream.drained()
        let taking = true
        while (taking) {
          const next = this.#waiting.shift()
          if (next === undefined) break
          this.#bytes -= next.frame.length
          taking = this.#send(next.frame)
        }
        if (taking) break
      }
    } catch {
      this.#waiting = [] // the stream ended
      this.#bytes = 0
      return
    }
    this.#draining = false
    if (this.#dropped.size > 0) {
      const contexts = this.#dropped
      this.#dropped = new Set()
      this.#hooks.onDrained(contexts)
    }
  }
}
