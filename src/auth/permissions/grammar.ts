/**
 * Permissions as text: `category[:action[:sub[:subsub]]]`, then optional slots in square brackets, `context:execute[<context>,<identity>,<method>]`.
 * An empty slot stands for everything. The catalogue is that of the original (calimero-network/core, crates/auth), with its spellings.
 */
import { authError } from '../errors.ts'
import { MAX_PERMISSION_CHARS, MAX_PERMISSIONS, MAX_PERMISSIONS_CHARS } from '../limits.ts'

/** A permission that was understood. */
export interface Permission {
  /** As it is stored and shown: aliases resolved, empty slots at the end left out. */
  readonly text: string
  readonly category: string
  /** Actions below the category; empty: all of them. */
  readonly path: readonly string[]
  /** Id, identity, method; undefined: any. */
  readonly slots: readonly (string | undefined)[]
}

/** Paths that exist, and how many slots each has. */
const CATALOGUE: Readonly<Record<string, number>> = {
  admin: 0,
  application: 0,
  'application:list': 1,
  'application:install': 3,
  'application:uninstall': 1,
  package: 0,
  'package:list-packages': 0,
  'package:list-versions': 1,
  'package:get-latest-version': 1,
  blob: 0,
  'blob:add': 0,
  'blob:add:stream': 0,
  'blob:add:file': 0,
  'blob:add:url': 0,
  'blob:remove': 1,
  context: 2,
  'context:create': 1,
  'context:list': 1,
  'context:delete': 1,
  'context:leave': 2,
  'context:invite': 2,
  'context:execute': 3,
  'context:capabilities:grant': 1,
  'context:capabilities:revoke': 1,
  'context:application:update': 1,
  ...Object.fromEntries(
    ['create', 'list', 'lookup', 'delete'].flatMap((verb) =>
      ['context', 'application', 'identity'].map((kind) => [`context:alias:${verb}:${kind}`, 1]),
    ),
  ),
  keys: 0,
  'keys:create': 0,
  'keys:list': 0,
  'keys:delete': 0,
  'keys:clients:list': 0,
  'keys:clients:delete': 0,
  'keys:permissions:get': 1,
  'keys:permissions:update': 1,
}

/** Other spellings, and what they mean. Without these a shorter path would hold the longer ones below it. */
const ALIASES: Readonly<Record<string, string>> = {
  'keys:revoke': 'keys:delete',
  'keys:clients': 'keys:clients:list',
  'keys:permissions': 'keys:permissions:get',
}

/** Every path that a permission may have. */
export const PERMISSION_PATHS: readonly string[] = Object.keys(CATALOGUE)

const SHAPE = /^([a-z]+(?::[a-z-]+)*)(?:\[([^[\]\s]*)\])?$/
const SLOT = /^[\x21-\x7e]*$/

/** Slots that a path has, undefined when there is no such path. */
export function slotCount(path: string): number | undefined {
  return Object.hasOwn(CATALOGUE, path) ? CATALOGUE[path] : undefined
}

/** The permission a text says, undefined when it says none. */
export function parsePermission(text: string): Permission | undefined {
  if (text.length > MAX_PERMISSION_CHARS) return undefined
  const [, name = '', list] = SHAPE.exec(text) ?? []
  const path = Object.hasOwn(ALIASES, name) ? (ALIASES[name] ?? name) : name
  const count = slotCount(path)
  if (count === undefined) return undefined
  const slots = (list ?? '').split(',').map((slot) => (slot === '' ? undefined : slot))
  while (slots.length > 0 && slots.at(-1) === undefined) slots.pop()
  if (slots.length > count || !slots.every((slot) => SLOT.test(slot ?? ''))) return undefined
  const [category = '', ...actions] = path.split(':')
  const shown = slots.length === 0 ? path : `${path}[${slots.join(',')}]`
  return { text: shown, category, path: actions, slots }
}

/** The permissions that a caller asks for or is given: each understood, none twice. @throws AUTH_BAD_REQUEST (input) */
export function parsePermissions(texts: readonly string[]): readonly Permission[] {
  if (texts.length > MAX_PERMISSIONS) throw tooMany()
  const found = new Map<string, Permission>()
  for (const text of texts) {
    const permission = parsePermission(text)
    if (permission === undefined) {
      throw authError(
        'AUTH_BAD_REQUEST',
        `expected permissions, as in context:execute[<context id>]; got ${JSON.stringify(text.slice(0, 80))}`,
      )
    }
    found.set(permission.text, permission)
  }
  const list = [...found.values()]
  if (list.reduce((sum, each) => sum + each.text.length + 1, 0) > MAX_PERMISSIONS_CHARS) {
    throw tooMany()
  }
  return list
}

function tooMany(): Error {
  return authError(
    'AUTH_LIMIT',
    `expected at most ${MAX_PERMISSIONS} permissions of ${MAX_PERMISSIONS_CHARS} characters in all`,
  )
}
