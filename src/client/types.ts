/** What a node's API answers, as its clients see it. Ids and hashes are base58 text. */

export interface Application {
  readonly id: string
  readonly blob: { readonly bytecode: string; readonly compiled: string }
  readonly size: number
  readonly source: string
  readonly metadata: readonly number[]
  /** Empty for a module that nobody signed. */
  readonly signer_id: string
  readonly package: string
  readonly version: string
  /** Name of the service that it is, one of a bundle's several. */
  readonly service?: string
  /** Services of its bundle, and by which id a context runs each. */
  readonly services?: readonly { readonly name: string; readonly applicationId: string }[]
  readonly module: {
    readonly hash: string
    readonly size: number
    readonly generation: string
    readonly era: string
    readonly convergence: string
    readonly warnings: readonly ModuleWarning[]
    readonly methods: readonly string[]
  }
}

/** Something in an application that does not go well. */
export interface ModuleWarning {
  readonly code: string
  /** One sentence. */
  readonly message: string
}

/** What installing answers. */
export interface Installed {
  readonly applicationId: string
  /** @default none */
  readonly warnings?: readonly ModuleWarning[]
}

/** What a node has begun and goes on with until it is done, refused for good, or withdrawn. */
export interface Intent {
  /** Text by which it is withdrawn. */
  readonly id: string
  readonly kind:
    'join' | 'claim' | 'create' | 'application' | 'handler' | 'call' | 'rotation' | 'operation'
  readonly contextId: string
  /** Identity of the node it is about. */
  readonly publicKey?: string
  readonly state: 'waiting' | 'running' | 'refused' | 'done'
  /** Tries that failed. */
  readonly tries: number
  /** When it was begun, and about when it is tried again, ms since the Unix epoch. */
  readonly sinceMs: number
  readonly nextMs?: number
  /** Why the last try failed. */
  readonly reason?: { readonly code: string; readonly message: string }
}

/** A key that the node holds. */
export interface Identity {
  readonly publicKey: string
  /** Contexts it is a member of. */
  readonly contextIds: readonly string[]
  readonly intents: readonly Intent[]
}

export interface Context {
  readonly id: string
  readonly applicationId: string
  readonly rootHash: string
  readonly dagHeads?: readonly (readonly number[])[]
  readonly groupId: string
  readonly applicationRevision: number
  readonly membersRevision: number
  readonly protocol: string
  readonly network: string
  /** The contract that its group is in. */
  readonly contractId: string
  readonly status: 'ready' | 'uninitialized' | 'left' | 'stopped'
  readonly convergence: string | null
  readonly deltas: {
    readonly applied: number
    readonly pending: number
    readonly parked: number
    readonly quarantined: number
  }
  /** How many of the deltas that wait wait for what: parked ones by reason, quarantined ones by the code of the error. */
  readonly waitsFor: {
    readonly parked: Readonly<Record<string, number>>
    readonly quarantined: Readonly<Record<string, number>>
    /** Until when the last of those parked for `future` waits, ms since the Unix epoch. */
    readonly futureUntilMs?: number
  }
  readonly rootMismatches: number
  /** Set while a member with the same deltas is known to have another root; `sinceMs` is Unix time. */
  readonly divergence: {
    readonly state: 'suspected' | 'repairing' | 'diverged'
    readonly sinceMs: number
    readonly members: number
    readonly replays: number
    readonly reason: string
  } | null
  /** Members that gave one number to two of their deltas. */
  readonly forkedAuthors: readonly string[]
  /** What failed last, with nobody waiting for the answer, and is not mended. */
  readonly lastFailure: Failure | null
  /** Where the members were read; `doubt` while an answer of the anchor contradicts that and no second one bears it out. 64-bit numbers are decimal text. */
  readonly membersView: {
    readonly height: string
    readonly block: string | null
    readonly doubt: {
      readonly sinceMs: number
      readonly revision: string
      readonly height: string
      readonly source?: string
    } | null
    readonly replacedAtMs: number | null
  }
  /** Where its group moves, the address of a contract in hexadecimal, and the second, Unix time, at which it does; null while it stays. */
  readonly migration: Migration | null
  /** Set while the key that a member who has gone does not have is still to come; `sinceMs` is Unix time. */
  readonly rotation: { readonly sinceMs: number; readonly tries: number } | null
  readonly intents: readonly Intent[]
}

/** The move of a group to another contract. In the past: it has moved, and nobody took it over there. */
export interface Migration {
  readonly successor: string
  readonly movesAt: number
}

/** Something that failed in a context while no caller waited for the answer. */
export interface Failure {
  /** `delta` the application failed on somebody's delta; `handler` a run of an event handler; `call` a call into another context; `rows` the node's database; `root` members differ. */
  readonly what: 'delta' | 'handler' | 'call' | 'rows' | 'root'
  readonly code: string
  /** One bounded line; an application's own words stand in it, with the place of a panic. */
  readonly message: string
  readonly atMs: number
  readonly tries: number
  /** When it is tried again by itself, ms since the Unix epoch. */
  readonly nextTryMs?: number
  readonly delta?: string
  readonly author?: string
  readonly method?: string
  /** The context that was, or was to be, called. */
  readonly target?: string
}

/** Whether a node can be used: name of each check and whether it passes, and why those fail of which more is known. */
export interface Readiness {
  readonly status: 'ready' | 'not ready' | 'draining'
  readonly checks: Readonly<Record<string, boolean>>
  readonly reasons?: Readonly<Record<string, string>>
}

export type MemberRole = 'writer' | 'reader' | 'relay'

export interface Member {
  readonly publicKey: string
  readonly role: MemberRole
  readonly capabilities: readonly string[]
  readonly joinedRevision: number
}

/** A capability by its name in the API. */
export type Capability =
  'ManageApplication' | 'ManageMembers' | 'Proxy' | 'Govern' | 'ManageContexts'

export interface Blob {
  readonly blobId: string
  readonly size: number
  /** SHA-256 of the bytes. */
  readonly hash: string
}

export interface Peer {
  readonly id: string
  readonly addresses: readonly string[]
  readonly direction: 'inbound' | 'outbound'
}

export interface Peers {
  readonly count: number
  readonly peers: readonly Peer[]
  /** The node itself. */
  readonly self: { readonly id: string; readonly addresses: readonly string[] }
}

/** A context and the identity this node has in it. */
export interface Joined {
  readonly contextId: string
  readonly memberPublicKey: string
}

/** What an application emitted. */
export interface AppEvent {
  readonly kind: string
  readonly data: Uint8Array
  /** The data as JSON; undefined when it is none. */
  readonly json: unknown
  readonly handler: string | null
}

/** A change of a context's state, in the order the node stored it. */
export interface Mutation {
  readonly type: 'StateMutation'
  readonly contextId: string
  /** Position in the context's log on this node; a subscription goes on from the next one. */
  readonly seq: number
  readonly newRoot: string
  readonly author: string
  readonly delta: string
  readonly events: readonly AppEvent[]
}

/** The node no longer had this many changes when it was asked for them. */
export interface Lag {
  readonly type: 'Lagged'
  readonly contextId: string
  readonly skipped: number
}
