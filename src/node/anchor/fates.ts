/**
 * What was signed and not seen to end. Whoever has the bytes may deliver them until their time is over, so they are kept until then, over restarts
 * where there is a store: the same operation asked again is the same bytes, and what becomes of them is looked for.
 */
import type { Clock, Timer } from '../primitives/clock.ts'
import type { Logger } from '../primitives/logger.ts'
import type { PublicKey } from '../primitives/ids.ts'
import type { MerogateError } from '../errors.ts'
import { anchorError } from './errors.ts'
import {
  ENVELOPE_VALIDITY_SECONDS,
  FATE_FINAL_MS,
  FATE_LOOK_MS,
  MAX_CLOCK_SKEW_SECONDS,
  MAX_REFUSED_KEPT,
} from './limits.ts'
import type { SignedEnvelope } from './service.ts'
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
  /** Tells what was asked for from anything else, whoever's nonce and time it got. */
  readonly wish: string
  readonly signed: SignedEnvelope
  readonly nonce: Pick<SaidNonce, 'nonce' | 'series'>
  /** Nonce that it leaves, where that is not the next one. */
  readonly leaves: bigint | undefined
}

/** The same as a restart finds it. */
export interface KeptFate extends Fate {
  /** Somebody said that it was refused: it is not looked for. */
  readonly isRefused: boolean
}

/** Keeps over restarts what was signed for the contracts of anchors. */
export interface FateStore {
  /** Those of one contract, oldest first. */
  load(contract: string): Promise<readonly KeptFate[]>
  /** Resolves when no crash can undo it. */
  save(contract: string, fate: KeptFate): Promise<void>
  drop(fate: Fate): Promise<void>
}

type Write = (store: FateStore, contract: string) => Promise<void>

export interface FatesInit {
  readonly clock: Clock
  readonly logger: Logger
  /** Where they are kept, and what for. @default in memory */
  readonly kept?: { readonly store: FateStore; readonly contract: string } | undefined
  /** Height at which it was accepted; undefined when it was not, as far as is known, or as far as is final. @throws ANCHOR_* */
  find(fate: Fate, finality: 'optimistic' | 'final'): Promise<bigint | undefined>
  /** One that nobody waited for took effect. */
  onFound(fate: Fate, height: bigint): void
  /** An earlier run left one. */
  onLeft(fate: Fate): void
}

const VALIDITY_MS = Number(ENVELOPE_VALIDITY_SECONDS) * 1000
const SKEW_MS = Number(MAX_CLOCK_SKEW_SECONDS) * 1000

export class Fates {
  readonly #init: FatesInit
  /** By what was asked for; by its own id what something newer was signed for since. */
  readonly #known = new Map<string, Fate>()
  /** Those whose end is looked for; the others are being sent, or were refused, by an endpoint's word. */
  readonly #followed = new Set<string>()
  #loading: Promise<void> | undefined
  /** Rows that are to be written, by operation: what the disk refused is tried again. */
  readonly #owed = new Map<string, Write>()
  #payment: Timer | undefined
  /** Rows are written in the order of what happens. */
  #writes: Promise<void> = Promise.resolve()
  #looks: Timer | undefined
  #isStopped = false

  constructor(init: FatesInit) {
    this.#init = init
  }

  /** When a request that is good until this second is good for nobody any more, ms since the Unix epoch. */
  static untilMs(validUntil: bigint): number {
    return Number(validUntil) * 1000 + SKEW_MS
  }

  /** Looks for what is not known to have ended. @throws STORE_* */
  async start(): Promise<void> {
    this.#isStopped = false
    await this.load()
    this.#resume()
  }

  /** Looks no more. Resolves when what is known is written. */
  async stop(): Promise<void> {
    this.#isStopped = true
    this.#looks?.cancel()
    this.#looks = undefined
    this.#payment?.cancel()
    this.#payment = undefined
    await this.#pay()
  }

