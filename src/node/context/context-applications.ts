/**
 * What contexts run. A context goes on with the application it has until the one that the anchor names is here, loaded; getting it is an intent, for the
 * members who have it may be away, and the disk may have lost part of it.
 */
import * as P from 'micro-packed'
import type { ApplicationRecord } from '../anchor/anchor.ts'
import type { NodeApplications } from '../applications/applications.ts'
import type { BlobFinder } from '../blobs/blobs.ts'
import { bytes, bytes32, type Codec, codec, option, string } from '../codec/codec.ts'
import type { MerogateError } from '../errors.ts'
import { equalBytes } from '../primitives/bytes.ts'
import { ApplicationId, BlobId, type ContextId, idKey, idText } from '../primitives/ids.ts'
import type { Logger } from '../primitives/logger.ts'
import type { ModuleInfo } from '../runtime/engine.ts'
import type { MetaRow } from '../store/repositories/contexts.ts'
import { INTENT_KIND } from '../store/repositories/intents.ts'
import type { BatchOp } from '../store/store.ts'
import { contextError } from './errors.ts'
import { type Fate, fateOf } from './intents/fate.ts'
import type { Intent, Run } from './intents/intent.ts'
import type { Intents } from './intents/intents.ts'
import type { Queue } from './intents/queue.ts'
import { INTENT_WAIT_MAX_MS, MAX_RUNNING_FETCHES } from './limits.ts'
import type { ContextReplica } from './replica/replica.ts'

export interface ContextApplicationsComponents {
  readonly intents: Intents
  readonly applications: Pick<NodeApplications, 'build' | 'ensureLoaded' | 'installRecord'>
  readonly logger: Logger
  blobFinder(): BlobFinder
  /** The contexts of this node. */
  readonly contexts: {
    replica(id: ContextId): ContextReplica | undefined
    /** Lets a context's members fetch a blob from us, and us from them. */
    link(replica: ContextReplica, blob: BlobId): BatchOp
    /** The application is loaded: the context runs it from now on, and takes up what waited for it. */
    run(replica: ContextReplica, wanted: Wanted): Promise<void>
  }
}

/** What a context is to run, by the anchor's word. */
export interface Wanted {
  readonly id: ApplicationId
  readonly blob: BlobId
  readonly revision: bigint
}

interface FetchBody {
  application: Uint8Array
  revision: bigint
  /** The bytes on disk are known to be damaged, though the module may be loaded. */
  isDamaged: boolean
  /** The rest of the anchor's record; undefined where only the context's own rows are known. */
  record?: { size: bigint; source: string; metadata: Uint8Array } | undefined
}

const fetchBody: Codec<FetchBody> = codec(
  'an application to be fetched',
  P.struct({
    application: bytes32,
    revision: P.U64LE,
    isDamaged: P.bool,
    record: option(P.struct({ size: P.U64LE, source: string, metadata: bytes })),
  }),
  4_096,
)

/** What is wrong with the bytes themselves: other members have no others. */
const WRONG_BYTES: ReadonlySet<string> = new Set([
  'APPLICATION_MISMATCH',
  'APPLICATION_LIMIT',
  'BUNDLE_TOO_LARGE',
  'INSTALL_TOO_LARGE',
])

export class ContextApplications {
  readonly #c: ContextApplicationsComponents
  readonly #queue: Queue<FetchBody, void>
  /** Loaded modules by application and blob, so that a delta costs no lookup. */
  readonly #modules = new Map<string, ModuleInfo>()

