/**
 * What was signed and not seen to end. Whoever has the bytes may deliver them until their time is over, so they are kept until then: the same
 * operation asked again is the same bytes, and what becomes of them is looked for.
 */
import type { Clock, Timer } from '../primitives/clock.ts'
import type { Logger } from '../primitives/logger.ts'
import type { PublicKey } from '../primitives/ids.ts'
import type { MerogateError } from '../errors.ts'
import { anchorError } from './errors.ts'
import {
  ENVELOPE_VALIDITY_SECONDS,
  FATE_LOOK_MS,
  MAX_CLOCK_SKEW_SECONDS,
  MAX_REFUSED_KEPT,
} from './limits.ts'
import type { SignedEnvelope } from './model/checks.ts'
import type { SaidNonce } from './nonces.ts'

/** An operation that was signed and of which it is not known whether it took effect. */
export interface UnsettledOperation {
  /** Digest of its envelope, hexadecimal. */
  readonly id: string
  /** Name of the operation. */
  readonly kind: string
  readonly subject: Uint8Array
  readonly signer: PublicKey
  /** When it was signed, and until when it may take effect at the latest, ms since the Unix epoch. */
  readonly sinceMs: number
  readonly untilMs: number
}

/** What is kept of it. */
export interface Fate extends UnsettledOperation {
  readonly signed: SignedEnvelope
  readonly nonce: SaidNonce
  /** Nonce that it leaves, where that is not the next one. */
  readonly leaves: bigint | undefined
}

export interface FatesInit {
  readonly clock: Clock
  readonly logger: Logger
  /** Height at which a transaction was accepted; undefined when it was not, as far as is known. @throws ANCHOR_* */
  find(id: string): Promise<bigint | undefined>
  /** One that nobody waited for took effect. */
  onFound(fate: Fate, height: bigint): void
}

const VALIDITY_MS = Number(ENVELOPE_VALIDITY_SECONDS) * 1000
const SKEW_MS = Number(MAX_CLOCK_SKEW_SECONDS) * 1000

export class Fates {
  readonly #init: FatesInit
  /** By what was asked for. */
  readonly #known = new Map<string, Fate>()
  /** Those whose end is looked for; the others were refused, by an endpoint's word. */
  readonly #followed = new Set<string>()
  #looks: Timer | undefined

  constructor(init: FatesInit) {
    this.#init = init
  }

  /** When a request that is good until this second is good for nobody any more, ms since the Unix epoch. */
  static untilMs(validUntil: bigint): number {
    return Number(validUntil) * 1000 + SKEW_MS
  }

  /** Whether nobody knows what became of it, and not that it was refused. */
  isFollowed(key: string): boolean {
    return this.#followed.has(key)
  }

  /** What was signed for the same and may still take effect. */
  get(key: string): Fate | undefined {
    this.#forget()
    const fate = this.#known.get(key)
    if (fate === undefined || this.#followed.has(key)) return fate
    // it was refused: perhaps because this machine's clock was wrong, and is right now
    const leftMs = fate.untilMs - SKEW_MS - this.#init.clock.nowMs()
    return leftMs > 0 && leftMs <= VALIDITY_MS + SKEW_MS ? fate : undefined
  }

  /** Those of which nobody knows, oldest first. */
  list(): readonly UnsettledOperation[] {
    this.#forget()
    return [...this.#followed].flatMap((key) => this.#known.get(key) ?? [])
  }

  /** It is signed, and will be sent. */
  put(key: string, fate: Fate): void {
    this.#known.set(key, fate)
    const refused = [...this.#known.keys()].filter((each) => !this.#followed.has(each))
    for (const each of refused.slice(0, -MAX_REFUSED_KEPT)) this.#known.delete(each)
  }

  /** It is known what became of it. */
  end(key: string): void {
    this.#known.delete(key)
    this.#followed.delete(key)
  }

  /** Looks for what becomes of it. @returns what its caller is told */
  follow(key: string, cause: MerogateError): MerogateError {
    const fate = this.#known.get(key)
    if (fate === undefined) return cause
    this.#followed.add(key)
    this.resume()
    const until = new Date(fate.untilMs).toISOString()
    return anchorError(
      'ANCHOR_FATE_UNKNOWN',
      `${fate.kind} was signed and sent, and may take effect until ${until}: ${cause.message}. The same asked again is the same operation`,
      { operation: fate.kind, transaction: fate.id, until, reason: cause.code },
      { cause },
    )
  }

  /** Looks again, after a stop too. */
  resume(): void {
    if (this.#followed.size === 0) return
    this.#looks ??= this.#init.clock.after(FATE_LOOK_MS, () => {
      this.#looks = undefined
      void this.#look().finally(() => this.resume())
    })
  }

  /** Looks no more. */
  stop(): void {
    this.#looks?.cancel()
    this.#looks = undefined
  }

  async #look(): Promise<void> {
    const { logger, find, onFound } = this.#init
    for (const key of [...this.#followed]) {
      const fate = this.#known.get(key)
      if (fate === undefined) continue
      try {
        const height = await find(fate.id)
        if (height === undefined || !this.#followed.has(key)) continue
        this.end(key)
        logger.info(
          { operation: fate.kind, transaction: fate.id },
          'operation took effect after all',
        )
        onFound(fate, height)
      } catch (error) {
        logger.debug({ err: error }, 'the fate of an operation could not be looked for')
      }
    }
    this.#forget()
  }

  /** Lets go of what can take effect no more. */
  #forget(): void {
    const { clock, logger } = this.#init
    for (const [key, { kind, id, untilMs }] of this.#known) {
      if (untilMs > clock.nowMs()) continue
      if (this.#followed.has(key)) {
        logger.info(
          { operation: kind, transaction: id },
          'operation did not take effect in its time',
        )
      }
      this.end(key)
    }
  }
}
