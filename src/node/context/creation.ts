/**
 * Creating a context, in two phases: an intent on disk, the anchor's word, then rows, `init` and the first delta in one batch. A crash in between is
 * finished at the next start; nothing is ever created twice, because the context's id follows from the identity and the salt.
 */
import type { Anchor } from '../anchor/anchor.ts'
import { deriveContextId } from '../anchor/envelope.ts'
import { isRejectedAs } from '../anchor/errors.ts'
import { DEFAULT_GROUP_OPTIONS } from '../anchor/operations.ts'
import type { SigningKey } from '../crypto/sign.ts'
import { isMerogateError } from '../errors.ts'
import type { CreateContext } from '../interface.ts'
import { EMPTY, utf8 } from '../primitives/bytes.ts'
import { ApplicationId, type ContextId, GroupId, idText, PublicKey } from '../primitives/ids.ts'
import type { CreateIntent } from '../store/repositories/contexts.ts'
import { contextError } from './errors.ts'
import type { Group } from './groups/group.ts'
import type { ContextRegistry } from './registry.ts'

export interface Created {
  readonly context: ContextId
  readonly group: GroupId
  readonly member: PublicKey
}

/** @throws ANCHOR_*, APPLICATION_*, CONTEXT_*, RUNTIME_* */
export async function createContext(
  registry: ContextRegistry,
  options: CreateContext,
  protocol: string,
): Promise<Created> {
  const { groups, applications, rows, store, random, replicas } = registry.c
  const given = options.group === undefined ? undefined : groups.get(options.group)
  if (options.group !== undefined && given === undefined) {
    throw contextError('CONTEXT_NOT_FOUND', `this node is in no group ${idText(options.group)}`)
  }
  const anchor = given?.anchor ?? groups.anchor(protocol)
  if ((await applications.record(options.application)) === undefined) {
    throw notInstalled(options.application)
  }
  const module = await applications.ensureLoaded(options.application)
  if (!module.methods.includes('init')) {
    throw contextError('CONTEXT_INIT_INVALID', 'expected an application with init, it exports none')
  }
  const key = await creator(registry, options, given)
  const salt = options.seed ?? random.bytes(32)
  const context = deriveContextId(key.publicKey, salt)
  if (replicas.replica(context) !== undefined) {
    throw contextError('CONTEXT_EXISTS', 'this identity and seed made a context before')
  }
  const intent: CreateIntent = {
    identity: key.publicKey,
    salt,
    group: options.group ?? EMPTY,
    application: options.application,
    protocol: anchor.protocol,
    params: options.params ?? utf8('{}'),
  }
  await store.batch([rows.putIntent(context, intent)], { sync: true })
  try {
    const signal = options.signal === undefined ? {} : { signal: options.signal }
    await announce(registry, anchor, context, intent, signal)
    await foundContext(registry, context, intent)
  } catch (error) {
    // There is nothing to resume. Whatever else failed is tried again at the next start.
    if (isRefusal(error)) await store.batch([rows.delIntent(context)])
    throw error
  }
  return { context, group: options.group ?? ownGroup(context), member: key.publicKey }
}

/**
 * Finishes creations that the database holds as begun. What the anchor does not know yet is sent again: whether the first one is still under way
 * cannot be known, and the id makes both one. Creations that a chain takes long over do not wait for each other.
 */
export async function resumeCreations(registry: ContextRegistry): Promise<void> {
  const intents = await registry.c.rows.intents()
  await Promise.all(intents.map(({ id, intent }) => resumeCreation(registry, id, intent)))
}

async function resumeCreation(
  registry: ContextRegistry,
  id: ContextId,
  intent: CreateIntent,
): Promise<void> {
  const { rows, groups, store, logger } = registry.c
  try {
    const anchor = groups.anchor(intent.protocol)
    const known = await anchor.readContext(id)
    if (known === undefined) await announce(registry, anchor, id, intent)
    await foundContext(registry, id, intent)
  } catch (error) {
    if (isRefusal(error)) await store.batch([rows.delIntent(id)])
    logger.warn({ err: error, context: idText(id) }, 'creation not finished yet')
  }
}

/** Whether the anchor or the app said no: trying again would end the same way. */
function isRefusal(error: unknown): boolean {
  return isMerogateError(error) && (error.kind === 'chain' || error.kind === 'guest')
}

/** The first phase. A context that is there already is ours: nobody else can make its id. */
async function announce(
  registry: ContextRegistry,
  anchor: Anchor,
  context: ContextId,
  intent: CreateIntent,
  options: { signal?: AbortSignal } = {},
): Promise<void> {
  const { applications, identities } = registry.c
  const id = ApplicationId.from(intent.application)
  const application = await applications.record(id)
  if (application === undefined) throw notInstalled(id)
  try {
    await anchor.submit(
      context,
      {
        kind: 'createContext',
        salt: intent.salt,
        application,
        options: DEFAULT_GROUP_OPTIONS,
        group: intent.group.length === 0 ? undefined : GroupId.from(intent.group),
      },
      identities.signer(PublicKey.from(intent.identity)),
      options,
    )
  } catch (error) {
    if (!isRejectedAs(error, 'ContextExists')) throw error
  }
}

/** The second phase: the anchor knows the context, and this node makes its first delta. */
async function foundContext(
  registry: ContextRegistry,
  context: ContextId,
  intent: CreateIntent,
): Promise<void> {
  const { groups, rows, globals, identities, store, applications } = registry.c
  const groupId = intent.group.length === 0 ? ownGroup(context) : GroupId.from(intent.group)
  const identity = PublicKey.from(intent.identity)
  const application = ApplicationId.from(intent.application)
  const group = await groups.ensure(groupId, intent.protocol)
  await store.batch([identities.bind(identity, groupId)], { sync: true })
  await group.refresh()
  await groups.firstKey(group)
  await group.untilRotated()
  const number = await globals.nextNumber()
  const record = await applications.record(application)
  if (record === undefined) throw notInstalled(application)
  const replica = await registry.build(context, number, group, {
    application,
    blob: record.blob,
    applicationRevision: 1n,
  })
  const row = registry.contextRow(number, group)
  await replica.initialize(
    { method: 'init', input: intent.params, executor: identities.require(identity) },
    [rows.put(context, row), rows.delIntent(context), registry.link(number, record.blob)],
  )
  await registry.attach(replica, row)
}

async function creator(
  registry: ContextRegistry,
  options: CreateContext,
  group: Group | undefined,
): Promise<SigningKey> {
  const { identities } = registry.c
  if (group !== undefined) return registry.executor(group, options.identity)
  return options.identity === undefined ? identities.create() : identities.require(options.identity)
}

function notInstalled(application: ApplicationId): Error {
  const id = idText(application)
  return contextError('APPLICATION_NOT_INSTALLED', `the application ${id} is not installed here`, {
    application: id,
  })
}

/** The group id of a context that has its own. */
function ownGroup(context: ContextId): GroupId {
  return GroupId.from(context)
}
