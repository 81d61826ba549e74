/** The operators of WebAssembly, as far as metering must know them: how long each is, and where a run of them ends. */
import type { WasmReader } from '../../node/runtime/wasm/binary.ts'
import { malformed } from './errors.ts'
import type { Operator, WasmFeatures } from './rules.ts'

/** What an operator means for the meter. */
export type Effect =
  | 'plain'
  /** Enters a block; free. */
  | 'block'
  /** Enters a loop; paid for in each turn. */
  | 'loop'
  /** Enters a condition. */
  | 'if'
  | 'else'
  | 'end'
  /** Ends a run: jumps, calls, or may trap. */
  | 'boundary'
  | 'return'
  /** Makes a NaN whose bits V8 leaves to the processor. */
  | 'f32'
  | 'f64'
  /** Works on as many bytes, pages or entries as the i32 on top of the stack says. */
  | 'linear'

/** f32: ceil to sqrt, add to max, demote. `neg`, `abs` and `copysign` only move bits. */
function isF32(code: number): boolean {
  return (code >= 0x8d && code <= 0x97) || code === 0xb6
}

/** f64: the same, and promote. */
function isF64(code: number): boolean {
  return (code >= 0x9b && code <= 0xa5) || code === 0xbb
}

/** Whether it takes or makes a float. */
function isFloat(code: number): boolean {
  return (
    code === 0x2a ||
    code === 0x2b ||
    code === 0x38 ||
    code === 0x39 ||
    (code >= 0x5b && code <= 0x66) ||
    (code >= 0x8b && code <= 0xa6) ||
    (code >= 0xa8 && code <= 0xab) ||
    (code >= 0xae && code <= 0xbf)
  )
}

function needFloats({ floats = true }: WasmFeatures): void {
  if (!floats) throw malformed('floating point is not enabled')
}

/** Integer division and remainder, and conversions that trap. */
function mayTrap(code: number): boolean {
  return (
    (code >= 0x6d && code <= 0x70) ||
    (code >= 0x7f && code <= 0x82) ||
    (code >= 0xa8 && code <= 0xab) ||
    (code >= 0xae && code <= 0xb1)
  )
}

/** What an operator is, and what it means. */
export interface ReadOperator extends Operator {
  readonly effect: Effect
}

/** Whether it changes a table, or drops what it was filled from: what nobody can read back. */
export function changesTables({ code, second }: Operator): boolean {
  // table.set; data.drop, table.init to table.grow, table.fill
  return code === 0x26 || (code === 0xfc && (second === 9 || (second >= 12 && second !== 16)))
}

/** Whether the count of a linear operator is that of a memory: of a table otherwise, or of a segment. */
export function countsMemory({ code, second }: Operator): boolean {
  // memory.grow, memory.copy, memory.fill; memory.init counts bytes of a segment
  return code === 0x40 || (code === 0xfc && (second === 10 || second === 11))
}

/** Whether the count of a linear operator is that of a table. */
export function countsTable({ code, second }: Operator): boolean {
  return code === 0xfc && (second === 14 || second === 15 || second === 17)
}

/** Steps over one operator. @throws WasmRejected where the chain does not have it */
export function readOperator(r: WasmReader, features: WasmFeatures): ReadOperator {
  const code = r.byte()
  const at = r.at
  const effect = readRest(r, code, features)
  // a number below 128 is its first byte; there are no larger ones
  return { effect, code, second: code === 0xfc ? (r.bytes[at] ?? 0) : 0 }
}

function readRest(r: WasmReader, code: number, features: WasmFeatures): Effect {
  const need = (has: boolean, what: string): void => {
    if (!has) throw malformed(`${what} is not enabled`)
  }
  switch (code) {
    case 0x00: // unreachable
      return 'boundary'
    case 0x01: // nop
    case 0x1a: // drop
    case 0x1b: // select
      return 'plain'
    case 0x02:
      readBlockType(r, features)
      return 'block'
    case 0x03:
      readBlockType(r, features)
      return 'loop'
    case 0x04:
      readBlockType(r, features)
      return 'if'
    case 0x05:
      return 'else'
    case 0x0b:
      return 'end'
    case 0x0c: // br
    case 0x0d: // br_if
    case 0x10: // call: the host sees an exact meter
      r.u32()
      return 'boundary'
    case 0x0e: // br_table
      r.list(1, () => r.u32())
      r.u32()
      return 'boundary'
    case 0x0f:
      return 'return'
    case 0x11: // call_indirect
      r.u32()
      r.u32()
      return 'boundary'
    case 0x1c: // select with types
      need(features.referenceTypes, 'select with types')
      r.list(1, () => r.byte())
      return 'plain'
    case 0x25: // table.get
    case 0x26: // table.set
      need(features.referenceTypes, 'a table operator')
      r.u32()
      return 'boundary'
    case 0x3f: // memory.size
      r.byte()
      return 'plain'
    case 0x40: // memory.grow
      r.byte()
      return 'linear'
    case 0x41:
      r.skipLeb(32)
      return 'plain'
    case 0x42:
      r.skipLeb(64)
      return 'plain'
    case 0x43:
      needFloats(features)
      r.skip(4)
      return 'plain'
    case 0x44:
      needFloats(features)
      r.skip(8)
      return 'plain'
    case 0xd0: // ref.null
    case 0xd1: // ref.is_null
    case 0xd2: // ref.func
      need(features.referenceTypes, 'a reference')
      if (code === 0xd0) r.byte()
      if (code === 0xd2) r.u32()
      return 'plain'
    case 0xfc:
      return miscellaneous(r, features)
    default:
      if (code >= 0x20 && code <= 0x24) r.u32()
      else if (code >= 0x28 && code <= 0x3e) readMemoryAccess(r, features)
      else if (code >= 0xc0 && code <= 0xc4) need(features.signExtension, 'sign extension')
      else if (code < 0x45 || code > 0xbf) throw malformed(`operator 0x${code.toString(16)}`)
      if (isFloat(code)) needFloats(features)
      if (isF32(code)) return 'f32'
      if (isF64(code)) return 'f64'
      return mayTrap(code) ? 'boundary' : 'plain'
  }
}

function readMemoryAccess(r: WasmReader, features: WasmFeatures): void {
  // an alignment with this bit names one of several memories
  if ((r.u32() & 0x40) !== 0) throw malformed('one memory at most')
  r.skipLeb(features.memory64 ? 64 : 32)
}

/** Nothing, one value, or with several values a type of the module. */
function readBlockType(r: WasmReader, features: WasmFeatures): void {
  const first = r.bytes[r.at] ?? 0
  r.skipLeb(33)
  const isPlain = first === 0x40 || (first >= 0x7c && first <= 0x7f)
  const isReference = first === 0x70 || first === 0x6f
  if (isPlain || (isReference && features.referenceTypes) || features.multiValue) return
  throw malformed('blocks have one result at most')
}

/** Prefix 0xfc: saturating conversions, bulk memory and tables. */
function miscellaneous(r: WasmReader, features: WasmFeatures): Effect {
  const code = r.u32()
  if (code <= 7) {
    if (!features.saturatingFloats) throw malformed('saturating conversions are not enabled')
    return 'plain'
  }
  const isEnabled = code <= 14 ? features.bulkMemory : features.referenceTypes
  if (!isEnabled || code > 17) throw malformed(`operator 0xfc ${code} is not enabled`)
  r.u32()
  // init and copy name two things
  if (code === 8 || code === 10 || code === 12 || code === 14) r.u32()
  // data.drop, elem.drop, table.size
  return code === 9 || code === 13 || code === 16 ? 'plain' : 'linear'
}
