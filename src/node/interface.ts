/** The node's public interface: what `createNode()` returns. Everything outside `src/node` uses only this. */
import type { CAPABILITIES, MemberRecord, MigrationRecord, Role } from './anchor/anchor.ts'
import type { BlobInfo } from './blobs/blobs.ts'
import type { Divergence, Repaired } from './context/divergence.ts'
import type { IntentInfo } from './context/intents/intent-info.ts'
import type { MembersView } from './context/members-view.ts'
import type { Invitation, InviteMember, RemoveMembers } from './inviting.ts'
import type {
  ApplicationId,
  BlobId,
  ContextId,
  DeltaId,
  GroupId,
  PublicKey,
} from './primitives/ids.ts'
import type { Startable, Status } from './primitives/startable.ts'
import type { Listenable } from './primitives/emitter.ts'
import type { ModuleInfo } from './runtime/engine.ts'
import type { PeerInfo } from './network/network.ts'

/** What calls take that wait for something: they reject with ABORTED when the signal fires. */
export interface Signalled {
  readonly signal?: AbortSignal
}

export type { Invitation, InviteMember, RemoveMembers } from './inviting.ts'
export type { NetworkInit, NodeInit } from './init.ts'
export type { Divergence, Repaired } from './context/divergence.ts'
export type { IntentInfo, IntentKind, IntentState } from './context/intents/intent-info.ts'
export type { MembersView } from './context/members-view.ts'

export interface InstalledApplication {
  readonly id: ApplicationId
  /** The installed bytes: the module itself, or the bundle it came in. */
  readonly blob: BlobId
  readonly size: number
  readonly source: string
  readonly metadata: Uint8Array
  /** `unknown` for a bare module. */
  readonly package: string
  /** `0.0.0` for a bare module. */
  readonly version: string
  /** `did:key:...` of a signed bundle. */
  readonly signerId?: string
  /** Name of the service that this is, one of a bundle's several. */
  readonly service?: string
  /** Services that its bundle names. Of several, each is an application of its own, and a context runs one of them. */
  readonly services?: readonly InstalledService[]
  /** Of a bundle of several services: the first one's. */
  readonly module: ModuleInfo
}

/** A service of an installed bundle. */
export interface InstalledService {
  readonly name: string
  /** By which contexts and anchors name it; the bundle's own when it has no other. */
  readonly application: ApplicationId
}

export interface InstallOptions {
  /** SHA-256 the bytes must have. */
  readonly hash?: Uint8Array
  /** Opaque, at most 1 024 bytes. @default none */
  readonly metadata?: Uint8Array
  readonly signal?: AbortSignal
}

export interface Applications {
  /** From a file of this machine: a bare `.wasm` module or an `.mpk` bundle. Same content: same application. */
  installFile(path: string, options?: InstallOptions): Promise<InstalledApplication>
  /** From http(s). Private addresses are refused unless the node's config allows them. */
  installUrl(url: string, options?: InstallOptions): Promise<InstalledApplication>
  /** From bytes at hand. `source` is informational. */
  installBytes(
    bytes: Uint8Array,
    source: string,
    options?: InstallOptions,
  ): Promise<InstalledApplication>
  /** From a blob that is already here. */
  installBlob(blob: BlobId, source: string, options?: InstallOptions): Promise<InstalledApplication>
  get(id: ApplicationId): Promise<InstalledApplication | undefined>
  list(): Promise<readonly InstalledApplication[]>
  /** False when it was not installed. @throws APPLICATION_IN_USE (conflict) while a context runs it */
  uninstall(id: ApplicationId): Promise<boolean>
}

/**
 * `ready` usable; `uninitialized` joined, but no state yet; `left` we are no longer a member: readable, keys kept; `stopped` its rows are
 * damaged: see the log.
 */
export type ContextStatus = 'ready' | 'uninitialized' | 'left' | 'stopped'

