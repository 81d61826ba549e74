/**
 * The port of a guest engine: what the rest of the node knows about running application code.
 * Implementations: `wasm/` (the Calimero guest ABI). A guest runs in a worker thread, with deterministic fuel, a memory
 * maximum and the limits of `limits.ts`; whatever it does, the node's event loop and its other contexts go on.
 */
import type { ContextId, PublicKey } from '../primitives/ids.ts'
import type { Startable } from '../primitives/startable.ts'

/** The numbered form of a context: `number` prefixes its rows in the store. */
export interface ContextRef {
  readonly id: ContextId
  /** u32, allocated once per context and node. */
  readonly number: number
}

/** What a guest emitted. `data` is opaque to us: JSON by convention of the SDK. */
export interface GuestEvent {
  readonly kind: string
  readonly data: Uint8Array
  /** Method to run on every receiving node once the delta is applied. */
  readonly handler?: string
}

/** A call into another context, queued by a guest and run after its own state is stored. */
export interface CrossCall {
  readonly contextId: ContextId
  readonly method: string
  readonly params: Uint8Array
}

/**
 * What a guest asked its node to do, beside writing state. Host functions of older eras; carried out, if at all,
 * after the call's state is stored, and also when it committed nothing.
 */
export type GuestRequest =
  | { readonly kind: 'addMember' | 'removeMember'; readonly member: Uint8Array }
  | {
      readonly kind: 'createContext'
      readonly protocol: string
      readonly application: Uint8Array
      readonly params: Uint8Array
      /** Name of the new context within the calling one. */
      readonly alias?: string
    }
  | { readonly kind: 'deleteContext'; readonly contextId: Uint8Array }
  | { readonly kind: 'propose'; readonly proposal: Uint8Array; readonly actions: Uint8Array }
  | { readonly kind: 'approve'; readonly proposal: Uint8Array }
  | { readonly kind: 'announceBlob'; readonly blob: Uint8Array }

/** One row of guest state to store; `undefined` removes it. `key` is 32 bytes, already hashed by the guest. */
export interface StateWrite {
  readonly key: Uint8Array
  readonly value: Uint8Array | undefined
}

/** Which layout a module's artefacts and index records have. `opaque` when none fits. */
export type Era = 'E1' | 'E2' | 'E3' | 'E4' | 'E5a' | 'E5b' | 'E5c' | 'opaque'

/** Something in a module that does not go well here. */
export interface ModuleWarning {
  /**
   * `untried-release` its release is none that the rules of this node are made for; `shared-storage` it has values with writers of their
   * own; `authored-map` it has maps whose entries belong to who made them.
   */
  readonly code: 'untried-release' | 'shared-storage' | 'authored-map'
  /** One sentence. */
  readonly message: string
}

/** What a look at a module tells, without running it. */
export interface ModuleInfo {
  /** SHA-256 of the module as installed. */
  readonly hash: Uint8Array
  readonly size: number
  /** How aggregates are passed to host functions. */
  readonly generation: 'G1' | 'G2'
  readonly era: Era
  /** Whether several nodes end in equal state: `may diverge` for releases whose layout is not known here. */
  readonly convergence: 'converges' | 'may diverge'
  /** What whoever installs it should know. */
  readonly warnings: readonly ModuleWarning[]
  /** Exported functions a client may name: `() -> ()`, not starting with `__calimero_`. */
  readonly methods: readonly string[]
  /** Host functions asked for. */
  readonly imports: readonly string[]
  /** The `wasm-abi/1` manifest embedded in the module, when there is one. */
  readonly abi?: unknown
}

/** A context that an application has named, as its calls see it. */
export interface GuestAlias {
  readonly name: string
  readonly id: Uint8Array
}

