/** What a row of the table can ask: what a request is about, and whether whoever sent it may do that. */
import { type PermissionSet, required } from '../../auth/index.ts'
import { isMerogateError } from '../../node/errors.ts'
import type { Node } from '../../node/interface.ts'
import { toBase58 } from '../../node/primitives/bytes.ts'
import { ContextId } from '../../node/primitives/ids.ts'
import { bytes32Schema } from '../schemas.ts'

/** Whether whoever asks may have it. */
export type Check = (ask: Ask) => Promise<boolean> | boolean

type Slots = readonly (string | undefined)[]

/** Where a request says what it is about. */
export interface Asked {
  readonly params: Readonly<Record<string, unknown>>
  readonly query: Readonly<Record<string, unknown>>
  /** Parsed JSON, where the row reads it. */
  readonly body: unknown
}

/** Whether the permissions of a caller allow a path; the application of a context is looked up only when it matters. */
export class Ask {
  readonly #asked: Asked
  readonly #permissions: PermissionSet
  readonly #node: Node

  constructor(asked: Asked, permissions: PermissionSet, node: Node) {
    this.#asked = asked
    this.#permissions = permissions
    this.#node = node
  }

  /** A parameter of the path, as it was sent. */
  param(name: string): string | undefined {
    return textOf(this.#asked.params[name])
  }

  query(name: string): string | undefined {
    const value = this.#asked.query[name]
    return textOf(Array.isArray(value) ? value[0] : value)
  }

  /** A text of the body. */
  text(name: string): string | undefined {
    return textOf(this.#member(name))
  }

  /** An id as permissions have it; undefined when it is none, and then only a wildcard will do. */
  id(where: 'param' | 'query' | 'body', name: string): string | undefined {
    const raw =
      where === 'param' ? this.param(name) : where === 'query' ? this.query(name) : this.text(name)
    const parsed = bytes32Schema.safeParse(raw)
    return parsed.success ? toBase58(parsed.data) : undefined
  }

  async allows(path: string, slots: Slots = []): Promise<boolean> {
    if (this.#permissions.allows(required(path, slots))) return true
    const application = path.startsWith('context:')
      ? await this.#applicationOf(slots[0])
      : undefined
    if (application === undefined) return false
    return this.#permissions.allows(required(path, slots, application))
  }

  /**
   * As the identity that the body names in `field`. Where it names none, the node would take its only one in the context: the caller's permission must
   * be for that one, which is then named, so that it stays that one.
   */
  async allowsAs(
    path: string,
    context: string | undefined,
    field: string,
    more: Slots = [],
  ): Promise<boolean> {
    const named = this.id('body', field)
    if (await this.allows(path, [context, named, ...more])) return true
    if (named !== undefined || (this.#member(field) ?? undefined) !== undefined) return false
    const usable: string[] = []
    for (const identity of await this.owned(context)) {
      if (await this.allows(path, [context, identity, ...more])) usable.push(identity)
    }
    const [only, ...others] = usable
    if (only === undefined || others.length > 0) return false
    this.#fill(field, only)
    return true
  }

  /** Whether the caller may know the state of a context: it may list it, or call whatever method it likes as one of the node's identities. */
  async mayRead(context: string | undefined): Promise<boolean> {
    if (await this.allows('context:list', [context])) return true
    if (await this.allows('context:execute', [context])) return true
    for (const identity of await this.owned(context)) {
      if (await this.allows('context:execute', [context, identity])) return true
    }
    return false
  }

  /** Identities of this node in a context; none where there is no such context. */
  async owned(context: string | undefined): Promise<readonly string[]> {
    if (context === undefined) return []
    try {
      return (await this.#node.identities.owned(ContextId.parse(context))).map(toBase58)
    } catch (error) {
      if (isMerogateError(error, 'CONTEXT_NOT_FOUND')) return []
      throw error
    }
  }

  /** The context that something begun belongs to. */
  contextOfIntent(id: string | undefined): string | undefined {
    const intent = this.#node.contexts.intents().find((each) => each.id === id)
    return intent && toBase58(intent.context)
  }

  async #applicationOf(context: string | undefined): Promise<string | undefined> {
    if (context === undefined) return undefined
    const found = await this.#node.contexts.get(ContextId.parse(context))
    return found && toBase58(found.application)
  }

  #member(name: string): unknown {
    const { body } = this.#asked
    const isObject = typeof body === 'object' && body !== null && Object.hasOwn(body, name)
    return isObject ? (body as Record<string, unknown>)[name] : undefined
  }

  /** What the handler gets is the same body. */
  #fill(name: string, value: string): void {
    const { body } = this.#asked
    if (typeof body === 'object' && body !== null) Object.assign(body, { [name]: value })
  }
}

/** For a path whose first slot is the context in the route. */
export function contextCheck(path: string): Check {
  return (ask) => ask.allows(path, [ask.id('param', 'id')])
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}
