/**
 * Making a context, in two steps: the anchor's word, then rows, `init` and the first delta in one batch. The intent is stored before the first, and goes
 * with that batch. The context's id follows from identity and salt, so whatever is sent twice makes one context.
 */
import * as P from 'micro-packed'
import type { Anchor } from '../anchor/anchor.ts'
import { isRejectedAs } from '../anchor/errors.ts'
import { DEFAULT_GROUP_OPTIONS } from '../anchor/operations.ts'
import type { NodeApplications } from '../applications/applications.ts'
import { bytes, bytes32, type Codec, codec, option, string } from '../codec/codec.ts'
import type { SigningKey } from '../crypto/sign.ts'
import type { CreateContext } from '../interface.ts'
import { EMPTY, equalBytes, utf8 } from '../primitives/bytes.ts'
import type { Random } from '../primitives/clock.ts'
import {
  ApplicationId,
  BlobId,
  type ContextId,
  GroupId,
  idText,
  PublicKey,
} from '../primitives/ids.ts'
import { INTENT_KIND } from '../store/repositories/intents.ts'
import type { BatchOp, Store } from '../store/store.ts'
import { type Aliases, aliasExists } from './aliases.ts'
import { contextError } from './errors.ts'
import { executorOf } from './groups/executor.ts'
import type { Group } from './groups/group.ts'
import type { Groups } from './groups/groups.ts'
import type { IdentityPool } from './groups/identities.ts'
import type { Intent, Run } from './intents/intent.ts'
import type { Intents } from './intents/intents.ts'
import type { Queue } from './intents/queue.ts'
import { INTENT_WAIT_MAX_MS, MAX_RUNNING_CREATIONS } from './limits.ts'
import type { Founding } from './registry-components.ts'
import type { ContextReplica } from './replica/replica.ts'

export interface CreationComponents {
  readonly intents: Intents
  readonly groups: Pick<Groups, 'get' | 'anchor' | 'ensure' | 'firstKey'>
  readonly identities: Pick<IdentityPool, 'create' | 'require' | 'signer' | 'bind'>
  readonly applications: Pick<NodeApplications, 'record' | 'build' | 'ensureLoaded'>
  readonly aliases: Pick<Aliases, 'claim' | 'put' | 'remember' | 'forget'>
  readonly store: Pick<Store, 'batch'>
  readonly random: Random
  /** The contexts of this node. */
  readonly contexts: {
    replica(id: ContextId): ContextReplica | undefined
    found(id: ContextId, founding: Founding, ops: readonly BatchOp[]): Promise<void>
  }
}

export interface Created {
  readonly context: ContextId
  readonly group: GroupId
  readonly member: PublicKey
}

/** A name for the context, and in which context it is known. */
export interface ContextAlias {
  scope: Uint8Array
  name: string
}

type NamedContext = CreateContext & { readonly alias?: ContextAlias | undefined }

/** What a creation needs to go on, and by which the same call is known. */
interface CreateBody {
  protocol: string
  salt: Uint8Array
  /** Empty for an own group. */
  group: Uint8Array
  application: Uint8Array
  blob: Uint8Array
  params: Uint8Array
  /** Its name among those that an application gives in one of its contexts. */
  alias?: ContextAlias | undefined
  /** What the caller left to us. */
  isSeedOurs: boolean
  isIdentityOurs: boolean
}

const createBody: Codec<CreateBody> = codec(
  'a creation',
  P.struct({
    protocol: string,
    salt: bytes32,
    group: bytes,
    application: bytes32,
    blob: bytes32,
    params: bytes,
    alias: option(P.struct({ scope: bytes32, name: string })),
    isSeedOurs: P.bool,
    isIdentityOurs: P.bool,
  }),
  2 << 20,
)

export class Creation {
  readonly #c: CreationComponents
  readonly #queue: Queue<CreateBody, Created>