/** Something that failed in a context while no caller waited for the answer. */
export interface ContextFailure {
  /**
   * `delta`: the application failed on somebody's delta, which is quarantined; `handler`: a run of an event handler; `call`: a call into another context that
   * the application asked for; `rows`: the database, and the context stopped; `root`: see {@link ContextInfo.divergence}.
   */
  readonly what: 'delta' | 'handler' | 'call' | 'rows' | 'root'
  /** Code of the error, as in docs/errors.md. */
  readonly code: string
  /** One line, bounded and safe to print; an application's own words stand in it, with the place of a panic. */
  readonly message: string
  /** When it was, ms since the Unix epoch. */
  readonly atMs: number
  /** How often it was tried by then. */
  readonly tries: number
  /** When it is tried again by itself, ms since the Unix epoch. Without: after a restart, or with another application. */
  readonly nextTryMs?: number
  /** The delta that failed, or the one whose event called for the handler. */
  readonly delta?: DeltaId
  /** Member who wrote the delta. */
  readonly author?: PublicKey
  /** The handler's, or the called, method. */
  readonly method?: string
  /** The context that was, or was to be, called. */
  readonly target?: ContextId
}

export interface ContextInfo {
  readonly id: ContextId
  readonly group: GroupId
  readonly application: ApplicationId
  readonly applicationRevision: bigint
  readonly membersRevision: bigint
  readonly protocol: string
  readonly network: string
  /** The contract that its group is in, which is another one after a move. */
  readonly contract: string
  /** 32 bytes; zero while uninitialized. */
  readonly root: Uint8Array
  readonly heads: readonly DeltaId[]
  readonly status: ContextStatus
  /** See {@link ModuleInfo.convergence}; undefined until the application is here. */
  readonly convergence: ModuleInfo['convergence'] | undefined
  readonly deltas: {
    readonly applied: number
    readonly pending: number
    readonly parked: number
    readonly quarantined: number
  }
  /** How many of those wait for what: `parked` by reason (`key`, `member`, ...), `quarantined` by the code of the error; when the last `future` is due. */
  readonly waitsFor: {
    readonly parked: Readonly<Record<string, number>>
    readonly quarantined: Readonly<Record<string, number>>
    readonly futureUntilMs: number | undefined
  }
  /** What was begun for it and is not done, oldest first. */
  readonly intents: readonly IntentInfo[]
  /** Times a linear apply ended in another root than its author's: 0 in a healthy context. */
  readonly rootMismatches: number
  /** Set while a member with the same deltas is known to have another root. */
  readonly divergence: Divergence | undefined
  /** Authors that gave one number to two of their deltas: their disk lost some, a backup was restored, or they lie. All are kept. */
  readonly forkedAuthors: readonly PublicKey[]
  /** What failed last and is not mended, since this node was started. */
  readonly lastFailure: ContextFailure | undefined
  /** Where the members were read, and whether the anchor says otherwise now. */
  readonly membersView: MembersView
  /** Where its group moves and when, as the members' view was read; with a time that is past while nobody took the group over there. */
  readonly migration: MigrationRecord | undefined
  /** Set while somebody has gone who holds the group's key and the next one is not here: since when, and how often it was made here in vain. */
  readonly rotation: { readonly sinceMs: number; readonly tries: number } | undefined
}

export interface CreateContext {
  readonly application: ApplicationId
  /** Which of the application's services. @default the only one */
  readonly service?: string
  /** Which anchor. @default the only one */
  readonly protocol?: string
  /** Input of the app's `init`. @default `{}` */
  readonly params?: Uint8Array
  /** 32 bytes that fix the context id together with the identity. @default random */
  readonly seed?: Uint8Array
  /** Share the members of an existing group that this node's identity may manage. @default an own group */
  readonly group?: GroupId
  /** Identity of this node to create it with. @default the group's for a given group, otherwise a new one */
  readonly identity?: PublicKey
  readonly signal?: AbortSignal
}

export interface ExecuteCall {
  readonly context: ContextId
  /** Exported function of the app. */
  readonly method: string
  /** For Rust apps: UTF-8 JSON object of parameters. */
  readonly input: Uint8Array
  /** @default the only identity of this node in the context */
  readonly executor?: PublicKey
  /** Run without storing or sending anything. @default false */
  readonly readOnly?: boolean
  /** Whose call it is: the calls of different callers take turns, and one has a quarter of the places to wait. @default nobody's in particular */
  readonly caller?: string
  /** Gives the call up, where it waits and while it runs: ABORTED then means that nothing of it is or will be stored. When it is being stored, the answer is the result. */
  readonly signal?: AbortSignal
}

export interface ExecuteResult {
  /** What the app returned; undefined when nothing. For Rust apps: UTF-8 JSON. */
  readonly output: Uint8Array | undefined
  readonly logs: readonly string[]
  readonly root: Uint8Array
  /** The delta that was stored; undefined when nothing changed. */
  readonly delta: DeltaId | undefined
  /** Set while the clock of the node's machine is off: how far, ms; above 0 when it is ahead. The call was stamped by the time the node believes. */
  readonly clockSkewMs?: number
}

