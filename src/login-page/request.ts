/** What the address of the page asks for. */
import { splitPermissions } from '../client/auth.ts'
import { parsePermission, type Permission } from '../auth/permissions/grammar.ts'
import { MAX_PERMISSIONS } from '../auth/limits.ts'
import { type Callback, callbackOf } from './callback.ts'

export type Mode = 'single-context' | 'multi-context' | 'admin'

export interface PageRequest {
  /** Undefined where nobody waits for tokens. */
  readonly callback: Callback | undefined
  readonly mode: Mode | undefined
  readonly permissions: readonly string[]
  /** Application that the tokens are for; by the name of its package where its id is not known. */
  readonly applicationId: string | undefined
  readonly packageName: string | undefined
  /** What is wrong with the request, in words. */
  readonly problem: string | undefined
}

/** What each mode asks for when the address does not say. */
const BY_MODE: Readonly<Record<Mode, readonly string[]>> = {
  'single-context': ['context:execute'],
  'multi-context': ['context:list', 'context:create', 'context:execute'],
  admin: ['admin'],
}
/** Permissions that an application gets for its own contexts only. */
const SCOPED: ReadonlySet<string> = new Set(BY_MODE['multi-context'])

/** Base58 of 32 bytes, and what packages are called. */
const APPLICATION_ID = /^[1-9A-HJ-NP-Za-km-z]{32,64}$/
const PACKAGE_NAME = /^[A-Za-z0-9][\w.-]{0,127}$/

/** @param query of the page's address @param allowed origins that get tokens */
export function pageRequest(query: URLSearchParams, allowed: readonly string[]): PageRequest {
  const callbackText = query.get('callback-url')
  const callback = callbackText === null ? undefined : callbackOf(callbackText, allowed)
  const modeText = query.get('mode') ?? undefined
  const mode = isMode(modeText) ? modeText : undefined
  const named = splitPermissions(query.get('permissions') ?? '')
  const permissions = named.length > 0 || mode === undefined ? named : BY_MODE[mode]
  const applicationId = query.get('application-id') ?? undefined
  const packageName = query.get('package-name') ?? undefined
  return {
    callback,
    mode,
    permissions: forApplication(permissions, applicationId),
    applicationId,
    packageName,
    problem: problemOf({ callback, modeText, permissions, applicationId, packageName }),
  }
}

/** The same permissions, those for any context now for contexts of the application. */
export function forApplication(
  permissions: readonly string[],
  applicationId: string | undefined,
): readonly string[] {
  if (applicationId === undefined) return permissions
  return permissions.map((text) => (SCOPED.has(text) ? `${text}[${applicationId}]` : text))
}

/** What is asked for in one context, as one identity: permissions that were for any context, or any of the application, are for this one. */
export function forContext(
  permissions: readonly string[],
  applicationId: string | undefined,
  { contextId, identity }: { readonly contextId: string; readonly identity: string },
): readonly string[] {
  return permissions.map((text) => {
    const permission = parsePermission(text)
    if (permission === undefined || !SCOPED.has(pathOf(permission))) return text
    const [id = applicationId, user, method] = permission.slots
    if (id !== applicationId || permission.path[0] === 'create') return text
    const slots =
      permission.path[0] === 'execute' ? [contextId, user ?? identity, method] : [contextId]
    while (slots.at(-1) === undefined) slots.pop()
    return `${pathOf(permission)}[${slots.map((slot) => slot ?? '').join(',')}]`
  })
}

/** Whether some permission is for one method only: then nothing may be added that is for all. */
export function namesMethods(permissions: readonly string[]): boolean {
  return permissions.some((text) => parsePermission(text)?.slots[2] !== undefined)
}

function pathOf({ category, path }: Permission): string {
  return [category, ...path].join(':')
}

function isMode(text: string | undefined): text is Mode {
  return text !== undefined && Object.hasOwn(BY_MODE, text)
}

interface Asked {
  readonly callback: Callback | undefined
  readonly modeText: string | undefined
  readonly permissions: readonly string[]
  readonly applicationId: string | undefined
  readonly packageName: string | undefined
}

function problemOf(asked: Asked): string | undefined {
  const { callback, modeText, permissions, applicationId, packageName } = asked
  if (callback !== undefined && 'refusal' in callback) return callback.refusal
  if (modeText !== undefined && !isMode(modeText))
    return 'The way to sign in that is asked for (mode) is not known.'
  if (applicationId !== undefined && !APPLICATION_ID.test(applicationId))
    return 'The id of the application is not one.'
  if (packageName !== undefined && !PACKAGE_NAME.test(packageName))
    return 'The name of the package is not one.'
  if (permissions.length > MAX_PERMISSIONS) return 'Too many permissions are asked for.'
  const unknown = permissions.find((text) => parsePermission(text) === undefined)
  if (unknown !== undefined)
    return `A permission is asked for that this node does not know: ${unknown.slice(0, 80)}`
  if (callback !== undefined && permissions.length === 0) return 'No permissions are asked for.'
  return undefined
}