/** One call of one exported function. */
export interface GuestCall {
  readonly context: ContextRef
  /** {@link ModuleInfo.hash} of a module that was loaded with {@link GuestEngine.load}. */
  readonly module: Uint8Array
  /** The device key the guest sees as executor: CRDT replica id. */
  readonly executor: PublicKey
  readonly method: string
  /** For Rust apps: UTF-8 JSON. */
  readonly input: Uint8Array
  /** Newest time this node knows of in the context, ns: readings of the guest's clock stay above it. */
  readonly seenNs: bigint
  /** Low bits of every clock reading of this node in this context, 0..255, so that no two nodes ever read the same time. */
  readonly lane: number
  /**
   * Outcomes of calls just before this one are not stored yet: it sees their writes all the same. Their rows must stay in the cache, and when
   * {@link GuestOutcome.thread} differs from theirs, what this call saw lacked them. @default false
   */
  readonly follows?: boolean
  /** Writes are thrown away and nothing may be committed. @default false */
  readonly readOnly?: boolean
  /** Members as host functions of older eras see them. @default [] */
  readonly members?: readonly PublicKey[]
  /** Contexts that the application has named, for host functions of older eras. @default [] */
  readonly aliases?: readonly GuestAlias[]
  /** The context whose call this is; the guest sees it. @default none: somebody calls the method itself */
  readonly origin?: ContextId | undefined
  /**
   * Fires when nobody wants the outcome any more. The call ends soon after that, if need be with its thread, and then with ABORTED: it left
   * nothing behind. Its outcome may come all the same. @default never
   */
  readonly signal?: AbortSignal | undefined
}

/** Application of another node's payload. The executor is a local identity of the context. */
export interface ApplyCall extends Omit<
  GuestCall,
  'method' | 'input' | 'readOnly' | 'signal' | 'origin' | 'aliases'
> {
  /** What the author's {@link GuestOutcome.artifact} was. */
  readonly artifact: Uint8Array
  /** Who wrote it, for the log. */
  readonly author?: PublicKey
  /**
   * Time that the delta claims, ns: an artefact with anything newer is refused (RUNTIME_ARTIFACT_INVALID), so that a far-future time
   * cannot hide behind an honest header. @default not checked
   */
  readonly authoredNs?: bigint
}

/** What a call that did not fail left behind. Nothing of it is stored yet: that is `commitDelta`'s work. */
export interface GuestOutcome {
  /** The guest's return value; `undefined` when it returned nothing. */
  readonly output: Uint8Array | undefined
  readonly logs: readonly string[]
  readonly events: readonly GuestEvent[]
  readonly crossCalls: readonly CrossCall[]
  /** Root after the call. `undefined`: the call committed nothing and `writes` is empty. */
  readonly root: Uint8Array | undefined
  /** What other nodes need to follow; empty for `apply`. User-owned actions are still unsigned, see `needsSignature`. */
  readonly artifact: Uint8Array
  /** Whether the artefact holds actions that the executor's key must sign. */
  readonly needsSignature: boolean
  readonly writes: readonly StateWrite[]
  /** Node-local rows of `private_storage_*`: stored with the state, never sent. */
  readonly privateWrites: readonly StateWrite[]
  /**
   * Node-local rows of `storage_index_*`, keys of any length: stored with the state, never sent. @default none
   */
  readonly indexWrites?: readonly StateWrite[]
  /** What the guest asked its node to do. @default none */
  readonly requests?: readonly GuestRequest[]
  /** Blobs the guest created, to be registered for the context. */
  readonly blobs: readonly Uint8Array[]
  /** Bytes of {@link blobs}, in the same order: to be put into the blob store before the state is stored. @default none */
  readonly blobContents?: readonly Uint8Array[]
  /** Names the thread the call ran in; another one has not seen what is not stored. @default 0 */
  readonly thread?: number
  /** Last reading of the guest's clock, ns; 0n when it never looked. */
  readonly lastNs: bigint
  /** Fuel used, in instrumented units; deterministic for a given module, state, input, clock and randomness. */
  readonly fuel: bigint
}

export interface GuestEngine extends Startable {
  /** Reads a module without running it. @throws RUNTIME_MODULE_INVALID, RUNTIME_IMPORT_UNKNOWN_MODULE, RUNTIME_LIMIT (input) */
  inspect(wasm: Uint8Array): Promise<ModuleInfo>
  /** Meters, caps and compiles a module once, for all workers. Safe to repeat. @throws as {@link inspect} */
  load(wasm: Uint8Array): Promise<ModuleInfo>
  /** What {@link load} learnt of a module in this process; undefined before. */
  info(module: Uint8Array): ModuleInfo | undefined
  /** Runs an exported function. @throws RUNTIME_* (guest): trap, panic, returned error, fuel, memory, deadline, limit */
  execute(call: GuestCall): Promise<GuestOutcome>
  /** Applies a payload of another node, with the host's rules for the module's era. @throws RUNTIME_* (guest) */
  apply(call: ApplyCall): Promise<GuestOutcome>
  /** The last outcome of this context was not stored, or its rows were changed from outside: drop instances and cached rows. */
  forget(context: ContextRef): Promise<void>
}
