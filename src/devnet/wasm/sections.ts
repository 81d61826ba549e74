/** What the sections of a module say, as far as the rewriter must know. Function bodies are read by `body.ts`. */
import { SECTION, SECTION_ORDER, VALUE_TYPES } from '../../node/runtime/wasm/module.ts'
import { WasmReader } from '../../node/runtime/wasm/binary.ts'
import { malformed, WasmRejected } from './errors.ts'
import { readOperator } from './operators.ts'
import type { WasmFeatures } from './rules.ts'

/** Where a section lies: `at` is the first byte of its content. */
export interface Section {
  readonly id: number
  readonly at: number
  readonly end: number
}

/** Bytes of value types. */
export interface FunctionType {
  readonly params: readonly number[]
  readonly results: readonly number[]
}

export interface WasmImport {
  readonly module: string
  readonly name: string
  /** 0 function, 1 table, 2 memory, 3 global, 4 tag. */
  readonly kind: number
  /** Of a function. */
  readonly type: FunctionType | undefined
}

export interface WasmExport {
  readonly name: string
  /** As for imports. */
  readonly kind: number
  readonly index: number
}

/** Size of a table or memory. */
export interface Limits {
  readonly initial: number
  readonly max: number | undefined
  /** Whether it is addressed by 64 bits. */
  readonly isWide: boolean
}

export interface GlobalType {
  readonly type: number
  readonly isMutable: boolean
}

/** A custom section. */
export interface CustomSection {
  readonly name: string
  readonly bytes: Uint8Array
}

export interface WasmShape {
  readonly bytes: Uint8Array
  readonly sections: readonly Section[]
  readonly types: readonly FunctionType[]
  readonly imports: readonly WasmImport[]
  /** Types of all functions, those that are imported first. */
  readonly functions: readonly FunctionType[]
  readonly importedFunctions: number
  readonly tables: readonly Limits[]
  readonly memories: readonly Limits[]
  readonly globals: readonly GlobalType[]
  readonly exports: readonly WasmExport[]
  readonly start: number | undefined
  readonly customs: readonly CustomSection[]
}

/** `\0asm` and version 1. */
const HEADER = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]
export const KIND = { function: 0, table: 1, memory: 2, global: 3 } as const

/** Reads a module's sections. @throws WasmRejected, MerogateError of the reader */
export function readShape(bytes: Uint8Array, features: WasmFeatures): WasmShape {
  if (HEADER.some((byte, i) => bytes[i] !== byte)) throw malformed('these bytes are no module')
  const sections = readSections(bytes)
  const reader = (id: number): WasmReader | undefined => {
    const section = sections.find((one) => one.id === id)
    return section && new WasmReader(bytes, section.at, section.end)
  }
  const list = <T>(id: number, item: (r: WasmReader) => T): T[] => {
    const r = reader(id)
    if (r === undefined) return []
    const found = r.list(1, () => item(r))
    if (!r.done) throw malformed(`section ${id} goes on after its last item`)
    return found
  }
  const types = list(SECTION.type, (r) => readType(r, features))
  const typeAt = (index: number): FunctionType => {
    const type = types[index]
    if (type === undefined) throw malformed(`there is no type ${index}`)
    return type
  }
  const imported: FunctionType[] = []
  const imports = list(SECTION.import, (r) => {
    const found = { module: r.name(), name: r.name(), kind: r.byte(), type: undefined }
    if (found.kind === KIND.function) {
      const type = typeAt(r.u32())
      imported.push(type)
      return { ...found, type }
    }
    if (found.kind === KIND.table) readTable(r, features)
    else if (found.kind === KIND.memory) readLimits(r, features)
    else if (found.kind === KIND.global) r.skip(2)
    else throw malformed(`an import has kind ${found.kind}`)
    return found
  })
  const own = list(SECTION.function, (r) => typeAt(r.u32()))
  return {
    bytes,
    sections,
    types,
    imports,
    functions: [...imported, ...own],
    importedFunctions: imported.length,
    tables: list(SECTION.table, (r) => readTable(r, features)),
    memories: list(SECTION.memory, (r) => readLimits(r, features)),
    globals: list(SECTION.global, (r) => readGlobal(r, features)),
    exports: list(SECTION.export, (r) => ({ name: r.name(), kind: r.byte(), index: r.u32() })),
    start: reader(SECTION.start)?.u32(),
    customs: sections
      .filter(({ id }) => id === SECTION.custom)
      .map((one) => readCustom(bytes, one)),
  }
}

function readSections(bytes: Uint8Array): Section[] {
  const r = new WasmReader(bytes, HEADER.length)
  const sections: Section[] = []
  let place = -1
  while (!r.done) {
    const id = r.byte()
    const size = r.u32()
    const at = r.at
    r.skip(size)
    if (id !== SECTION.custom) {
      const next = SECTION_ORDER.indexOf(id)
      if (next <= place) throw malformed(`section ${id} is unknown or out of order`)
      place = next
    }
    sections.push({ id, at, end: r.at })
  }
  return sections
}

/** References beside functions and vectors are proposals of their own. */
export function checkValueType(type: number, features: WasmFeatures): number {
  const isReference = type === VALUE_TYPES.funcref || type === VALUE_TYPES.externref
  const isFloat = type === VALUE_TYPES.f64 || type === VALUE_TYPES.f32
  if (isFloat && features.floats === false) throw malformed('floating point is not enabled')
  if (type >= VALUE_TYPES.f64 && type <= VALUE_TYPES.i32) return type
  if (isReference && features.referenceTypes) return type
  throw malformed(`value type 0x${type.toString(16)} is not supported`)
}

function readType(r: WasmReader, features: WasmFeatures): FunctionType {
  if (r.byte() !== 0x60) throw malformed('only function types are supported')
  const value = (): number => checkValueType(r.byte(), features)
  const type = { params: r.list(1, value), results: r.list(1, value) }
  if (type.results.length > 1 && !features.multiValue) {
    throw malformed('functions have one result at most')
  }
  return type
}

function readLimits(r: WasmReader, features: WasmFeatures): Limits {
  const flag = r.byte()
  const isWide = flag === 4 || flag === 5
  if (flag > 1 && !(isWide && features.memory64)) {
    throw malformed('shared and 64-bit memories are not supported')
  }
  const size = (): number => (isWide ? r.u64() : r.u32())
  return { initial: size(), max: flag === 1 || flag === 5 ? size() : undefined, isWide }
}

function readTable(r: WasmReader, features: WasmFeatures): Limits {
  const type = r.byte()
  if (type !== VALUE_TYPES.funcref && type !== VALUE_TYPES.externref) {
    throw malformed(`table type 0x${type.toString(16)} is not supported`)
  }
  return readLimits(r, features)
}

/** A global, past the expression that it begins with. */
function readGlobal(r: WasmReader, features: WasmFeatures): GlobalType {
  const found = { type: checkValueType(r.byte(), features), isMutable: r.byte() === 1 }
  while (readOperator(r, features).effect !== 'end');
  return found
}

function readCustom(bytes: Uint8Array, { at, end }: Section): CustomSection {
  const r = new WasmReader(bytes, at, end)
  return { name: r.name(), bytes: bytes.subarray(r.at, end) }
}

/** A limit of the chain is broken. */
export function atMost(
  limit: number,
  found: number,
  rejection: ConstructorParameters<typeof WasmRejected>[0],
): void {
  if (found > limit) throw new WasmRejected(rejection, `${found} is above ${limit}`)
}
