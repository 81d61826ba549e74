/**
 * What a module's sections say. The JavaScript interface tells names of imports and exports but no types, and cannot cap a memory; so this
 * reads the sections itself. Function bodies are read by the meter.
 */
import { invalidModule, overLimit, runtimeError } from '../errors.ts'
import {
  MAX_EXPORTS,
  MAX_FUNCTIONS,
  MAX_IMPORTS,
  MAX_MEMORY_PAGES,
  MAX_MODULE_BYTES,
  MAX_TABLE_ENTRIES,
} from '../limits.ts'
import { WasmReader } from './binary.ts'

/** A value type: `i32`, `i64`, `f32`, `f64`, `v128`, `funcref`, `externref`. */
export type ValueType = keyof typeof VALUE_TYPES

/** Byte of each value type. */
export const VALUE_TYPES = {
  i32: 0x7f,
  i64: 0x7e,
  f32: 0x7d,
  f64: 0x7c,
  v128: 0x7b,
  funcref: 0x70,
  externref: 0x6f,
} as const

const TYPE_NAMES: ReadonlyMap<number, ValueType> = new Map(
  (Object.entries(VALUE_TYPES) as [ValueType, number][]) // keys of the object above
    .map(([name, byte]) => [byte, name]),
)

export interface FunctionType {
  readonly params: readonly ValueType[]
  readonly results: readonly ValueType[]
}

export interface FunctionImport {
  readonly name: string
  readonly type: FunctionType
}

export interface ModuleExport {
  readonly name: string
  readonly kind: 'function' | 'table' | 'memory' | 'global' | 'tag'
  readonly index: number
}

/** Where a section lies: `start` is its id byte, `body` its content, `end` the byte after it. */
export interface Section {
  readonly id: number
  readonly start: number
  readonly body: number
  readonly end: number
}

export interface TableType {
  readonly type: number
  readonly min: number
  readonly max: number | undefined
}

export interface ParsedModule {
  readonly bytes: Uint8Array
  readonly sections: readonly Section[]
  readonly types: readonly FunctionType[]
  readonly imports: readonly FunctionImport[]
  /** Type of each function defined here, in order. */
  readonly functions: readonly FunctionType[]
  readonly tables: readonly TableType[]
  /** Initial pages of the one memory. */
  readonly memoryMin: number
  readonly memoryMax: number | undefined
  readonly globalCount: number
  readonly exports: readonly ModuleExport[]
  readonly custom: readonly { readonly name: string; readonly bytes: Uint8Array }[]
}

export const SECTION = {
  custom: 0,
  type: 1,
  import: 2,
  function: 3,
  table: 4,
  memory: 5,
  global: 6,
  export: 7,
  start: 8,
  element: 9,
  code: 10,
  data: 11,
  dataCount: 12,
} as const

/** Order in which sections stand in a module; `dataCount` lies before `code`. */
export const SECTION_ORDER: readonly number[] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 10, 11]

const FUNCTIONS = { what: 'a number of functions', limit: MAX_FUNCTIONS }
const IMPORTS = { what: 'a number of imports', limit: MAX_IMPORTS }
const EXPORTS = { what: 'a number of exports', limit: MAX_EXPORTS }
const EXPORT_KINDS = ['function', 'table', 'memory', 'global', 'tag'] as const
/** `\0asm` and version 1. */
const HEADER = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]

/**
 * Reads a module's sections and checks what a guest may ask for: imports are functions of `env`, one memory of its own within the limit and
 * exported as `memory`. @throws RUNTIME_MODULE_INVALID, RUNTIME_IMPORT_UNKNOWN_MODULE, RUNTIME_LIMIT (input)
 */
export function parseModule(bytes: Uint8Array): ParsedModule {
  if (bytes.length > MAX_MODULE_BYTES) {
    throw overLimit('a module of bytes', MAX_MODULE_BYTES, bytes.length)
  }
  if (bytes.length < HEADER.length || HEADER.some((byte, i) => bytes[i] !== byte)) {
    throw invalidModule('these bytes are not a WebAssembly module of version 1')
  }
  const sections = readSections(bytes)
  const reader = (id: number): WasmReader | undefined => {
    const section = sections.find((one) => one.id === id)
    return section && new WasmReader(bytes, section.body, section.end)
  }
  const types = readTypes(reader(SECTION.type))
  const imports = readImports(reader(SECTION.import), types)
  const defined = reader(SECTION.function)
  const functions = defined?.list(1, () => typeAt(types, defined.u32()), FUNCTIONS) ?? []
  const tables = readTables(reader(SECTION.table))
  const memory = readMemory(reader(SECTION.memory))
  const exports = readExports(reader(SECTION.export))
  if (!exports.some((one) => one.kind === 'memory' && one.name === 'memory')) {
    throw invalidModule('the module exports no memory under the name `memory`')
  }
  const custom = sections
    .filter((one) => one.id === SECTION.custom)
    .map((one) => {
      const inner = new WasmReader(bytes, one.body, one.end)
      return { name: inner.name(), bytes: bytes.subarray(inner.at, one.end) }
    })
  return {
    bytes,
    sections,
    types,
    imports,
    functions,
    tables,
    memoryMin: memory.min,
    memoryMax: memory.max,
    globalCount: reader(SECTION.global)?.u32() ?? 0,
    exports,
    custom,
  }
}