  constructor(components: ContextApplicationsComponents) {
    this.#c = components
    this.#queue = components.intents.queue<FetchBody, void>(
      {
        kind: 'application',
        maxWaitMs: INTENT_WAIT_MAX_MS,
        maxRunning: MAX_RUNNING_FETCHES,
        run: (intent, run) => this.#get(intent, run),
        fate: fetchFate,
      },
      INTENT_KIND.application,
      fetchBody,
    )
  }

  /** The module that a context runs, if it was loaded. */
  loaded({ application, blob }: Pick<MetaRow, 'application' | 'blob'>): ModuleInfo | undefined {
    return this.#modules.get(idKey(application) + idKey(blob))
  }

  /**
   * The module that a context runs; undefined while it is not here. The id of a bundle says nothing of its content, so what is loaded lies in the
   * very blob that the anchor names.
   */
  async module(meta: Pick<MetaRow, 'application' | 'blob'>): Promise<ModuleInfo | undefined> {
    const known = this.loaded(meta)
    if (known !== undefined) return known
    try {
      return await this.#load(ApplicationId.from(meta.application), BlobId.from(meta.blob))
    } catch (error) {
      this.#c.logger.debug({ err: error }, 'application cannot be loaded')
      return undefined
    }
  }

  /** A context is open: loads what it runs, or goes and gets it. */
  async opened(replica: ContextReplica): Promise<void> {
    const { application, blob, applicationRevision } = replica.state.meta
    const wanted = {
      id: ApplicationId.from(application),
      blob: BlobId.from(blob),
      revision: applicationRevision,
    }
    if ((await this.module(replica.state.meta)) !== undefined) {
      await this.#c.contexts.run(replica, wanted)
    } else if (this.#queue.get(replica.state.id, blob) === undefined) {
      await this.#queue.open(replica.state.id, blob, {
        application,
        revision: applicationRevision,
        isDamaged: false,
        record: undefined,
      })
    }
  }

  /**
   * The anchor names an application. What is here is run at once; otherwise it is fetched, and the context goes on with what it has until then.
   * Resolves when it runs, or when it is known that it must be waited for.
   */
  async follow(
    replica: ContextReplica,
    record: ApplicationRecord,
    revision: bigint,
  ): Promise<void> {
    const { id, meta } = replica.state
    if (revision < meta.applicationRevision) return // an older endpoint answered
    const wanted = { id: record.id, blob: record.blob, revision }
    const pending = this.#queue.get(id, record.blob)
    await this.#forgetOthers(id, record.blob)
    if (isRun(meta, wanted) && (await this.module(meta)) !== undefined) return
    if (pending?.body.revision === revision) return // on its way, or refused
    const { size, source, metadata } = record
    const known = { size, source, metadata }
    const body = { application: record.id, revision, isDamaged: false, record: known }
    const ops = [this.#c.contexts.link(replica, record.blob)]
    if ((await this.#c.applications.build(record.id, record.blob)) === undefined) {
      await this.#queue.open(id, record.blob, body, ops)
      return
    }
    try {
      await this.#queue.ask(id, record.blob, body, { ops })
    } catch (error) {
      this.#c.logger.debug({ err: error, context: idText(id) }, 'application does not run yet')
    }
  }

  /** The application a context waits for while it runs another. */
  awaited(context: ContextId): ApplicationId | undefined {
    const [intent] = this.#queue.filter((each) => !each.isOver && equalBytes(each.context, context))
    return intent && ApplicationId.from(intent.body.application)
  }

  /** Something is here that contexts may wait for: members who are online, or an application that was installed. */
  wake(context?: ContextId): void {
    this.#queue.wake((intent) => context === undefined || equalBytes(intent.context, context))
  }

  /** The stored bytes of what a context runs are damaged: gets them again. */
  async mend({ state }: ContextReplica, blob: BlobId): Promise<void> {
    const { application, applicationRevision: revision } = state.meta
    if (!equalBytes(state.meta.blob, blob)) return
    const body = { application, revision, isDamaged: true, record: undefined }
    await this.#queue.open(state.id, blob, body)
  }

  /** A newer decision of the anchor makes an older one void. */
  async #forgetOthers(context: ContextId, blob: BlobId): Promise<void> {
    const others = this.#queue.filter(
      (intent) => equalBytes(intent.context, context) && !equalBytes(intent.part, blob),
    )
    for (const intent of others) await this.#queue.drop(intent)
  }

  async #get({ context, part, body }: Intent<FetchBody>, { signal }: Run<void>): Promise<void> {
    const replica = this.#c.contexts.replica(context)
    // deleted meanwhile, or left: nobody would give it to us
    if (replica === undefined || replica.group.owned().length === 0) return
    const blob = BlobId.from(part)
    const id = ApplicationId.from(body.application)
    const isHere = (await this.#c.applications.build(id, blob)) !== undefined
    if (body.isDamaged || !isHere || !(await this.#isLoadable(id, blob))) {
      const info = await this.#c.blobFinder().fetch(context, blob, { signal })
      if (info === undefined) {
        throw contextError(
          'APPLICATION_NOT_INSTALLED',
          `no member that is online has the application ${idText(id)}`,
          { application: idText(id) },
        )
      }
      if (!isHere) await this.#install(replica, id, blob, body, signal)
    }
    await this.#load(id, blob)
    await this.#c.contexts.run(replica, { id, blob, revision: body.revision })
  }

  async #install(
    { state, group }: ContextReplica,
    id: ApplicationId,
    blob: BlobId,
    { record }: FetchBody,
    signal: AbortSignal,
  ): Promise<void> {
    if (record !== undefined) {
      await this.#c.applications.installRecord({ id, blob, ...record })
      return
    }
    const read = await group.anchor.readContext(state.id, { signal })
    const named = read?.value.application
    if (named === undefined || !equalBytes(named.blob, blob) || !equalBytes(named.id, id)) {
      throw contextError(
        'ANCHOR_BEHIND',
        'the anchor names another application for the context than its rows do',
      )
    }
    await this.#c.applications.installRecord(named)
  }

  /** Whether the bytes on disk make the module. What damaged them is repaired by fetching them again. */
  async #isLoadable(id: ApplicationId, blob: BlobId): Promise<boolean> {
    try {
      await this.#load(id, blob)
      return true
    } catch (error) {
      this.#c.logger.debug({ err: error, application: idText(id) }, 'application is damaged')
      return false
    }
  }

  async #load(id: ApplicationId, blob: BlobId): Promise<ModuleInfo> {
    const module = await this.#c.applications.ensureLoaded(id, blob)
    this.#modules.set(idKey(id) + idKey(blob), module)
    return module
  }
}

function isRun(meta: MetaRow, { id, blob, revision }: Wanted): boolean {
  const { application, applicationRevision } = meta
  return (
    applicationRevision === revision && equalBytes(application, id) && equalBytes(meta.blob, blob)
  )
}

/** Bytes that are the blob and no application will be none tomorrow; what came wrong from a member may come right from another. */
function fetchFate(failure: MerogateError): Fate {
  return WRONG_BYTES.has(failure.code) ? 'refused' : fateOf(failure)
}
