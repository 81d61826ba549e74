/** The rules of permissions once more, as short as they can be said, and a small world to ask about. Tests compare the real ones with it. */
import { required, type Required } from '../../src/auth/index.ts'

/** Whether one permission, as canonical text, is enough. */
function isEnough(held: string, { category, path, slots, applicationId }: Required): boolean {
  const [, name = '', list = ''] = /^([^[]+)(?:\[(.*)\])?$/.exec(held) ?? []
  if (name === 'admin') return true
  const wanted = [category, ...path].join(':')
  if (name !== wanted && !wanted.startsWith(`${name}:`)) return false
  const [id = '', user = '', method = ''] = list.split(',')
  const identityPaths = [
    'context',
    'context:execute',
    'context:list',
    'context:leave',
    'context:invite',
  ]
  if (name === 'context' && user !== '' && !identityPaths.includes(wanted)) return false
  const isOfApplication = ['context:execute', 'context:list', 'context:create'].includes(wanted)
  const isId = id === '' || id === slots[0] || (isOfApplication && id === applicationId)
  // what has no place for an identity does not ask for one
  const isUser = user === '' || user === slots[1] || wanted === 'context:list'
  return isId && isUser && (method === '' || method === slots[2])
}

/** Whether any of these is. */
export function referenceAllows(held: readonly string[], needed: Required): boolean {
  return held.some((text) => isEnough(text, needed))
}

const APPLICATION_OF: Readonly<Record<string, string>> = { c1: 'a1', c2: 'a1', c3: 'a2' }
const IDS = ['c1', 'c2', 'c3', undefined]
const USERS = ['u1', 'u2', undefined]
const METHODS = ['get', 'set', undefined]

/** Everything that may be asked in a world of three contexts of two applications, two identities and two methods. */
export const QUESTIONS: readonly Required[] = [
  ...['admin', 'application', 'package', 'blob', 'blob:add', 'blob:add:url', 'keys'],
  ...['context', 'application:list', 'application:install', 'package:list-packages'],
  ...['keys:list', 'keys:create', 'keys:clients:list', 'keys:clients:delete', 'keys:delete'],
  ...['keys:permissions:get', 'keys:permissions:update', 'context:alias:create:context'],
]
  .map((path) => required(path))
  .concat(
    ['context:list', 'context:create', 'context:delete', 'context:capabilities:grant'].flatMap(
      (path) =>
        IDS.map((id) => required(path, [id], id === undefined ? undefined : APPLICATION_OF[id])),
    ),
    ['a1', 'a2'].map((id) => required('context:create', [], id)),
    ['context', 'context:leave', 'context:invite'].flatMap((path) =>
      IDS.flatMap((id) => USERS.map((user) => required(path, [id, user]))),
    ),
    IDS.flatMap((id) =>
      USERS.flatMap((user) =>
        METHODS.map((method) =>
          required('context:execute', [id, user, method], APPLICATION_OF[id ?? '']),
        ),
      ),
    ),
    ['c1', 'k1'].map((id) => required('keys:permissions:update', [id])),
  )

/** Permissions of that world, canonical. */
export const TEXTS: readonly string[] = [
  ...['admin', 'application', 'application:list', 'application:list[a1]', 'package', 'blob'],
  ...['blob:add', 'blob:add:url', 'keys', 'keys:list', 'keys:clients:list', 'keys:delete'],
  ...['keys:permissions:get', 'keys:permissions:update', 'context', 'context[c1]', 'context[a1]'],
  ...['context[c1,u1]', 'context[,u1]', 'context:list', 'context:list[c1]', 'context:list[a1]'],
  ...['context:create', 'context:create[a1]', 'context:execute', 'context:execute[c1]'],
  ...['context:execute[c1,u1]', 'context:execute[c1,,get]', 'context:execute[,u2,set]'],
  ...['context:execute[a1]', 'context:execute[a1,u1,get]', 'context:leave[c1]', 'context:invite'],
  ...['context:delete[c2]', 'context:capabilities:grant', 'context:alias:create:context'],
]
