/** What a key may do, and the question whether it may do this. */
import { parsePermission, type Permission, slotCount } from './grammar.ts'

/** What an operation needs. Made by {@link required}. */
export interface Required {
  readonly category: string
  readonly path: readonly string[]
  /** Id, identity, method; undefined: all of them, which only a wildcard holds. */
  readonly slots: readonly (string | undefined)[]
  /** The application of the context that is meant: a permission for an application is one for each of its contexts. */
  readonly applicationId?: string | undefined
}

/** A row of a list, as far as permissions look at it. */
export type Scope = Pick<Required, 'slots' | 'applicationId'>

/** Where the id of a context may be that of its application. */
const BY_APPLICATION: ReadonlySet<string> = new Set(['execute', 'list', 'create'])
/** What `context[<context>,<identity>]` is good for. */
const AS_IDENTITY: ReadonlySet<string> = new Set(['execute', 'list', 'leave', 'invite'])

/**
 * What an operation needs, as in `required('context:execute', [context, identity, method], application)`.
 * @throws TypeError there is no such path: a mistake in the table of a server, not of a caller
 */
export function required(
  path: string,
  slots: readonly (string | undefined)[] = [],
  applicationId?: string,
): Required {
  const count = slotCount(path)
  if (count === undefined || slots.length > count) {
    throw new TypeError(`expected a permission of the catalogue, got ${path} with ${slots.length}`)
  }
  const [category = '', ...actions] = path.split(':')
  return { category, path: actions, slots, applicationId }
}

/** Permissions of one key, narrowed by those of the key above it: what both allow is allowed. */
export class PermissionSet {
  readonly #held: readonly Permission[]
  readonly #above: PermissionSet | undefined

  private constructor(held: readonly Permission[], above: PermissionSet | undefined) {
    this.#held = held
    this.#above = above
  }

  /** What cannot be understood holds nothing. `above`: nothing is allowed that this does not allow as well. */
  static from(texts: readonly string[], above?: PermissionSet): PermissionSet {
    const held = texts.map(parsePermission).filter((each) => each !== undefined)
    return new PermissionSet(held, above)
  }

  /** As texts, without regard to the key above. */
  get texts(): readonly string[] {
    return this.#held.map(({ text }) => text)
  }

  allows(needed: Required): boolean {
    const isHeld = this.#held.some((permission) => satisfies(permission, needed))
    return isHeld && this.#above?.allows(needed) !== false
  }

  /** Whether whatever the permission allows is allowed by this set: only then may it be passed on. */
  covers({ category, path, slots }: Permission): boolean {
    return this.allows({ category, path, slots })
  }

  /** Whether anything of this path is held: a list is then answered with what {@link filter} leaves of it. */
  allowsSome(path: string): boolean {
    const { category, path: actions } = required(path)
    const isHeld = this.#held.some((permission) => isBelow(permission, category, actions))
    return isHeld && this.#above?.allowsSome(path) !== false
  }

  /** Those rows of a list that the path may be done with; `scopeOf` says what a row is, as in `({ id, application }) => ({ slots: [id], applicationId: application })`. */
  filter<Row>(path: string, rows: readonly Row[], scopeOf: (row: Row) => Scope): readonly Row[] {
    return rows.filter((row) => {
      const { slots, applicationId } = scopeOf(row)
      return this.allows(required(path, slots, applicationId))
    })
  }
}

function satisfies(held: Permission, { category, path, slots, applicationId }: Required): boolean {
  if (held.category === 'admin') return true
  if (!isBelow(held, category, path)) return false
  const count = slotCount([category, ...path].join(':')) ?? 0
  return held.slots.slice(0, count).every((slot, index) => {
    if (slot === undefined || slot === slots[index]) return true
    const isContext = index === 0 && category === 'context' && BY_APPLICATION.has(path[0] ?? '')
    return isContext && slot === applicationId
  })
}

/** Whether a permission is one for this path, whatever its slots say. */
function isBelow(held: Permission, category: string, path: readonly string[]): boolean {
  if (held.category === 'admin') return true
  if (held.category !== category || held.path.length > path.length) return false
  if (!held.path.every((action, index) => action === path[index])) return false
  const isAsIdentity = category === 'context' && held.path.length === 0 && held.slots.length > 1
  return !isAsIdentity || path.length === 0 || AS_IDENTITY.has(path.join(':'))
}
