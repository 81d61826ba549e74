/** Applications that deltas of a context name and that it does not run: until the anchor was asked, nobody knows whether they are older or newer. */
import { type ApplicationId, type ContextId, idKey } from '../primitives/ids.ts'

export class ForeignApplications {
  readonly #named = new Map<string, Map<string, ApplicationId>>()

  /** Whether there is one of the context that the anchor was not asked about. */
  has(context: ContextId): boolean {
    return this.#named.has(idKey(context))
  }

  /** True when it was not noted yet. */
  note(context: ContextId, application: ApplicationId): boolean {
    const named = this.#named.get(idKey(context)) ?? new Map<string, ApplicationId>()
    const isNew = !named.has(idKey(application))
    this.#named.set(idKey(context), named.set(idKey(application), application))
    return isNew
  }

  /** Those noted of a context, which are forgotten. */
  take(context: ContextId): readonly ApplicationId[] {
    const named = [...(this.#named.get(idKey(context))?.values() ?? [])]
    this.#named.delete(idKey(context))
    return named
  }
}
