/** What a proven member sends on a push stream: each frame is paid for, and what costs much is done beside the stream, not too much of it at once. */
import type { PushFrame } from '../../codec/push-frames.ts'
import type { PeerId } from '../../network/network.ts'
import { InFlight } from '../requests/in-flight.ts'
import {
  ACK_DELAY_MS,
  DELTAS_PER_TURN,
  GRANT_UNITS,
  HEAD_UNITS,
  MAX_WAITING_GRANTS,
  PARENT_UNITS,
  PARKED_DELTA_UNITS,
  REFUSED_DELTA_UNITS,
  UNIT_BYTES,
  WAITING_DELTA_UNITS,
} from '../limits.ts'
import type { TokenBucket } from '../quotas.ts'
import type { KeyGrant, Party, ReceiveResult } from '../replica.ts'
import { pausing } from '../waiting.ts'
import { toWireFrontier } from '../wire.ts'
import type { SessionComponents, Shared } from './session-types.ts'

/** The stream that the frames came on. */
interface Receiving {
  readonly peer: PeerId
  readonly ended: boolean
  send(frame: PushFrame): void
}

export class ReceivedFrames<S extends Receiving> {
  readonly #session: S
  readonly #c: SessionComponents<S>
  readonly #inFlight = new InFlight()
  readonly #over = new AbortController()
  #waitingGrants = 0
  #taken = 0

  constructor(session: S, components: SessionComponents<S>) {
    this.#session = session
    this.#c = components
  }

  /** Nobody waits any more. */
  release(): void {
    this.#over.abort()
    this.#inFlight.release()
  }

  /** Waits while the peer has cost too much: what is read slowly holds it back. */
  async pay(party: Party | undefined, units: number): Promise<void> {
    const ms = this.#bucket(party).owe(units)
    if (ms > 0) await pausing(this.#c.clock, ms, this.#over.signal)
  }

  /** What it costs to read a frame, whatever it says. Deltas are held back by {@link delta}. */
  async paySize(party: Party | undefined, bytes: number): Promise<void> {
    await this.pay(party, 1 + Math.floor(bytes / UNIT_BYTES))
  }

  /** Takes a delta in; resolves when the next may be read. */
  async delta(shared: Shared, party: Party, envelope: Uint8Array): Promise<void> {
    this.#c.background.run('receive delta', () => this.#receive(shared, party, envelope))
    await this.#inFlight.room()
    await this.pay(party, 0)
    if (++this.#taken % DELTAS_PER_TURN === 0) await pausing(this.#c.clock, 0, this.#over.signal)
  }

  /** Takes keys that are given. */
  keys(shared: Shared, party: Party, grants: readonly KeyGrant[]): void {
    const { replica, background, hooks } = this.#c
    if (this.#waitingGrants >= MAX_WAITING_GRANTS) return
    this.#waitingGrants++
    background.run('accept keys', async () => {
      try {
        const { looked, refused } = await replica.acceptKeys(shared.context, grants)
        this.#bucket(party).owe(looked * GRANT_UNITS)
        if (refused > 0) hooks.onFalseKeys(this.#session)
      } finally {
        this.#waitingGrants--
      }
    })
  }

  #bucket(party: Party | undefined): TokenBucket {
    const { budgets } = this.#c
    return party === undefined
      ? budgets.stranger(this.#session.peer)
      : budgets.member(party.identity)
  }

  async #receive(shared: Shared, party: Party, envelope: Uint8Array): Promise<void> {
    const { replica, metrics, hooks } = this.#c
    const { peer } = this.#session
    this.#inFlight.enter(envelope.length)
    try {
      const result = await replica.receive(shared.context, envelope, { peer })
      metrics.received.inc({ path: 'push', status: result.status })
      this.#bucket(party).owe(unitsOf(result))
      if (this.#session.ended) return
      if (result.status === 'applied' || result.status === 'duplicate') this.#ackSoon(shared)
      hooks.onReceived(this.#session, shared.context, result)
    } finally {
      this.#inFlight.leave(envelope.length)
    }
  }

  #ackSoon(shared: Shared): void {
    shared.ackTimer ??= this.#c.clock.after(ACK_DELAY_MS, () => {
      shared.ackTimer = undefined
      const frontier = this.#c.replica.frontier(shared.context)
      if (frontier === undefined || this.#session.ended) return
      const { heads } = toWireFrontier(frontier)
      this.#session.send({ type: 'ack', context: shared.context, heads })
    })
  }
}

const UNITS: Readonly<Partial<Record<ReceiveResult['status'], number>>> = {
  duplicate: WAITING_DELTA_UNITS,
  pending: WAITING_DELTA_UNITS,
  parked: PARKED_DELTA_UNITS,
  refused: REFUSED_DELTA_UNITS,
}

/** What a delta cost that came to nothing yet, or is one head more. What else is applied is held back by how fast that goes. */
function unitsOf({ status, missing, widens }: ReceiveResult): number {
  // parents that nobody has shown cost a look each, and a question
  const units = (UNITS[status] ?? 0) + missing.length * PARENT_UNITS
  return widens === true ? units + HEAD_UNITS : units
}
