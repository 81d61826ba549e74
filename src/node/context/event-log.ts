/** The node's events: live ones through listeners, stored ones by sequence, trimmed to a bounded length per context. */
import type { Events, NodeEvents, StateMutation } from '../interface.ts'
import { Emitter } from '../primitives/emitter.ts'
import { type ContextId, DeltaId, PublicKey } from '../primitives/ids.ts'
import type { Logger } from '../primitives/logger.ts'
import type { EventRows, MutationRow } from '../store/repositories/events.ts'
import { contextError } from './errors.ts'
import { EVENT_LOG_LENGTH } from './limits.ts'

/** Mutations one replay returns at most. */
export const MAX_REPLAY = 1000

export interface EventLogComponents {
  readonly rows: EventRows
  readonly logger: Logger
  /** Local number and last sequence of a context; undefined when it is not here. */
  position(context: ContextId): { number: number; last: bigint } | undefined
  background(work: Promise<void>): void
}

export class EventLog extends Emitter<NodeEvents> implements Events {
  readonly #c: EventLogComponents

  constructor(components: EventLogComponents) {
    super(components.logger)
    this.#c = components
  }

  /** Tells listeners of a stored mutation, and trims the log now and then. */
  publish(mutation: StateMutation): void {
    this.emit('state:mutation', mutation)
    if (mutation.seq % (EVENT_LOG_LENGTH / 10n) !== 0n || mutation.seq <= EVENT_LOG_LENGTH) return
    const number = this.#c.position(mutation.context)?.number
    if (number === undefined) return
    this.#c.background(this.#c.rows.trim(number, mutation.seq - EVENT_LOG_LENGTH))
  }

  async replay(
    context: ContextId,
    since: bigint,
    options: { limit?: number } = {},
  ): Promise<{ mutations: readonly StateMutation[]; skipped: bigint }> {
    const { number } = this.#position(context)
    const limit = Math.max(0, Math.min(options.limit ?? MAX_REPLAY, MAX_REPLAY))
    const oldest = (await this.#c.rows.oldest(number)) ?? since
    const from = since < 1n ? 1n : since
    const skipped = oldest > from ? oldest - from : 0n
    const rows = await this.#c.rows.read(number, from, limit)
    return { mutations: rows.map(({ seq, row }) => toMutation(context, seq, row)), skipped }
  }

  async last(context: ContextId): Promise<bigint> {
    return this.#position(context).last
  }

  #position(context: ContextId): { number: number; last: bigint } {
    const position = this.#c.position(context)
    if (position === undefined) throw contextError('CONTEXT_NOT_FOUND', 'no such context here')
    return position
  }
}

function toMutation(context: ContextId, seq: bigint, row: MutationRow): StateMutation {
  return {
    context,
    seq,
    newRoot: row.root,
    delta: DeltaId.from(row.delta),
    author: PublicKey.from(row.member),
    events: row.events.map(({ kind, data, handler }) => ({ kind, data, handler: handler ?? null })),
  }
}