  /** What an earlier run left, once: what it had sent, and did not hear the end of, is looked for. @throws STORE_* */
  load(): Promise<void> {
    this.#loading ??= this.#load().catch((error: unknown) => {
      this.#loading = undefined
      throw error
    })
    return this.#loading
  }

  /** Whether nobody knows what became of it, and not that it was refused. */
  isFollowed({ wish }: Fate): boolean {
    return this.#followed.has(wish)
  }

  /** What was signed for the same and may still take effect. */
  get(wish: string): Fate | undefined {
    const fate = this.#known.get(wish)
    const leftMs = fate === undefined ? 0 : this.#leftMs(fate)
    if (leftMs <= 0) return undefined
    if (this.#followed.has(wish)) return fate
    // it was refused: perhaps because this machine's clock was wrong, and is right now
    return leftMs > SKEW_MS && leftMs <= VALIDITY_MS + 2 * SKEW_MS ? fate : undefined
  }

  /** Those of which nobody knows and that may still take effect, oldest first. */
  list(): readonly UnsettledOperation[] {
    return [...this.#followed]
      .flatMap((key) => this.#known.get(key) ?? [])
      .filter((fate) => this.#leftMs(fate) > 0)
      .sort((a, b) => a.sinceMs - b.sinceMs)
  }

  /** It is signed, and will be sent: from here on a restart finds it. @throws STORE_* */
  async put(fate: Fate): Promise<void> {
    await this.#write((store, contract) => store.save(contract, { ...fate, isRefused: false }))
    this.#place(fate)
    this.#forgetRefused()
  }

  /** Somebody says that it was refused. What is looked for already goes on being: it is a word, and no end. */
  refused(fate: Fate): void {
    const key = this.#keyOf(fate)
    if (this.#followed.has(key)) return
    this.#known.set(key, fate)
    this.#later(fate, (store, contract) => store.save(contract, { ...fate, isRefused: true }))
  }

  /** It was accepted, where that may still be undone: the same asked again is another one, and a restart looks for what becomes of it. */
  landed({ wish }: Fate): void {
    this.#known.delete(wish)
    this.#followed.delete(wish)
  }

  /** It is known what became of it. */
  end(fate: Fate): void {
    for (const key of [fate.wish, fate.id]) {
      if (this.#known.get(key)?.id !== fate.id) continue
      this.#known.delete(key)
      this.#followed.delete(key)
    }
    this.#later(fate, (store) => store.drop(fate))
  }

  /** Looks for what becomes of it. @returns what its caller is told */
  follow(fate: Fate, cause: MerogateError): MerogateError {
    const key = this.#keyOf(fate)
    this.#known.set(key, fate)
    this.#followed.add(key)
    this.#later(fate, (store, contract) => store.save(contract, { ...fate, isRefused: false }))
    this.#resume()
    const until = new Date(fate.untilMs).toISOString()
    return anchorError(
      'ANCHOR_FATE_UNKNOWN',
      `${fate.kind} was signed and sent, and may take effect until ${until}: ${cause.message}. The same asked again is the same operation`,
      { operation: fate.kind, transaction: fate.id, until, reason: cause.code },
      { cause },
    )
  }

  /** How long it may still take effect. */
  #leftMs({ untilMs }: UnsettledOperation): number {
    return untilMs - this.#init.clock.nowMs()
  }

  /** Something newer may have been signed for the same: then it goes by its own id. */
  #keyOf({ wish, id }: Fate): string {
    const newest = this.#known.get(wish)
    return newest === undefined || newest.id === id ? wish : id
  }

  /** Looks again, after a while. */
  #resume(): void {
    if (this.#isStopped || this.#followed.size === 0) return
    this.#looks ??= this.#init.clock.after(FATE_LOOK_MS, () => {
      this.#looks = undefined
      void this.#look().finally(() => this.#resume())
    })
  }

  async #load(): Promise<void> {
    const { kept, onLeft } = this.#init
    for (const { isRefused, ...fate } of (await kept?.store.load(kept.contract)) ?? []) {
      this.#place(fate)
      if (isRefused) continue
      this.#followed.add(fate.wish)
      onLeft(fate)
    }
    this.#forgetRefused()
    this.#resume()
  }

  /** What was signed for the same before, and is looked for, makes way and is looked for still. */
  #place(fate: Fate): void {
    const { wish } = fate
    const before = this.#known.get(wish)
    if (before !== undefined && before.id !== fate.id) {
      if (this.#followed.delete(wish)) {
        this.#known.set(before.id, before)
        this.#followed.add(before.id)
      } else {
        this.end(before)
      }
    }
    this.#known.set(wish, fate)
  }

  async #look(): Promise<void> {
    const { logger, find, onFound } = this.#init
    for (const key of [...this.#followed]) {
      const fate = this.#known.get(key)
      if (fate === undefined) continue
      const about = { operation: fate.kind, transaction: fate.id }
      const leftMs = this.#leftMs(fate)
      try {
        let height = await find(fate, 'final')
        // what lies in a block may be undone until that is final
        const landed = leftMs > 0 ? undefined : (height ?? (await find(fate, 'optimistic')))
        if (this.#known.get(key)?.id !== fate.id) continue
        if (leftMs <= -FATE_FINAL_MS) height = landed
        if (height !== undefined) {
          this.end(fate)
          logger.info(about, 'operation took effect after all')
          onFound(fate, height)
        } else if (leftMs <= 0 && landed === undefined) {
          this.end(fate)
          logger.info(about, 'operation did not take effect in its time')
        }
      } catch (error) {
        logger.debug({ err: error }, 'the fate of an operation could not be looked for')
        if (leftMs > -VALIDITY_MS) continue
        this.end(fate)
        logger.warn(about, 'nobody could be asked what became of an operation')
      }
    }
  }

  /** Lets go of what was refused and can take effect no more, and of the oldest where it is too much. */
  #forgetRefused(): void {
    const refused = [...this.#known].filter(([key]) => !this.#followed.has(key))
    const tooMany = refused.length - MAX_REFUSED_KEPT
    for (const [index, [, fate]] of refused.entries()) {
      if (index < tooMany || this.#leftMs(fate) <= 0) this.end(fate)
    }
  }

  /** What may wait: the newest row of an operation is written now, or as soon as the disk takes it. */
  #later({ id }: Fate, write: Write): void {
    if (this.#init.kept === undefined) return
    this.#owed.set(id, write)
    void this.#pay()
  }

  /** Writes what is owed; what is refused is owed still, and tried again after a while. Never rejects. */
  async #pay(): Promise<void> {
    const { logger, clock } = this.#init
    try {
      await this.#write(async (store, contract) => {
        for (const [id, write] of this.#owed) {
          await write(store, contract)
          if (this.#owed.get(id) === write) this.#owed.delete(id)
        }
      })
    } catch (error) {
      logger.debug({ err: error }, 'the fate of an operation could not be stored yet')
      if (this.#isStopped) return
      this.#payment ??= clock.after(FATE_LOOK_MS, () => {
        this.#payment = undefined
        void this.#pay()
      })
    }
  }

  async #write(write: Write): Promise<void> {
    const { kept } = this.#init
    if (kept === undefined) return
    const written = this.#writes.then(() => write(kept.store, kept.contract))
    this.#writes = written.catch(() => {}) // told to who wrote
    await written
  }
}
