/** Asks members for the key epochs that the replica says it lacks. */
import type { PeerId } from '../../network/network.ts'
import type { Background } from '../../primitives/background.ts'
import type { Clock, Timer } from '../../primitives/clock.ts'
import { type ContextId, idKey } from '../../primitives/ids.ts'
import type { Logger } from '../../primitives/logger.ts'
import type { OnlineMember } from '../push/push-types.ts'
import type { KeyGrant, ReplicaSource } from '../replica.ts'
import { backoff } from './wanted.ts'

export interface KeyFetcherComponents {
  readonly replica: Pick<ReplicaSource, 'has' | 'missingEpochs' | 'acceptKeys'>
  readonly push: { members(context: ContextId): readonly OnlineMember[] }
  readonly requests: {
    keys(
      peer: PeerId,
      context: ContextId,
      epochs: readonly number[],
      options: { signal: AbortSignal },
    ): Promise<readonly KeyGrant[]>
  }
  readonly clock: Clock
  readonly logger: Logger
  readonly background: Background
}

/** What is under way in one context. */
interface Work {
  readonly context: ContextId
  running: Promise<void> | undefined
  timer: Timer | undefined
  failures: number
}

export class KeyFetcher {
  readonly #c: KeyFetcherComponents
  readonly #work = new Map<string, Work>()
  #stop = new AbortController()

  constructor(components: KeyFetcherComponents) {
    this.#c = components
  }

  start(): void {
    this.#stop = new AbortController()
  }

  stop(): void {
    this.#stop.abort()
    for (const { context } of [...this.#work.values()]) this.forget(context)
  }

  /** Stops asking for a context. */
  forget(context: ContextId): void {
    this.#work.get(idKey(context))?.timer?.cancel()
    this.#work.delete(idKey(context))
  }

  /** Asks now, unless it is being asked. */
  want(context: ContextId): void {
    const { replica } = this.#c
    if (this.#stop.signal.aborted || !replica.has(context)) return
    if (replica.missingEpochs(context).length === 0) return
    const key = idKey(context)
    const work = this.#work.get(key) ?? {
      ...{ context, running: undefined, timer: undefined, failures: 0 },
    }
    this.#work.set(key, work)
    if (work.running !== undefined) return
    work.timer?.cancel()
    // with nobody online it ends before it is noted as running
    work.running = this.#fetch(work).finally(() => (work.running = undefined))
    this.#c.background.run('fetch keys', () => work.running ?? Promise.resolve())
  }

  /** Resolves when nobody is being asked; at once when nobody is. */
  async settled(context: ContextId): Promise<void> {
    await this.#work.get(idKey(context))?.running
  }

  async #fetch(work: Work): Promise<void> {
    const { context } = work
    const { replica, requests, push, logger, clock } = this.#c
    const missing = (): readonly number[] => replica.missingEpochs(context)
    const { signal } = this.#stop
    for (const { peer, party } of push.members(context)) {
      if (party.role === 'relay' || missing().length === 0 || signal.aborted) continue
      try {
        const epochs = missing()
        const grants = await requests.keys(peer, context, epochs, { signal })
        await replica.acceptKeys(context, grants, epochs)
      } catch (error) {
        logger.debug({ err: error, peer }, 'keys could not be fetched')
      }
    }
    if (signal.aborted || this.#work.get(idKey(context)) !== work) return
    if (missing().length === 0) {
      work.failures = 0
      return
    }
    work.timer = clock.after(backoff(work.failures++, 0), () => this.want(context))
  }
}
