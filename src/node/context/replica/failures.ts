/** What failed in a context while nobody waited for an answer: told once, in the log and to who listens, and kept for who looks later. */
import { toMerogateError } from '../../errors.ts'
import type { ContextFailure } from '../../interface.ts'
import { shortHex } from '../../primitives/bytes.ts'
import type { Clock } from '../../primitives/clock.ts'
import {
  type ContextId,
  type DeltaId,
  idKey,
  idText,
  type PublicKey,
} from '../../primitives/ids.ts'
import type { Logger } from '../../primitives/logger.ts'
import { printable } from '../../primitives/text.ts'
import { failureText } from '../../runtime/errors.ts'
import { MAX_METHOD_LENGTH } from '../limits.ts'

export interface FailureComponents {
  readonly context: ContextId
  readonly clock: Clock
  readonly logger: Logger
  /** Tells who listens. */
  readonly tell: (failure: ContextFailure) => void
}

/** One failure as it is noted. */
export interface FailureNote {
  readonly what: ContextFailure['what']
  readonly error: unknown
  /** How often it was tried by now. */
  readonly tries: number
  /** When it is tried again without anybody asking, ms from now. @default not before something else changes */
  readonly againMs?: number | undefined
  readonly delta?: DeltaId
  readonly author?: PublicKey
  readonly method?: string
  readonly target?: ContextId
}

const MESSAGES: Readonly<Record<ContextFailure['what'], string>> = {
  delta: 'quarantined: the application failed on a delta',
  handler: 'an event handler failed',
  call: 'a call into another context failed',
  rows: 'the context stopped: its rows are damaged',
  root: 'members that applied the same deltas have different roots',
}

export class Failures {
  readonly #c: FailureComponents
  #last: ContextFailure | undefined

  constructor(components: FailureComponents) {
    this.#c = components
  }

  /** The last failure that is not mended yet. */
  get last(): ContextFailure | undefined {
    return this.#last
  }

  note({ what, error, againMs, method, ...others }: FailureNote): void {
    const { context, clock, logger, tell } = this.#c
    // names of methods come with events and calls of applications
    const rest = {
      ...others,
      ...(method === undefined ? {} : { method: printable(method, MAX_METHOD_LENGTH) }),
    }
    const failure = toMerogateError(error)
    const { code } = failure
    const atMs = clock.nowMs()
    const message = failureText(failure)
    const again = againMs === undefined ? {} : { nextTryMs: atMs + againMs }
    this.#last = { what, code, message, atMs, ...again, ...rest }
    const { delta, author, target, ...shown } = rest
    const isOurs = failure.kind === 'internal' || failure.kind === 'corrupt'
    logger[isOurs ? 'error' : 'warn'](
      {
        context: idText(context),
        code,
        reason: message,
        ...shown,
        ...(delta === undefined ? {} : { delta: shortHex(delta) }),
        ...(author === undefined ? {} : { author: idText(author) }),
        ...(target === undefined ? {} : { target: idText(target) }),
        ...(againMs === undefined ? {} : { againMs }),
        ...(isOurs ? { err: error } : {}),
      },
      MESSAGES[what],
    )
    tell(this.#last)
  }

  /** The application failed on somebody's delta. */
  quarantined(
    { id, member }: { readonly id: DeltaId; readonly member: PublicKey },
    note: Pick<FailureNote, 'error' | 'tries' | 'againMs'>,
  ): void {
    this.note({ what: 'delta', ...note, delta: id, author: member })
  }

  /** What was noted last is over, if it was this. */
  mended(what: ContextFailure['what']): void {
    if (this.#last?.what === what) this.#last = undefined
  }

  /** A delta was applied: if it was what failed last, nothing fails any more. */
  applied(delta: DeltaId): void {
    this.#mended('delta', delta)
  }

  /** A handler of a delta's event has run. */
  handled(delta: DeltaId): void {
    this.#mended('handler', delta)
  }

  #mended(what: ContextFailure['what'], delta: DeltaId): void {
    const { what: last, delta: failed } = this.#last ?? {}
    if (last === what && failed !== undefined && idKey(failed) === idKey(delta)) {
      this.#last = undefined
    }
  }
}
