/**
 * Which nonce is signed next. What an endpoint says may be a lie: an operation that is signed with a nonce further on becomes good later, when its
 * signer has used those before it, and whoever kept it may send it then. So a nonce that does not follow the last one signed here needs a second word.
 */
import type { Clock } from '../primitives/clock.ts'
import { anchorError } from './errors.ts'
import { ENVELOPE_VALIDITY_SECONDS, MAX_REMEMBERED_NONCES } from './limits.ts'

/** A signer's next nonce, as somebody says it. */
export interface SaidNonce {
  readonly nonce: bigint
  /** Which numbers it belongs to: a signer's, in one membership; empty while it has none, or none is known. */
  readonly series: string
  /** Who says so; undefined where there is one authority, whose word is all there is. */
  readonly source?: string | undefined
}

export class Nonces {
  readonly #clock: Pick<Clock, 'monotonicMs'>
  /** After the last one that was used here, or may have been, by series. */
  readonly #next = new Map<string, bigint>()
  /** Numbers that are too high by what we know, with nobody else to ask, and since when they are said. */
  readonly #gaps = new Map<string, { readonly nonce: bigint; readonly atMs: number }>()

  constructor(clock: Pick<Clock, 'monotonicMs'>) {
    this.#clock = clock
  }

  /** Something that was signed with this one took effect, or may. `next`: what it leaves. */
  used({ series, nonce }: Pick<SaidNonce, 'series' | 'nonce'>, next: bigint = nonce + 1n): void {
    if (series === '') return
    // the newest last
    this.#next.delete(series)
    this.#next.set(series, next)
    this.#gaps.delete(series)
    for (const oldest of [...this.#next.keys()].slice(0, -MAX_REMEMBERED_NONCES)) {
      this.#next.delete(oldest)
      this.#gaps.delete(oldest)
    }
  }

  /**
   * Whether a nonce may be signed. `second` asks somebody else than who said it, and answers undefined where there is nobody.
   * @throws ANCHOR_NONCE (transport) when nobody bears it out
   */
  async check(said: SaidNonce, second: () => Promise<SaidNonce | undefined>): Promise<void> {
    const { series, nonce, source } = said
    if (source === undefined) return
    const next = this.#next.get(series)
    // too low is refused, now and later
    if (nonce === 0n || (next !== undefined && nonce <= next)) return
    const other = await second()
    if (other !== undefined) {
      if (other.nonce >= nonce) return
      throw gap(said, other.nonce)
    }
    if (next === undefined || this.#isLasting(said)) return
    throw gap(said, next)
  }

  /** One who says the same for as long as anything that was signed is good: another process has the key, and has signed since. */
  #isLasting({ series, nonce }: SaidNonce): boolean {
    const nowMs = this.#clock.monotonicMs()
    const known = this.#gaps.get(series)
    if (known === undefined || known.nonce > nonce) {
      this.#gaps.set(series, { nonce, atMs: nowMs })
      return false
    }
    return nowMs - known.atMs >= Number(ENVELOPE_VALIDITY_SECONDS) * 1000
  }
}

function gap({ nonce, source }: SaidNonce, expected: bigint): Error {
  const minutes = ENVELOPE_VALIDITY_SECONDS / 60n
  return anchorError(
    'ANCHOR_NONCE',
    `expected nonce ${expected} to be next, got ${nonce}${source === undefined ? '' : ` from ${source}`}: nothing was signed. Either an endpoint is behind or lies, or another process signs with the same key; with one endpoint alone its word is taken after ${minutes} minutes`,
    {
      expected: String(expected),
      got: String(nonce),
      ...(source === undefined ? {} : { source }),
    },
  )
}
