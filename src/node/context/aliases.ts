/**
 * Aliases: names that this node gives to ids. An application names the contexts that it makes, within its own; nobody else sees those. All are kept in
 * memory, for guests ask for them while they run.
 */
import { equalBytes } from '../primitives/bytes.ts'
import { type ContextId, idKey } from '../primitives/ids.ts'
import type { GuestAlias } from '../runtime/engine.ts'
import type { AliasKey, AliasKind, AliasRows } from '../store/repositories/aliases.ts'
import type { BatchOp } from '../store/store.ts'
import { contextError } from './errors.ts'
import { MAX_ALIASES } from './limits.ts'

interface Scope {
  readonly kind: AliasKind
  readonly scope: Uint8Array
  readonly names: Map<string, Uint8Array>
}

export class Aliases {
  readonly #rows: AliasRows
  /** By kind and scope. */
  readonly #scopes = new Map<string, Scope>()
  /** Names of contexts that are about to be made. */
  readonly #claimed = new Set<string>()

  constructor(rows: AliasRows) {
    this.#rows = rows
  }

  async load(): Promise<void> {
    for (const { key, target } of await this.#rows.list()) this.remember(key, target)
  }

  get({ kind, scope, name }: AliasKey): Uint8Array | undefined {
    return this.#scopes.get(scopeKey(kind, scope))?.names.get(name)
  }

  /** Contexts that an application has named, in one of its contexts. */
  of(context: ContextId): readonly GuestAlias[] {
    const { names = [] } = this.#scopes.get(scopeKey('context', context)) ?? {}
    return [...names].map(([name, id]) => ({ name, id }))
  }

  /** Keeps a name for what is about to be made, until the function that is returned is called. @throws ALIAS_EXISTS, ALIAS_LIMIT */
  claim(key: AliasKey): () => void {
    const claim = `${scopeKey(key.kind, key.scope)}.${key.name}`
    if (this.get(key) !== undefined || this.#claimed.has(claim)) {
      throw aliasExists(key.name)
    }
    const { names } = this.#scopes.get(scopeKey(key.kind, key.scope)) ?? {}
    if ((names?.size ?? 0) >= MAX_ALIASES) {
      throw contextError(
        'ALIAS_LIMIT',
        `expected at most ${MAX_ALIASES} aliases in one scope, got one more`,
        { max: MAX_ALIASES },
      )
    }
    this.#claimed.add(claim)
    return () => this.#claimed.delete(claim)
  }

  /** The row of an alias, for the batch of what it names. To be followed by {@link remember}. */
  put(key: AliasKey, target: Uint8Array): BatchOp {
    return this.#rows.put(key, target)
  }

  /** The row is stored, or is about to be. */
  remember({ kind, scope, name }: AliasKey, target: Uint8Array): void {
    const key = scopeKey(kind, scope)
    const known = this.#scopes.get(key) ?? { kind, scope, names: new Map<string, Uint8Array>() }
    known.names.set(name, target)
    this.#scopes.set(key, known)
  }

  /** The row is not stored after all, or gone. */
  forget({ kind, scope, name }: AliasKey): void {
    this.#scopes.get(scopeKey(kind, scope))?.names.delete(name)
  }

  /** A context is gone: so are the names that it gave, and its own. Returns the rows to be removed. */
  drop(context: ContextId): readonly BatchOp[] {
    const gone: AliasKey[] = []
    for (const { kind, scope, names } of this.#scopes.values()) {
      for (const [name, target] of names) {
        const isOwn = kind === 'context' && equalBytes(target, context)
        if (!isOwn && !equalBytes(scope, context)) continue
        names.delete(name)
        gone.push({ kind, scope, name })
      }
    }
    return gone.map((key) => this.#rows.del(key))
  }
}

export function aliasExists(name: string): Error {
  return contextError('ALIAS_EXISTS', `the alias ${JSON.stringify(name)} is taken`, { alias: name })
}

function scopeKey(kind: AliasKind, scope: Uint8Array): string {
  return `${kind}.${idKey(scope)}`
}
