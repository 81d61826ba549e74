/**
 * Bounds of the runtime room: whatever a guest or an installed module can ask for. Defaults of calimero-network/core of August 2026
 * where they are larger than those of November 2025; the rest is our own.
 */

/** Bytes of a module as installed. */
export const MAX_MODULE_BYTES: number = 20 << 20
/** Linear memory of an instance, pages of 64 KiB: 64 MiB. */
export const MAX_MEMORY_PAGES = 1024
/** Entries of all tables of a module together. The largest known app has some 3 000. */
export const MAX_TABLE_ENTRIES = 65_536
/** Functions a module may have. The largest known app has some 2 000. */
export const MAX_FUNCTIONS = 50_000
/** Names a module may export. */
export const MAX_EXPORTS = 10_000
/** Time to read, meter and compile a module, ms: one of the largest size takes a few seconds (2026-11). */
export const MODULE_TIMEOUT_MS = 20_000
/** Functions a module may import; the whole ABI has about 130. */
export const MAX_IMPORTS = 1000
/** Bytes of the embedded ABI manifest. */
export const MAX_ABI_BYTES: number = 1 << 20
/** Bytes of a method name; ASCII letters, digits and `_` only. */
export const MAX_METHOD_NAME_BYTES = 256
/** Bytes of a call's input. */
export const MAX_INPUT_BYTES: number = 16 << 20

/**
 * Instrumented operators one call may execute: 0.5 to 1.5 s of hashing or looping on a current machine, more where memory is slow (2026-11).
 * Upstream has 1e9, but a write of the Rust SDK hashes its whole collection: some 10 million operators at 100 keys.
 */
export const FUEL_PER_CALL = 10_000_000_000n
/** Applying gets this many times the fuel and the time of a call, so that what an author could do a receiver can do. */
export const APPLY_ALLOWANCE = 4
/** Fuel of one host call, beside the operator that makes it. */
export const HOST_CALL_FUEL = 64
/** Bytes that a host call moves for one unit of fuel. */
export const HOST_BYTES_PER_FUEL = 8
/** Wall clock after which a guest's worker is terminated, ms. The last resort behind fuel. */
export const CALL_DEADLINE_MS = 5000
/** How long a guest may hold up those of other contexts in its thread, ms; then it moves to one for such. Ordinary calls take a few. */
export const SLICE_MS = 250
/** Calls that a guest's thread has at once, so that it need not wait for the next one. */
export const POSTED_CALLS = 2
/** Modules of which it is known that a guest held up others; new contexts of these begin where such run. */
export const MAX_HOT_MODULES = 256
/** How long it may there, where contexts take turns, ms; then it moves on to a last one, where each call may take all of its time. */
export const HOT_SLICE_MS = 1500
/** How long a context stays there at first, ms: doubled each time. */
export const HOT_MIN_MS = 10_000
/** How long at most, ms; and how long it is remembered afterwards. */
export const HOT_MAX_MS = 600_000
/** How much longer a guest may run that nobody waits for any more, ms: most are done by then, and their thread stays with what it has cached. */
export const GIVEN_UP_MS = 100

/** Registers of one call. */
export const MAX_REGISTERS = 100
/** Bytes of one register. */
export const MAX_REGISTER_BYTES: number = 100 << 20
/** Bytes of all registers, 8 more for each. */
export const MAX_REGISTERS_BYTES: number = 1 << 30
/** UTF-8 bytes of a panic's message and of its file; the rest is left out. */
export const MAX_PANIC_BYTES: number = 16 << 10
/** Characters of a failed guest's own words where they are shown: in a log, with a context, in an event. */
export const MAX_FAILURE_CHARS = 512
/** Characters of the file that a panic names as its place, where it is shown. */
export const MAX_PLACE_CHARS = 200
/** Log lines of one call, or of one delta's application, that reach the node's log. */
export const MAX_SHOWN_LINES = 32
/** Characters of such a line there. */
export const MAX_SHOWN_LINE_CHARS = 512
/** Lines of one context that reach the node's log per second, over longer times. */
export const LOG_LINES_PER_SECOND = 20
/** Lines of one context that reach it at once. */
export const LOG_BURST_LINES = 200
/** Contexts whose lines are counted. */
export const MAX_LOGGED_CONTEXTS = 1024
/** Log lines of one call. */
export const MAX_LOGS = 1024
/** UTF-8 bytes of a log line. */
export const MAX_LOG_BYTES: number = 16 << 10
export {
  MAX_EVENT_DATA_BYTES,
  MAX_EVENT_HANDLER_BYTES,
  MAX_EVENT_KIND_BYTES,
  MAX_EVENTS,
} from '../codec/delta.ts'
/** Cross-context calls of one call. */
export const MAX_CROSS_CALLS = 8
/** UTF-8 bytes of a cross-context call's method. */
export const MAX_CROSS_CALL_METHOD_BYTES = 100
/** Bytes of a cross-context call's parameters. */
export const MAX_CROSS_CALL_PARAMS_BYTES: number = 16 << 10
/** Membership requests, proposals and approvals of one call. */
export const MAX_REQUESTS = 100
/** Bytes of a proposal's actions. */
export const MAX_PROPOSAL_BYTES: number = 64 << 10
/** UTF-8 bytes of an alias. */
export const MAX_ALIAS_BYTES = 64
/** Bytes of a storage key. */
export const MAX_KEY_BYTES: number = 1 << 20
/** Bytes of a storage value. */
export const MAX_VALUE_BYTES: number = 10 << 20
/** Storage writes and removals of one call. */
export const MAX_WRITES = 100_000
/** Bytes of keys and values written in one call. */
export const MAX_WRITTEN_BYTES: number = 128 << 20
/** Bytes of a return value. */
export const MAX_OUTPUT_BYTES: number = 16 << 20
/** Bytes of an artifact. */
export const MAX_ARTIFACT_BYTES: number = 16 << 20
/** Actions in an artifact: one per storage write at most. */
export const MAX_ACTIONS = 100_000
/** Versions of an entry with writers that are kept beside the one in use: what there is again when a set of writers comes that outlaws it. */
export const MAX_VERSIONS = 16
/** Sets of writers of one anchor that are kept. */
export const MAX_WRITER_SETS = 256
/** Open blob handles of one call. */
export const MAX_BLOB_HANDLES = 100
/** Bytes of one blob read or write. */
export const MAX_BLOB_CHUNK_BYTES: number = 10 << 20
/** Bytes that one call writes into blobs. Upstream allows 512 MiB; they are held in memory here until the call is over. */
export const MAX_BLOB_BYTES: number = 64 << 20
/** Bytes of ordered index rows that a context may have: they are held in memory by its worker. */
export const MAX_INDEX_BYTES: number = 64 << 20

/** Calls waiting for one worker. */
export const MAX_QUEUED_CALLS = 4096
/** Bytes of inputs and artifacts waiting for one worker. */
export const MAX_QUEUED_BYTES: number = 256 << 20
/** Bytes of cached rows per context and worker. */
export const MAX_CACHED_BYTES: number = 16 << 20
/** Contexts whose rows a worker caches. */
export const MAX_CACHED_CONTEXTS = 64
/** Instances a worker keeps for reuse. */
export const MAX_INSTANCES = 32
/** Pages above which an instance is not kept: 8 MiB. */
export const MAX_KEPT_PAGES = 128