/** Type of an exported function. */
export function exportType(module: ParsedModule, one: ModuleExport): FunctionType | undefined {
  if (one.kind !== 'function') return undefined
  const count = module.imports.length
  return one.index < count ? module.imports[one.index]?.type : module.functions[one.index - count]
}

function readSections(bytes: Uint8Array): Section[] {
  const reader = new WasmReader(bytes, HEADER.length)
  const out: Section[] = []
  let place = -1
  while (!reader.done) {
    const start = reader.at
    const id = reader.byte()
    const size = reader.u32()
    const body = reader.at
    reader.skip(size)
    if (id !== SECTION.custom) {
      const position = SECTION_ORDER.indexOf(id)
      if (position === -1) throw invalidModule(`section ${id} is not supported`)
      if (position <= place) throw invalidModule(`section ${id} is out of order`)
      place = position
    }
    out.push({ id, start, body, end: reader.at })
  }
  return out
}

function readTypes(reader: WasmReader | undefined): FunctionType[] {
  if (reader === undefined) return []
  const value = (): ValueType => {
    const byte = reader.byte()
    const name = TYPE_NAMES.get(byte)
    if (name === undefined)
      throw invalidModule(`value type 0x${byte.toString(16)} is not supported`)
    return name
  }
  return reader.list(3, () => {
    if (reader.byte() !== 0x60) throw invalidModule('only function types are supported')
    return { params: reader.list(1, value), results: reader.list(1, value) }
  })
}

function typeAt(types: readonly FunctionType[], index: number): FunctionType {
  const type = types[index]
  if (type === undefined) throw invalidModule(`there is no type ${index}`)
  return type
}

function readImports(
  reader: WasmReader | undefined,
  types: readonly FunctionType[],
): FunctionImport[] {
  if (reader === undefined) return []
  const read = (): FunctionImport => {
    const module = reader.name()
    const name = reader.name()
    const kind = reader.byte()
    if (module !== 'env' || kind !== 0) {
      const what = kind === 0 ? 'function' : (EXPORT_KINDS[kind] ?? `kind ${kind}`)
      throw runtimeError(
        'RUNTIME_IMPORT_UNKNOWN_MODULE',
        'input',
        `link error: expected imports of functions from \`env\`, got ${what} ${module}.${name}`,
        { type: 'LinkError', data: {}, module, name, kind: what },
      )
    }
    return { name, type: typeAt(types, reader.u32()) }
  }
  return reader.list(4, read, IMPORTS)
}

/** Limits of a table or memory: a flag byte (bit 0: a maximum follows), minimum, maximum. */
function readLimits(reader: WasmReader): { min: number; max: number | undefined } {
  const flag = reader.byte()
  if (flag > 1) throw invalidModule('shared and 64-bit memories and tables are not supported')
  return { min: reader.u32(), max: flag === 1 ? reader.u32() : undefined }
}

function readTables(reader: WasmReader | undefined): TableType[] {
  if (reader === undefined) return []
  const out = reader.list(3, () => {
    const type = reader.byte()
    if (type !== VALUE_TYPES.funcref && type !== VALUE_TYPES.externref) {
      throw invalidModule(`table type 0x${type.toString(16)} is not supported`)
    }
    return { type, ...readLimits(reader) }
  })
  const entries = out.reduce((sum, table) => sum + table.min, 0)
  if (entries > MAX_TABLE_ENTRIES)
    throw overLimit('tables with entries', MAX_TABLE_ENTRIES, entries)
  return out
}

function readMemory(reader: WasmReader | undefined): { min: number; max: number | undefined } {
  const memories = reader?.list(2, () => readLimits(reader)) ?? []
  const [memory] = memories
  if (memory === undefined || memories.length !== 1) {
    throw invalidModule(`expected one memory, got ${memories.length}`)
  }
  if (memory.min > MAX_MEMORY_PAGES)
    throw overLimit('memory of pages', MAX_MEMORY_PAGES, memory.min)
  return memory
}

function readExports(reader: WasmReader | undefined): ModuleExport[] {
  if (reader === undefined) return []
  return reader.list(
    3,
    () => {
      const name = reader.name()
      const kind = EXPORT_KINDS[reader.byte()]
      if (kind === undefined) throw invalidModule('an export has an unknown kind')
      return { name, kind, index: reader.u32() }
    },
    EXPORTS,
  )
}