/** Contexts. Where a method takes a signal it rejects with ABORTED when it fires; what was sent to the anchor by then may still take effect. */
export interface Contexts {
  /**
   * Makes a context. When this rejects with `details.pending` the node goes on, over restarts too, and the same call again joins what goes on: with
   * a seed always, without one while no other call waits for it.
   */
  create(options: CreateContext): Promise<{ context: ContextId; group: GroupId; member: PublicKey }>
  execute(call: ExecuteCall): Promise<ExecuteResult>
  get(id: ContextId): Promise<ContextInfo | undefined>
  list(options?: { application?: ApplicationId }): Promise<readonly ContextInfo[]>
  /** Admits an identity through the anchor and makes the ticket that tells it where to go. */
  invite(options: InviteMember): Promise<Invitation>
  /**
   * Resolves once the anchor says that the invitee is a member; state arrives afterwards (wait with {@link waitReady}). When it rejects with
   * `details.pending` the node goes on, over restarts too, and the same call again joins what goes on.
   */
  join(invitation: string, options?: Signalled): Promise<{ context: ContextId; member: PublicKey }>
  /** A ticket that anybody who holds it may use, `maxUses` times until `validForMs` from now. */
  inviteOpen(
    options: Omit<InviteMember, 'invitee'> & { maxUses?: number; validForMs?: number },
  ): Promise<Invitation>
  /** Ends every open invitation that an identity of this node gave until now. */
  voidInvitations(id: ContextId, options?: Pick<InviteMember, 'inviter' | 'signal'>): Promise<void>
  /**
   * Plans the move of the context's group, with all its contexts, to another contract, by its address as it stands in a domain; none: it stays. Takes a
   * week, for all members to see, and then there is no way back.
   */
  migrate(
    id: ContextId,
    successor: Uint8Array | undefined,
    options?: Signalled & { readonly as?: PublicKey | undefined },
  ): Promise<void>
  /** Where the context's group moves and when, by the newest final word of the anchor; undefined while it stays. */
  migration(id: ContextId, options?: Signalled): Promise<MigrationRecord | undefined>
  /** As {@link join}. A ticket that this node has used for the context already leads to the identity that used it. */
  joinOpen(
    invitation: string,
    options?: Signalled & { identity?: PublicKey },
  ): Promise<{ context: ContextId; member: PublicKey }>
  /** Resolves when the context has state and its application. */
  waitReady(id: ContextId, options?: Signalled): Promise<ContextInfo>
  /** Members by the newest view of the anchor. */
  members(id: ContextId): Promise<readonly MemberRecord[]>
  /** Excludes members. Unless they may return, an invitation does not bring them back: they are barred until they are invited by name. */
  removeMembers(
    id: ContextId,
    identities: readonly PublicKey[],
    options?: RemoveMembers,
  ): Promise<void>
  setRole(
    id: ContextId,
    identities: readonly PublicKey[],
    role: Role,
    options?: Signalled,
  ): Promise<void>
  grant(
    id: ContextId,
    identity: PublicKey,
    capability: keyof typeof CAPABILITIES,
    options?: Signalled,
  ): Promise<void>
  revoke(
    id: ContextId,
    identity: PublicKey,
    capability: keyof typeof CAPABILITIES,
    options?: Signalled,
  ): Promise<void>
  updateApplication(
    id: ContextId,
    application: ApplicationId,
    options?: Signalled & { executor?: PublicKey | undefined },
  ): Promise<void>
  /** Leaves the group through the anchor, then forgets the context. */
  leave(id: ContextId, options?: Signalled): Promise<void>
  /** Forgets the context here only, and what was begun for it. False when it was unknown. Its private keys are kept. */
  delete(id: ContextId): Promise<boolean>
  /** What was begun and is not done, oldest first; of one context when it is given, which need not be here yet. */
  intents(context?: ContextId): readonly IntentInfo[]
  /** Ends an intent without its being done. False when there is none of this id, or it was done meanwhile; a rotation is not withdrawn. */
  withdraw(intent: string): Promise<boolean>
  /** Exchanges frontiers with connected members now. Resolves after the attempt, with the number of peers that answered. */
  sync(id: ContextId, options?: Signalled): Promise<{ peers: number }>
  /**
   * Replays the whole history in the order that is the same on every node, and takes over the state that comes of it. For contexts whose
   * members differ ({@link ContextInfo.divergence}): done on each of them while nobody writes, all end equal. Goes on when the signal fires.
   * @throws CONTEXT_UNINITIALIZED (conflict), CONTEXT_TOO_LONG, CONTEXT_TOO_LARGE (limit), RUNTIME_* (guest)
   */
  repair(id: ContextId, options?: Signalled): Promise<Repaired>
  /** Bytes of state stored for the context. */
  storageSize(id: ContextId): Promise<number>
  /**
   * Reads members and application at the anchor now. With `isReset` what it says counts, whatever it said before: for an operator who knows that it
   * did not say the truth, or that its history is another. @throws ANCHOR_*
   */
  refresh(id: ContextId, options?: Signalled & { readonly isReset?: boolean }): Promise<void>
}

