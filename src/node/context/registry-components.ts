/** What the contexts of a node are made of, and what they ask of whoever is above them. */
import type { NodeApplications } from '../applications/applications.ts'
import type { BlobFinder } from '../blobs/blobs.ts'
import type { SigningKey } from '../crypto/sign.ts'
import type { ApplicationId, BlobId, ContextId } from '../primitives/ids.ts'
import type { ContextRows } from '../store/repositories/contexts.ts'
import type { Globals } from '../store/repositories/globals.ts'
import type { Aliases } from './aliases.ts'
import type { EventLog } from './event-log.ts'
import type { Group } from './groups/group.ts'
import type { Groups } from './groups/groups.ts'
import type { IdentityPool } from './groups/identities.ts'
import type { Intents } from './intents/intents.ts'
import type { LocalCall, LocalResult } from './replica/calls.ts'
import type { ReplicaComponents, Company } from './replica/replica-core.ts'
import type { ContextReplica } from './replica/replica.ts'
import type { ContextReplicas } from './replica-source.ts'

export interface RegistryComponents extends Omit<
  ReplicaComponents,
  'module' | 'contexts' | 'scratch' | 'aliases'
> {
  readonly aliases: Aliases
  readonly rows: ContextRows
  readonly globals: Globals
  readonly groups: Pick<Groups, 'get' | 'ensure' | 'rotation' | 'anchors'>
  readonly identities: Pick<IdentityPool, 'bind'>
  readonly replicas: ContextReplicas
  readonly applications: Pick<NodeApplications, 'build' | 'ensureLoaded' | 'installRecord'>
  readonly eventLog: EventLog
  readonly intents: Intents
  sync(): Company & { readonly blobFinder: BlobFinder }
  /** Runs a promise that the node's `stop()` waits for; a failure is logged. */
  background(work: Promise<void>): void
}

/** What contexts ask of whoever is above them. */
export interface RegistryHooks {
  /** Begins what a call, or a handler's run, asked for beside its own state. */
  followUp(replica: ContextReplica, result: LocalResult, executor: SigningKey): void
  /** Reads a context at the anchor again, until it answers as of such a height or a later one. */
  reread(context: ContextId, height: bigint): void
  /** A context is here from now on: what the anchor told of it while it was being read went by unheard. */
  admitted(replica: ContextReplica): void
  /** Height of the anchor below which answers about a context are too old. */
  newsOf(context: ContextId): bigint
}

/** What a context begins with. */
export interface Founding {
  readonly group: Group
  readonly application: ApplicationId
  readonly blob: BlobId
  /** Its `init`, as the member who makes it. */
  readonly init: LocalCall
}
