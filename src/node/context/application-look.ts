/**
 * Which application a context is to run by the anchor's word, weighed against what the anchor said before: one answer alone takes nothing back
 * (`groups/second-look.ts` does the same for members).
 */
import type { ContextRecord, Read, SecondWord } from '../anchor/anchor.ts'
import { equalBytes } from '../primitives/bytes.ts'
import type { Clock } from '../primitives/clock.ts'
import { type ContextId, idKey, idText } from '../primitives/ids.ts'
import type { Logger } from '../primitives/logger.ts'
import type { MetaRow } from '../store/repositories/contexts.ts'
import type { RegistryHooks } from './registry-components.ts'
import type { RefreshOptions } from './groups/group.ts'
import { secondRead } from './groups/second-look.ts'
import type { ContextReplica } from './replica/replica.ts'

export interface ApplicationLookComponents {
  readonly clock: Clock
  readonly logger: Logger
}

export class ApplicationLook {
  readonly #c: ApplicationLookComponents
  readonly #hooks: Pick<RegistryHooks, 'newsOf' | 'reread'>
  /** Where the application of each context was read. */
  readonly #seen = new Map<string, NonNullable<SecondWord['since']>>()

  constructor(
    components: ApplicationLookComponents,
    hooks: Pick<RegistryHooks, 'newsOf' | 'reread'>,
  ) {
    this.#c = components
    this.#hooks = hooks
  }

  /** A context is gone. */
  forget(context: ContextId): void {
    this.#seen.delete(idKey(context))
  }

  /**
   * What the anchor says of a context now. Where what it said before was not so, what the context is known to run is put back, so that the
   * answer is the newer. Of a context that is gone meanwhile nothing is changed nor remembered. @throws ANCHOR_*
   */
  async read(
    replica: ContextReplica,
    isHere: () => boolean,
    { signal, isReset = false }: RefreshOptions,
  ): Promise<Read<ContextRecord> | undefined> {
    const { state, group } = replica
    const since = isReset ? undefined : (this.#seen.get(idKey(state.id)) ?? group.since)
    const ask = (options: SecondWord): Promise<Read<ContextRecord> | undefined> =>
      group.anchor.readContext(state.id, {
        ...options,
        ...(signal === undefined ? {} : { signal }),
      })
    const first = await ask({ since })
    if (!isHere()) return first
    if (first === undefined || !isOther(state.meta, first)) return this.#remember(state.id, first)
    const { height, isBehind = since !== undefined && height < since.height } = first.evidence
    if (isBehind) return first
    const second = isReset ? first : await secondRead(ask, since, first, this.#c.clock)
    if (!isHere() || second === undefined || !isOther(state.meta, second)) return first
    const { applicationRevision } = second.value
    this.#c.logger.warn(
      {
        context: idText(state.id),
        revision: String(state.meta.applicationRevision),
        answered: String(applicationRevision),
        source: second.evidence.source,
      },
      'what the anchor said of the application was not so',
    )
    await replica.exclusive(async () => {
      const { application: id, blob } = state.meta
      await state.setApplication({ id, blob }, applicationRevision - 1n)
    })
    this.#seen.delete(idKey(state.id))
    return this.#remember(state.id, second)
  }

  /** Whether an endpoint that lags answered: it may name an application that was replaced, and what it does not name may be the newer. */
  isOld(
    { state: { id, meta } }: ContextReplica,
    { value, evidence: { height } }: Read<ContextRecord>,
  ): boolean {
    if (height < this.#hooks.newsOf(id)) return true
    if (value.applicationRevision >= meta.applicationRevision) return false
    this.#hooks.reread(id, height + 1n)
    return true
  }

  #remember<R extends Read<ContextRecord> | undefined>(context: ContextId, read: R): R {
    const { height = 0n, isBehind = false } = read?.evidence ?? {}
    const seen = this.#seen.get(idKey(context))
    if (!isBehind && height > (seen?.height ?? 0n)) {
      this.#seen.set(idKey(context), { height, atMs: this.#c.clock.nowMs() })
    }
    return read
  }
}

/** Whether an answer takes back what the context runs. */
function isOther(meta: Readonly<MetaRow>, { value }: Read<ContextRecord>): boolean {
  const { application, applicationRevision } = value
  if (applicationRevision !== meta.applicationRevision) {
    return applicationRevision < meta.applicationRevision
  }
  return !equalBytes(application.id, meta.application) || !equalBytes(application.blob, meta.blob)
}