export interface Identities {
  /** A new ed25519 key pair kept by this node, not yet a member anywhere. */
  create(): Promise<PublicKey>
  /** Keys this node holds; those of one context's group when it is given. */
  owned(context?: ContextId): Promise<readonly PublicKey[]>
}

export interface Blobs {
  /** Stores bytes; with `context`, its members may fetch the blob from us. */
  put(
    source: AsyncIterable<Uint8Array> | Uint8Array,
    options?: { hash?: Uint8Array; context?: ContextId; signal?: AbortSignal },
  ): Promise<BlobInfo>
  info(id: BlobId): Promise<BlobInfo | undefined>
  /** With `context`, members are asked when the blob is not here. @throws BLOB_NOT_FOUND */
  read(
    id: BlobId,
    options?: { context?: ContextId; offset?: number; length?: number; signal?: AbortSignal },
  ): Promise<AsyncIterable<Uint8Array>>
  list(): Promise<readonly BlobInfo[]>
  /** @throws BLOB_IN_USE (conflict) while an application or a context needs it */
  delete(id: BlobId): Promise<boolean>
}

export interface Peers {
  list(): readonly PeerInfo[]
  dial(addresses: readonly string[], options?: Signalled): Promise<string>
}

/** A change of a context's state, in the order this node stored it. */
export interface StateMutation {
  readonly context: ContextId
  /** Position in the context's event log on this node, from 1, without gaps. */
  readonly seq: bigint
  readonly newRoot: Uint8Array
  readonly delta: DeltaId
  /** Identity whose call it was. */
  readonly author: PublicKey
  readonly events: readonly {
    readonly kind: string
    readonly data: Uint8Array
    readonly handler: string | null
  }[]
}

/** A subscriber fell behind the log's retention; `skipped` mutations are gone. */
export interface Lagged {
  readonly context: ContextId
  readonly skipped: bigint
}

export interface NodeEvents {
  'state:mutation': StateMutation
  'context:failed': { readonly context: ContextId; readonly failure: ContextFailure }
  'context:changed': { readonly context: ContextId; readonly status: ContextStatus }
  'peer:connect': { readonly peer: string }
  'peer:disconnect': { readonly peer: string }
}

export interface Events extends Listenable<NodeEvents> {
  /** Stored mutations with `seq` >= `since`, oldest first, up to `limit`. */
  replay(
    context: ContextId,
    since: bigint,
    options?: { limit?: number },
  ): Promise<{ readonly mutations: readonly StateMutation[]; readonly skipped: bigint }>
  /** Sequence of the newest stored mutation; 0 when there is none. */
  last(context: ContextId): Promise<bigint>
}

export interface Node extends Startable, AsyncDisposable {
  readonly status: Status
  /** Known from construction on. */
  readonly peerId: string
  /** Dialable multiaddrs; empty until started. */
  addresses(): readonly string[]
  readonly applications: Applications
  readonly contexts: Contexts
  readonly identities: Identities
  readonly blobs: Blobs
  readonly peers: Peers
  readonly events: Events
  /** Whether the node can be used, and why not. */
  health(): Promise<NodeHealth>
}

export interface NodeHealth {
  /** Name of each check and whether it passes; the node is ready when all do. */
  readonly checks: Readonly<Record<string, boolean>>
  /** By check, in words: why it fails, and since when. `clock`: the machine's clock is off, with which the node can be used. */
  readonly reasons: Readonly<Record<string, string>>
}
