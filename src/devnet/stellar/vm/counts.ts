/** What is counted of a module, by which parsing it and making instances of it are paid. */
import { WasmReader } from '../../../node/runtime/wasm/binary.ts'
import { SECTION } from '../../../node/runtime/wasm/module.ts'
import { malformed } from '../../wasm/errors.ts'
import { readOperator } from '../../wasm/operators.ts'
import type { WasmShape } from '../../wasm/sections.ts'
import { COST, type Meter } from '../budget/costs.ts'
import { WASM_RULES } from './rules.ts'

const PAGE = 65_536
/** What is not paid for of a module that is ready to run: instructions, and types. */
const KNOWN_COUNTS: ReadonlySet<number> = new Set([0, 4])

/** Pays for reading a module whose counts are known. */
export function payParsing(meter: Meter, counts: readonly number[]): void {
  for (const [i, count] of counts.entries()) meter.charge(COST.parse + i, count)
}

/** Pays for an instance of a module. */
export function payInstantiation(meter: Meter, counts: readonly number[]): void {
  for (const [i, count] of counts.entries()) {
    meter.charge(COST.instantiate + i, KNOWN_COUNTS.has(i) ? 0 : count)
  }
}

/**
 * Instructions, functions, globals, table entries, types, data segments, element segments, imports, exports, bytes of data. @throws WasmRejected
 * where data or elements are more than there is room for
 */
export function moduleCounts(shape: WasmShape, operators: number): readonly number[] {
  const data = readData(shape)
  const entries = shape.tables.reduce((sum, { initial }) => sum + initial, 0)
  const pages = shape.memories.reduce((sum, { initial }) => sum + initial, 0)
  if (data.bytes > pages * PAGE) throw malformed('data segments are larger than memory')
  return [
    ...[operators, shape.functions.length - shape.importedFunctions, shape.globals.length],
    ...[entries, shape.types.length, data.segments, countOf(shape, SECTION.element)],
    ...[shape.imports.length, shape.exports.length, data.bytes],
  ]
}

function sectionOf({ bytes, sections }: WasmShape, id: number): WasmReader | undefined {
  const section = sections.find((one) => one.id === id)
  return section && new WasmReader(bytes, section.at, section.end)
}

function countOf(shape: WasmShape, id: number): number {
  return sectionOf(shape, id)?.u32() ?? 0
}

function readData(shape: WasmShape): { readonly segments: number; readonly bytes: number } {
  const r = sectionOf(shape, SECTION.data)
  if (r === undefined) return { segments: 0, bytes: 0 }
  const sizes = r.list(1, () => {
    const kind = r.u32()
    if (kind === 2) r.u32()
    // where it goes: a passive segment goes nowhere
    if (kind !== 1) while (readOperator(r, WASM_RULES.features).effect !== 'end');
    const size = r.u32()
    r.skip(size)
    return size
  })
  return { segments: sizes.length, bytes: sizes.reduce((sum, size) => sum + size, 0) }
}
