/** Modules made ready to run: unpacked, checked for what the chain asks of a canister, rewritten and compiled. */
import { gunzipSync } from 'node:zlib'
import { LRUCache } from 'lru-cache'
import { toHex } from '../../../node/primitives/bytes.ts'
import { sha256 } from '../../../node/primitives/hash.ts'
import { WASM, type WasmModule } from '../../../node/runtime/wasm/webassembly.ts'
import { WasmRejected } from '../../wasm/errors.ts'
import { rewriteModule, type RewrittenModule } from '../../wasm/rewrite.ts'
import type { FunctionType } from '../../wasm/sections.ts'
import { Trap } from '../errors.ts'
import { LIMITS, WASM_RULES } from '../parameters.ts'
import { SYSTEM_API } from './api/table.ts'

/** What a module says about itself, for all or for its controllers. */
export interface Metadata {
  readonly bytes: Uint8Array
  readonly isPublic: boolean
}

export interface CanisterCode {
  /** Of the module as it was sent, packed or not. */
  readonly hash: Uint8Array
  readonly size: number
  readonly module: WasmModule
  readonly rewritten: RewrittenModule
  readonly metadata: ReadonlyMap<string, Metadata>
  readonly isWide: boolean
}

const MAX_KEPT = 64
const GZIP = [0x1f, 0x8b]
const I32 = 0x7f
const I64 = 0x7e
/** Exports that the chain calls, beside methods. */
const ENTRIES = new Set([
  'canister_init',
  'canister_inspect_message',
  'canister_pre_upgrade',
  'canister_post_upgrade',
  'canister_heartbeat',
  'canister_global_timer',
  'canister_on_low_wasm_memory',
])
const METHOD = /^canister_(?:update|query|composite_query) (.*)$/s
const METADATA = /^icp:(public|private) (.*)$/s

const kept = new LRUCache<string, CanisterCode>({ max: MAX_KEPT })

/** @throws Trap for what the chain does not install */
export function prepareCode(bytes: Uint8Array): CanisterCode {
  const hash = sha256(bytes)
  const key = toHex(hash)
  const known = kept.get(key)
  if (known !== undefined) return known
  const code = compile(bytes, hash)
  kept.set(key, code)
  return code
}

function invalid(reason: string): Trap {
  return new Trap('IC0505', `Canister's Wasm module is not valid: ${reason}`)
}

function compile(bytes: Uint8Array, hash: Uint8Array): CanisterCode {
  const unpacked = unpack(bytes)
  try {
    const rewritten = rewriteModule(unpacked, WASM_RULES)
    const isWide = rewritten.memory?.isWide ?? false
    checkImports(rewritten, isWide)
    checkExports(rewritten)
    const module = new WASM.Module(rewritten.bytes)
    return { hash, size: bytes.length, module, rewritten, metadata: metadataOf(rewritten), isWide }
  } catch (error) {
    if (error instanceof WasmRejected) throw invalid(error.message)
    // what no decoder sees: types that do not fit, indexes that lead nowhere
    if (error instanceof Error && error.name === 'CompileError') throw invalid(error.message)
    throw error
  }
}

function unpack(bytes: Uint8Array): Uint8Array {
  if (GZIP.some((byte, i) => bytes[i] !== byte)) return bytes
  try {
    return new Uint8Array(gunzipSync(bytes, { maxOutputLength: LIMITS.moduleBytes }))
  } catch {
    throw invalid('it cannot be unpacked, or is too large when it is')
  }
}

function checkImports({ imports }: RewrittenModule, isWide: boolean): void {
  for (const { name, type } of imports) {
    const known = SYSTEM_API[name]
    if (known === undefined) {
      throw invalid(`Wasm module has an invalid import section. Module imports '${name}' from ic0`)
    }
    const [params, results] = known.type.split(':').map((one) => typesOf(one, isWide))
    if (!isSame(type, params ?? [], results ?? [])) {
      throw invalid(`Wasm module has an invalid import section. '${name}' has another type`)
    }
  }
}

/** Letters of the table as value types: `p` is as wide as memory. */
function typesOf(letters: string, isWide: boolean): number[] {
  return Array.from(letters, (one) => (one === 'l' || (one === 'p' && isWide) ? I64 : I32))
}

function isSame(
  type: FunctionType,
  params: readonly number[],
  results: readonly number[],
): boolean {
  return String(type.params) === String(params) && String(type.results) === String(results)
}

function checkExports({ functions }: RewrittenModule): void {
  const methods = new Set<string>()
  for (const [name, { params, results }] of functions) {
    const method = METHOD.exec(name)?.[1]
    if (method === undefined && !name.startsWith('canister_')) continue
    if (method === undefined && !ENTRIES.has(name)) throw invalid(`reserved export ${name}`)
    if (params.length + results.length > 0) throw invalid(`${name} takes or returns something`)
    if (method === undefined) continue
    if (methods.has(method)) throw invalid(`method ${method} is exported twice`)
    methods.add(method)
  }
}

function metadataOf({ customs }: RewrittenModule): Map<string, Metadata> {
  const out = new Map<string, Metadata>()
  for (const { name, bytes } of customs) {
    const [, visibility, key] = METADATA.exec(name) ?? []
    if (key !== undefined) out.set(key, { bytes: bytes.slice(), isPublic: visibility === 'public' })
  }
  return out
}