  constructor(components: CreationComponents) {
    this.#c = components
    this.#queue = components.intents.queue<CreateBody, Created>(
      {
        kind: 'create',
        maxWaitMs: INTENT_WAIT_MAX_MS,
        maxRunning: MAX_RUNNING_CREATIONS,
        run: (intent, run) => this.#make(intent, run),
        identity: ({ part }) => PublicKey.from(part),
        release: (intent) => this.#release(intent),
        outcome: (intent) => created(intent),
      },
      INTENT_KIND.create,
      createBody,
    )
  }

  /**
   * Makes a context. A call that was left before its end and is made again goes on with what it began: with a seed always, without one while nobody
   * else waits for that.
   * @throws ANCHOR_*, APPLICATION_*, CONTEXT_*, RUNTIME_*
   */
  async create(options: NamedContext, protocol: string): Promise<Created> {
    const { groups, applications, random, contexts } = this.#c
    const given = options.group === undefined ? undefined : groups.get(options.group)
    if (options.group !== undefined && given === undefined) {
      throw contextError('CONTEXT_NOT_FOUND', `this node is in no group ${idText(options.group)}`)
    }
    const anchor = given?.anchor ?? groups.anchor(protocol)
    const application = await applications.record(options.application, options.service)
    if (application === undefined) throw notInstalled(options.application)
    const module = await applications.ensureLoaded(application.id, application.blob)
    if (!module.methods.includes('init')) {
      throw contextError(
        'CONTEXT_INIT_INVALID',
        'expected an application with init, it exports none',
      )
    }
    const body: CreateBody = {
      protocol: anchor.protocol,
      salt: options.seed ?? random.bytes(32),
      group: options.group ?? EMPTY,
      application: application.id,
      blob: application.blob,
      params: options.params ?? utf8('{}'),
      alias: options.alias,
      isSeedOurs: options.seed === undefined,
      isIdentityOurs: options.identity === undefined,
    }
    const { signal } = options
    const begun = this.#begun(body, options.identity)
    if (begun !== undefined) return this.#queue.attend(begun, { signal })
    const { publicKey } = await this.#creator(options, given)
    const context = await anchor.contextId(publicKey, body.salt, options.group)
    if (contexts.replica(context) !== undefined) {
      throw contextError('CONTEXT_EXISTS', 'this identity and seed made a context before')
    }
    return this.#queue.ask(context, publicKey, body, { signal })
  }

  /** As {@link create}; a name is kept for it until it is made. @throws ALIAS_EXISTS, ALIAS_LIMIT */
  async createNamed(options: NamedContext, protocol: string): Promise<Created> {
    if (options.alias === undefined) return this.create(options, protocol)
    const { scope, name } = options.alias
    const release = this.#c.aliases.claim({ kind: 'context', scope, name })
    try {
      // one that was begun before, by an earlier process for example
      const begun = this.#queue.filter(({ body, isOver }) => {
        const { alias } = body
        return !isOver && alias?.name === name && equalBytes(alias.scope, scope)
      })
      if (begun.length > 0) throw aliasExists(name)
      return await this.create(options, protocol)
    } finally {
      release()
    }
  }

  /** The anchor has moved: what waits for it may go on. */
  anchorMoved(): void {
    this.#queue.wake()
  }

  /** A creation that the same call began. */
  #begun(body: CreateBody, identity: PublicKey | undefined): Intent<CreateBody> | undefined {
    const [begun] = this.#queue.filter((intent) => {
      if (intent.state === 'refused' || !isSame(intent.body, body)) return false
      if (identity !== undefined && !equalBytes(identity, intent.part)) return false
      // without a seed two calls at the same time mean two contexts; one whose caller has gone is one call made twice
      return !body.isSeedOurs || !intent.isAttended
    })
    return begun
  }

  #creator(options: CreateContext, group: Group | undefined): SigningKey | Promise<SigningKey> {
    const { identities } = this.#c
    if (group !== undefined) return executorOf(group, options.identity)
    if (options.identity !== undefined) return identities.require(options.identity)
    return identities.create()
  }

  async #make(intent: Intent<CreateBody>, { signal }: Run<Created>): Promise<Created> {
    const { context, body } = intent
    const outcome = created(intent)
    if (this.#c.contexts.replica(context) !== undefined) return outcome
    const anchor = this.#c.groups.anchor(body.protocol)
    // an earlier try may have reached it: as things stand now, for what is sent twice is paid twice
    const now = { finality: 'optimistic', signal } as const
    if (intent.isFresh || (await anchor.readContext(context, now)) === undefined) {
      await this.#announce(anchor, intent, signal)
    }
    const group = await this.#c.groups.ensure(outcome.group, body.protocol)
    const { identities } = this.#c
    await identities.bind(outcome.member, outcome.group)
    await group.refresh({ signal })
    if (group.roleOf(outcome.member) === undefined) {
      throw contextError('ANCHOR_BEHIND', 'the anchor does not show the context as final yet')
    }
    await this.#c.groups.firstKey(group)
    await group.untilRotated({ signal })
    const executor = identities.require(outcome.member)
    const { aliases } = this.#c
    const alias = body.alias && ({ kind: 'context', ...body.alias } as const)
    const named = alias === undefined ? [] : [aliases.put(alias, context)]
    // whoever hears of the context finds it by its name
    if (alias !== undefined) aliases.remember(alias, context)
    try {
      await this.#c.contexts.found(
        context,
        {
          group,
          application: ApplicationId.from(body.application),
          blob: BlobId.from(body.blob),
          init: { method: 'init', input: body.params, executor },
        },
        [...this.#queue.settling(intent), ...named],
      )
    } catch (error) {
      if (alias !== undefined) aliases.forget(alias)
      throw error
    }
    return outcome
  }

  /** The first step. A context that is there already is ours: nobody else can make its id. */
  async #announce(
    anchor: Anchor,
    { context, part, body }: Intent<CreateBody>,
    signal: AbortSignal,
  ): Promise<void> {
    const id = ApplicationId.from(body.application)
    const build = await this.#c.applications.build(id, BlobId.from(body.blob))
    if (build === undefined) throw notInstalled(id)
    const { blob, size, source, metadata } = build
    const application = { id, blob, size: BigInt(size), source, metadata }
    const group = body.group.length === 0 ? undefined : GroupId.from(body.group)
    const operation = {
      kind: 'createContext',
      salt: body.salt,
      ...{ application, group, options: DEFAULT_GROUP_OPTIONS },
    } as const
    try {
      const signer = this.#c.identities.signer(PublicKey.from(part))
      await anchor.submit(context, operation, signer, { signal })
    } catch (error) {
      if (!isRejectedAs(error, 'ContextExists')) throw error
    }
  }

  /** What the anchor has made is not forgotten: it was paid for. Once it is here, it may be deleted. */
  async #release({ context, body }: Intent<CreateBody>): Promise<void> {
    const anchor = this.#c.groups.anchor(body.protocol)
    if ((await anchor.readContext(context)) === undefined) return
    this.#queue.wakeContext(context)
    throw contextError(
      'CONTEXT_EXISTS',
      'the anchor has made the context already: it is being finished here, delete it afterwards',
      { context: idText(context) },
    )
  }
}

function isSame(a: CreateBody, b: CreateBody): boolean {
  return (
    a.protocol === b.protocol &&
    a.isSeedOurs === b.isSeedOurs &&
    a.isIdentityOurs === b.isIdentityOurs &&
    (a.isSeedOurs || equalBytes(a.salt, b.salt)) &&
    equalBytes(a.group, b.group) &&
    equalBytes(a.application, b.application) &&
    equalBytes(a.blob, b.blob) &&
    equalBytes(a.params, b.params) &&
    a.alias?.name === b.alias?.name &&
    equalBytes(a.alias?.scope ?? EMPTY, b.alias?.scope ?? EMPTY)
  )
}

function created({ context, part, body }: Intent<CreateBody>): Created {
  const group = body.group.length === 0 ? GroupId.from(context) : GroupId.from(body.group)
  return { context, group, member: PublicKey.from(part) }
}

function notInstalled(application: ApplicationId): Error {
  const id = idText(application)
  return contextError('APPLICATION_NOT_INSTALLED', `the application ${id} is not installed here`, {
    application: id,
  })
}
