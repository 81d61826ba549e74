/** What a look at a module tells, without running it: generation of its imports, era of its state, methods, ABI manifest. */
import { platform } from '#platform'
import type { Era, ModuleInfo, ModuleWarning } from '../engine.ts'
import { invalidModule, overLimit, runtimeError } from '../errors.ts'
import { isNative } from '../artifact/layout.ts'
import { MAX_ABI_BYTES } from '../limits.ts'
import { importGeneration } from './host/define.ts'
import { HOST_FUNCTIONS } from './host/table.ts'
import { exportType, type FunctionType, type ParsedModule, parseModule } from './module.ts'
import { WASM } from './webassembly.ts'

/** Custom section with the `wasm-abi/1` manifest. */
const ABI_SECTION = 'calimero_abi_v1'
/** Exports with this prefix are for the host. */
export const HOST_PREFIX = '__calimero_'
/** Applies a remote delta. */
export const SYNC_EXPORT = '__calimero_sync_next'
/** Joins two versions of the state entry; since 2026-05-24. */
export const MERGE_STATE_EXPORT = '__calimero_merge_root_state'
/** Called once per instance, before the method; its failure is ignored. */
export const REGISTER_MERGE_EXPORT = '__calimero_register_merge'

/** A module with what was found out about it. */
export interface Inspected {
  readonly module: ParsedModule
  readonly info: ModuleInfo
}

/** Whether a function is callable as a method: no arguments, no result. */
export function isMethod(type: FunctionType | undefined): boolean {
  return type !== undefined && type.params.length === 0 && type.results.length === 0
}

/** Reads and validates a module. @throws RUNTIME_MODULE_INVALID, RUNTIME_IMPORT_*, RUNTIME_LIMIT (input) */
export function inspectModule(bytes: Uint8Array): Inspected {
  const module = parseModule(bytes)
  if (!WASM.validate(bytes)) throw invalidModule('the module does not validate')
  const generation = findGeneration(module)
  const era = findEra(module, generation)
  const abi = readAbi(module)
  const methods = module.exports
    .filter((one) => isMethod(exportType(module, one)) && !one.name.startsWith(HOST_PREFIX))
    .map((one) => one.name)
  const info: ModuleInfo = {
    hash: platform.sha256(bytes),
    size: bytes.length,
    generation,
    era,
    convergence: converges(era, generation) ? 'converges' : 'may diverge',
    warnings: findWarnings(module, era, generation),
    methods,
    imports: module.imports.map((one) => one.name),
    ...(abi === undefined ? {} : { abi }),
  }
  return { module, info }
}

/** The two generations have the same names; only signatures tell. */
function findGeneration(module: ParsedModule): 'G1' | 'G2' {
  let found: 'G1' | 'G2' | undefined
  for (const { name, type } of module.imports) {
    const spec = HOST_FUNCTIONS.get(name)
    if (spec === undefined) continue
    const generation = importGeneration(spec, type)
    if (
      generation === undefined ||
      (generation !== 'both' && found !== undefined && found !== generation)
    ) {
      throw runtimeError(
        'RUNTIME_IMPORT_SIGNATURE',
        'input',
        `link error: import env.${name} has signature (${type.params.join(' ')}) -> (${type.results.join(' ')}), which the host does not offer`,
        { type: 'LinkError', data: {}, name },
      )
    }
    if (generation !== 'both') found = generation
  }
  return found ?? 'G2'
}

/**
 * Nothing in a module names its release; this goes by what each brought: imports, exports, and texts that
 * the storage library hashes and that therefore stand in its data.
 */
function findEra(module: ParsedModule, generation: 'G1' | 'G2'): Era {
  const imports = new Set(module.imports.map((one) => one.name))
  const exports = new Set(module.exports.map((one) => one.name))
  const bytes = Buffer.from(module.bytes.buffer, module.bytes.byteOffset, module.bytes.length)
  if (!imports.has('commit') || !exports.has(SYNC_EXPORT)) return 'opaque'
  if (generation === 'G1') return 'E1'
  if (!imports.has('ed25519_verify')) return exports.has(REGISTER_MERGE_EXPORT) ? 'E2' : 'E1'
  if (exports.has(MERGE_STATE_EXPORT)) {
    if (imports.has('account_id') || imports.has('device_id')) return 'E5c'
    return bytes.includes('__calimero_rotation_log__') ? 'E5b' : 'E5a'
  }
  if (bytes.includes('v2_upsert')) return 'E5a'
  return bytes.includes('__calimero_collection__') ? 'E4' : 'E3'
}

/** Texts that stand in a module only when it has the code behind them, and the eras of which they say nothing. */
const MARKS: readonly (readonly [string, readonly Era[], ModuleWarning])[] = [
  [
    '__calimero_shared_value__',
    ['E5b'],
    {
      code: 'shared-storage',
      message:
        'it uses shared storage (SharedStorage, Ownable, AccessControl): calls that write it are refused here, `init` among them',
    },
  ],
  [
    'AuthoredMap::insert',
    [],
    {
      code: 'authored-map',
      message:
        'it uses AuthoredMap: when two members enter one key at the same time, one of both entries is lost; make the author part of the key',
    },
  ],
]

/** Whether there are rules by which copies end equal. Of E1 only what has the newer imports is known to have one layout. */
function converges(era: Era, generation: 'G1' | 'G2'): boolean {
  return era === 'E5b' || (isNative(era) && (era !== 'E1' || generation === 'G2'))
}

function findWarnings(module: ParsedModule, era: Era, generation: 'G1' | 'G2'): ModuleWarning[] {
  const bytes = Buffer.from(module.bytes.buffer, module.bytes.byteOffset, module.bytes.length)
  const found = MARKS.filter(
    ([mark, without]) => !without.includes(era) && bytes.includes(mark),
  ).map(([, , warning]) => warning)
  if (converges(era, generation)) return found
  const message =
    'it is of a release whose layout is not known here: concurrent writes or removals can leave copies with different states'
  return [{ code: 'untried-release', message }, ...found]
}

/** The embedded manifest; a section that is not JSON counts as none. */
function readAbi(module: ParsedModule): unknown {
  const section = module.custom.find((one) => one.name === ABI_SECTION)
  if (section === undefined) return undefined
  if (section.bytes.length > MAX_ABI_BYTES) {
    throw overLimit('an ABI manifest of bytes', MAX_ABI_BYTES, section.bytes.length)
  }
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(section.bytes))
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError) return undefined
    throw error
  }
}
