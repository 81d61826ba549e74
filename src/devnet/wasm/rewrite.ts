/**
 * Adds to a contract what a chain's machine does and V8 does not. One pass; nothing is imported, so no index moves:
 * 1. what the chain does not accept is refused;
 * 2. operators are paid for, in runs, from an exported global that traps below zero;
 * 3. the stack is bounded by the sizes of frames, so that recursion ends at the same depth on every machine;
 * 4. NaNs are the canonical one;
 * 5. memory has the chain's size, and is exported, and where state is kept so are table and mutable globals.
 */
import { leb, sleb, WasmReader, WasmWriter } from '../../node/runtime/wasm/binary.ts'
import { SECTION, SECTION_ORDER } from '../../node/runtime/wasm/module.ts'
import { isMerogateError } from '../../node/errors.ts'
import { utf8 } from '../../node/primitives/bytes.ts'
import { type AddedGlobals, rewriteBody } from './body.ts'
import { malformed, WasmRejected } from './errors.ts'
import type { RewriteRules } from './rules.ts'
import {
  atMost,
  type CustomSection,
  type FunctionType,
  KIND,
  type Limits,
  readShape,
  type WasmShape,
} from './sections.ts'

/** Names of the added exports. No contract's method is called so: a name begins with what a method cannot. */
export const ADDED = {
  meter: '\0meter',
  stack: '\0stack',
  memory: '\0memory',
  start: '\0start',
  table: '\0table',
  /** And the index of the global behind it. */
  global: '\0global',
} as const

export interface RewrittenModule {
  readonly bytes: Uint8Array<ArrayBuffer>
  /** Functions, in their order. */
  readonly imports: readonly ImportedFunction[]
  /** Types of exported functions. */
  readonly functions: ReadonlyMap<string, FunctionType>
  readonly hasStart: boolean
  readonly memory: Limits | undefined
  readonly table: Limits | undefined
  /** Names of exports of mutable globals, where state is kept. */
  readonly globals: readonly string[]
  /** Whether tables are changed, or segments dropped, as it runs. */
  readonly changesTables: boolean
  readonly customs: readonly CustomSection[]
  /** How many operators its functions have, ends included. */
  readonly operators: number
}

export interface ImportedFunction {
  readonly module: string
  readonly name: string
  readonly type: FunctionType
}

/** The module as the chain runs it. @throws WasmRejected */
export function rewriteModule(bytes: Uint8Array, rules: RewriteRules): RewrittenModule {
  try {
    const shape = readShape(bytes, rules.features)
    checkImports(shape, rules)
    checkLimits(shape, rules)
    const functions = new Map<string, FunctionType>()
    for (const { name, kind, index } of shape.exports) {
      const type = kind === KIND.function ? shape.functions[index] : undefined
      if (type !== undefined) functions.set(name, type)
    }
    const code = rewriteBodies(shape, rules)
    return {
      bytes: write(shape, rules, code.section),
      imports: shape.imports.map(({ module, name }, index) => ({
        ...{ module, name },
        type: shape.functions[index] ?? NO_TYPE,
      })),
      functions,
      hasStart: shape.start !== undefined,
      memory: shape.memories[0],
      table: shape.tables[0],
      globals: keptGlobals(shape, rules).map(globalName),
      changesTables: code.changesTables,
      customs: shape.customs,
      operators: code.operators,
    }
  } catch (error) {
    // the reader's own words for bytes that are no module
    if (isMerogateError(error)) throw malformed(error.message)
    throw error
  }
}

/** Every import is a function, and has a type. */
const NO_TYPE: FunctionType = { params: [], results: [] }

function checkImports({ imports }: WasmShape, { importModule }: RewriteRules): void {
  for (const { module, name, kind } of imports) {
    if (importModule !== undefined && module !== importModule)
      throw new WasmRejected('Instantiate', `an import is from ${module}`)
    if (kind === KIND.memory) throw new WasmRejected('Memory', `a memory is imported as ${name}`)
    if (kind !== KIND.function)
      throw new WasmRejected('Instantiate', `import ${name} is no function`)
  }
}

function checkLimits(shape: WasmShape, { limits, memory }: RewriteRules): void {
  atMost(limits.types, shape.types.length, 'TooManyTypes')
  atMost(limits.functions, shape.functions.length, 'TooManyFunctions')
  atMost(limits.tables, shape.tables.length, 'TooManyTables')
  for (const { initial } of shape.tables) {
    atMost(limits.tableElements, initial, 'TooManyTableElements')
  }
  if (shape.memories.length > 1) throw malformed('one memory at most')
  if (memory.initial === 'own') atMost(memory.max, shape.memories[0]?.initial ?? 0, 'Memory')
}

/** Globals that the rewriter adds stand behind those of the module. */
function addedGlobals({ globals }: WasmShape): AddedGlobals {
  return { meter: globals.length, stack: globals.length + 1 }
}

/** Indexes of the globals that are kept from call to call. */
function keptGlobals({ globals }: WasmShape, { keepsState }: RewriteRules): readonly number[] {
  return keepsState ? globals.flatMap(({ isMutable }, i) => (isMutable ? [i] : [])) : []
}

