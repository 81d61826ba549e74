/** Hands fetched envelopes to the replica, in order and not too many at a time. */
import type { PeerId } from '../../network/network.ts'
import type { ContextId } from '../../primitives/ids.ts'
import type { Logger } from '../../primitives/logger.ts'
import { MAX_PULL_RECEIVING } from '../limits.ts'
import type { SyncMetrics } from '../metrics.ts'
import type { Misbehaviour } from '../quotas.ts'
import type { ReceiveResult, ReplicaSource } from '../replica.ts'

export interface ReceiverComponents {
  readonly replica: Pick<ReplicaSource, 'has' | 'receive'>
  readonly misbehaviour: Misbehaviour
  readonly logger: Logger
  readonly metrics: SyncMetrics
}

export interface ReceiverHooks {
  onTaken(): void
  /** Once for each that was taken; undefined when its fate could not be decided. */
  onResult(result: ReceiveResult | undefined): void
}

export class Receiver {
  readonly #c: ReceiverComponents
  readonly #context: ContextId
  readonly #peer: PeerId
  readonly #hooks: ReceiverHooks
  readonly #running = new Set<Promise<void>>()

  constructor(
    components: ReceiverComponents,
    context: ContextId,
    peer: PeerId,
    hooks: ReceiverHooks,
  ) {
    this.#c = components
    this.#context = context
    this.#peer = peer
    this.#hooks = hooks
  }

  /** Resolves when the next may be taken: what is read slowly holds the peer back. */
  async take(envelope: Uint8Array): Promise<void> {
    this.#hooks.onTaken()
    const noted = this.#receive(envelope).finally(() => this.#running.delete(noted))
    this.#running.add(noted)
    if (this.#running.size >= MAX_PULL_RECEIVING) await Promise.race(this.#running)
  }

  async settled(): Promise<void> {
    await Promise.all(this.#running)
  }

  async #receive(envelope: Uint8Array): Promise<void> {
    const { replica, metrics, misbehaviour, logger } = this.#c
    let result: ReceiveResult | undefined
    try {
      result = await replica.receive(this.#context, envelope, { peer: this.#peer })
      metrics.received.inc({ path: 'pull', status: result.status })
      // a context that was closed meanwhile makes everything invalid, and that is nobody's fault
      if (result.status === 'invalid' && replica.has(this.#context)) misbehaviour.charge(this.#peer)
    } catch (error) {
      logger.error({ err: error }, 'a delta was not received')
    }
    this.#hooks.onResult(result)
  }
}
