/** Permissions in words. */
import { parsePermission } from '../auth/permissions/grammar.ts'

/** What the slots of a permission name; a context's slot may name an application. */
type Sentence = (slots: readonly (string | undefined)[], isApplication: boolean) => string

const quoted = (text: string): string => `“${text}”`

/** The context, or all contexts of an application, or all there are. */
function contexts(id: string | undefined, isApplication: boolean): string {
  if (id === undefined) return 'every context of this node'
  return isApplication
    ? `every context of the application ${quoted(id)}`
    : `the context ${quoted(id)}`
}

const asWhom = (identity: string | undefined): string =>
  identity === undefined ? '' : ` as the identity ${quoted(identity)}`
const onlyOf = (id: string | undefined, what: string, all: string): string =>
  id === undefined ? all : `${what} ${quoted(id)}`

const inContext =
  (what: string): Sentence =>
  ([id, identity], isApplication) =>
    `${what} ${contexts(id, isApplication)}${asWhom(identity)}.`

const always =
  (text: string): Sentence =>
  () =>
    text

const ALIAS_VERBS = { create: 'Give', list: 'List', lookup: 'Look up', delete: 'Remove' } as const
const ALIAS_KINDS = { context: 'contexts', application: 'applications', identity: 'identities' }

/** By path; a path without one has no permission on this page. */
export const SENTENCES: Readonly<Record<string, Sentence>> = {
  admin: always(
    'Do everything on this node, for ever: change data, install applications, and give or take away the access of others.',
  ),
  application: always('List, install and remove applications.'),
  'application:list': ([id]) =>
    `See ${onlyOf(id, 'the application', 'which applications are installed')}.`,
  'application:install': always('Install applications, which then run on this node.'),
  'application:uninstall': ([id]) => `Remove ${onlyOf(id, 'the application', 'any application')}.`,
  package: always('See packages and their versions.'),
  'package:list-packages': always('See which packages are installed.'),
  'package:list-versions': ([id]) =>
    `See the versions of ${onlyOf(id, 'the package', 'every package')}.`,
  'package:get-latest-version': ([id]) =>
    `See the latest version of ${onlyOf(id, 'the package', 'every package')}.`,
  blob: always('Read, store and remove files.'),
  'blob:add': always('Store files on this node.'),
  'blob:add:stream': always('Store files that it sends.'),
  'blob:add:file': always('Store files that lie on this node’s machine.'),
  'blob:add:url': always('Store files that this node fetches from an address.'),
  'blob:remove': ([id]) => `Remove ${onlyOf(id, 'the file', 'any file')}.`,
  context: inContext('Do everything in'),
  'context:create': ([id]) =>
    id === undefined
      ? 'Make and join contexts.'
      : `Make and join contexts of the application ${quoted(id)}.`,
  'context:list': inContext('See'),
  'context:delete': inContext('Delete from this node'),
  'context:leave': inContext('Leave'),
  'context:invite': inContext('Invite members to'),
  'context:execute': ([id, identity, method], isApplication) =>
    method === undefined
      ? `Call every method, and so read and change data, in ${contexts(id, isApplication)}${asWhom(identity)}.`
      : `Call the method ${quoted(method)} in ${contexts(id, isApplication)}${asWhom(identity)}.`,
  'context:capabilities:grant': inContext('Give members more rights in'),
  'context:capabilities:revoke': inContext('Take rights from members of'),
  'context:application:update': inContext('Replace the application of'),
  ...Object.fromEntries(
    Object.entries(ALIAS_VERBS).flatMap(([verb, word]) =>
      Object.entries(ALIAS_KINDS).map(([kind, many]): [string, Sentence] => [
        `context:alias:${verb}:${kind}`,
        ([id]) => `${word} short names of ${many}${id === undefined ? '' : ` in ${quoted(id)}`}.`,
      ]),
    ),
  ),
  keys: always('List, make and revoke keys: give or take away the access of others.'),
  'keys:create': always('Make keys: give others access.'),
  'keys:list': always('See who has access.'),
  'keys:delete': always('Revoke keys: take away the access of others.'),
  'keys:clients:list': always('See which applications have access.'),
  'keys:clients:delete': always('Take away the access of applications.'),
  'keys:permissions:get': ([id]) => `See what ${onlyOf(id, 'the key', 'every key')} may do.`,
  'keys:permissions:update': ([id]) => `Change what ${onlyOf(id, 'the key', 'every key')} may do.`,
}

/** One sentence; undefined when the text is no permission. `application`: the id that stands for all contexts of it. */
export function sentenceOf(text: string, application?: string): string | undefined {
  const permission = parsePermission(text)
  if (permission === undefined) return undefined
  const { category, path, slots } = permission
  const sentence = SENTENCES[[category, ...path].join(':')]
  return sentence?.(slots, application !== undefined && slots[0] === application)
}

/** Whether it gives power over the whole node. */
export function isPowerful(text: string): boolean {
  const category = parsePermission(text)?.category
  return category === 'admin' || category === 'keys'
}