function globalName(index: number): string {
  return `${ADDED.global}${index}`
}

/** The limits of a memory, as they stand in its section. */
function memoryLimits({ memories }: WasmShape, { memory }: RewriteRules): number[] {
  const { initial, max } = memory
  if (initial !== 'own') return [1, ...leb(initial), ...leb(max)]
  const own = memories[0] ?? { initial: 0, max: undefined, isWide: false }
  return [own.isWide ? 5 : 1, ...leb(own.initial), ...leb(Math.min(own.max ?? max, max))]
}

function write(
  shape: WasmShape,
  rules: RewriteRules,
  code: Uint8Array | undefined,
): Uint8Array<ArrayBuffer> {
  const rewritten = new Map<number, ArrayLike<number>>([
    [SECTION.memory, [1, ...memoryLimits(shape, rules)]],
    [SECTION.global, globalSection(shape, rules)],
    [SECTION.export, exportSection(shape, rules)],
  ])
  if (code !== undefined) rewritten.set(SECTION.code, code)
  const out = new WasmWriter(shape.bytes.length * 2 + 256)
  out.push(shape.bytes.subarray(0, 8))
  for (const id of SECTION_ORDER) {
    const section = shape.sections.find((one) => one.id === id)
    const content = rewritten.get(id)
    if (content !== undefined) out.section(id, content)
    else if (section !== undefined && id !== SECTION.start) {
      out.section(id, shape.bytes.subarray(section.at, section.end))
    }
  }
  return out.done().slice()
}

function globalSection(shape: WasmShape, rules: RewriteRules): Uint8Array {
  const out = new WasmWriter()
  out.push(leb(shape.globals.length + 2))
  const section = shape.sections.find(({ id }) => id === SECTION.global)
  if (section !== undefined) {
    const r = new WasmReader(shape.bytes, section.at, section.end)
    r.u32()
    out.push(shape.bytes.subarray(r.at, section.end))
  }
  // mutable i64s
  out.push([0x7e, 1, 0x42, 0, 0x0b])
  out.push([0x7e, 1, 0x42, ...sleb(rules.frames.limit), 0x0b])
  return out.done()
}

function exportSection(shape: WasmShape, rules: RewriteRules): Uint8Array {
  const globals = addedGlobals(shape)
  const kept = shape.exports.filter(({ kind }) => kind !== KIND.memory)
  const added = [
    { name: ADDED.memory, kind: KIND.memory, index: 0 },
    { name: ADDED.meter, kind: KIND.global, index: globals.meter },
    { name: ADDED.stack, kind: KIND.global, index: globals.stack },
    // run by the host, when the meter is set
    ...(shape.start === undefined
      ? []
      : [{ name: ADDED.start, kind: KIND.function, index: shape.start }]),
    ...keptGlobals(shape, rules).map((index) => ({
      ...{ name: globalName(index), kind: KIND.global, index },
    })),
    ...(rules.keepsState && shape.tables.length > 0
      ? [{ name: ADDED.table, kind: KIND.table, index: 0 }]
      : []),
  ]
  const out = new WasmWriter()
  out.push(leb(kept.length + added.length))
  for (const { name, kind, index } of [...kept, ...added]) {
    const bytes = utf8(name)
    out.push(leb(bytes.length))
    out.push(bytes)
    out.push([kind, ...leb(index)])
  }
  return out.done()
}

interface RewrittenCode {
  readonly section: Uint8Array | undefined
  readonly changesTables: boolean
  readonly operators: number
}

function rewriteBodies(shape: WasmShape, rules: RewriteRules): RewrittenCode {
  const section = shape.sections.find(({ id }) => id === SECTION.code)
  const types = shape.functions.slice(shape.importedFunctions)
  if (section === undefined) {
    if (types.length > 0) throw malformed('functions have no bodies')
    return { section: undefined, changesTables: false, operators: 0 }
  }
  const around = {
    globals: addedGlobals(shape),
    isMemoryWide: shape.memories[0]?.isWide ?? false,
    isTableWide: shape.tables[0]?.isWide ?? false,
  }
  const r = new WasmReader(shape.bytes, section.at, section.end)
  if (r.u32() !== types.length) throw malformed('there is not one body for each function')
  const out = new WasmWriter((section.end - section.at) * 2)
  out.push(leb(types.length))
  let locals = 0
  let operators = 0
  let changesTables = false
  for (const type of types) {
    const size = r.u32()
    atMost(rules.limits.bodyBytes, size, 'FunctionBodyTooLarge')
    r.skip(size)
    const body = new WasmReader(shape.bytes, r.at - size, r.at)
    const rewritten = rewriteBody(body, type, rules, around)
    changesTables ||= rewritten.changesTables
    operators += rewritten.operators
    atMost(rules.limits.locals, (locals += rewritten.locals), 'TooManyLocals')
    out.push(leb(rewritten.code.length))
    out.push(rewritten.code)
  }
  if (!r.done) throw malformed('the code goes on after the last function')
  return { section: out.done(), changesTables, operators }
}
