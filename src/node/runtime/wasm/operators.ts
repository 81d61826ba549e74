/**
 * The operators of WebAssembly as far as the meter must know them: how long each is, and which ones steer. Anything not listed is refused:
 * threads (a guest must not wait), relaxed SIMD (results differ between machines), exceptions, garbage collection.
 */
import { invalidModule } from '../errors.ts'
import type { WasmReader } from './binary.ts'

/** What an operator means for the meter. */
export type Steering =
  | 'plain'
  | 'block'
  | 'loop'
  | 'if'
  | 'else'
  | 'end'
  /** Jumps or traps: what follows it in the text is reached otherwise or never. */
  | 'jump'
  /** Leaves the function. */
  | 'return'
  /** Calls a function and comes back. */
  | 'call'
  /** `br_if`: what follows is reached only if it does not jump. */
  | 'branch'
  /** Works on as many bytes or entries as the i32 on top of the stack says. */
  | 'bulk'

/** A step over one operator. `targets` are the labels it may jump to; only for `jump` and `branch`. */
export interface Operator {
  readonly steering: Steering
  readonly targets: readonly number[]
}

const NO_TARGETS: readonly number[] = []
const op = (steering: Steering): Operator => ({ steering, targets: NO_TARGETS })
const PLAIN = op('plain')
const BLOCK = op('block')
const LOOP = op('loop')
const IF = op('if')
const ELSE = op('else')
const END = op('end')
const JUMP = op('jump')
const RETURN = op('return')
const CALL = op('call')
const BULK = op('bulk')

/** Reads one operator with its immediates. @throws RUNTIME_MODULE_INVALID */
export function readOperator(r: WasmReader): Operator {
  const code = r.byte()
  // numeric, comparison, conversion and sign extension operators have no immediates
  if (code >= 0x45 && code <= 0xc4) return PLAIN
  if (code >= 0x28 && code <= 0x3e) return memoryAccess(r)
  if (code >= 0x20 && code <= 0x26) return index(r) // locals, globals, table.get and table.set
  switch (code) {
    case 0x00: // unreachable
      return JUMP
    case 0x0f: // return
      return RETURN
    case 0x01: // nop
    case 0x1a: // drop
    case 0x1b: // select
    case 0xd1: // ref.is_null
      return PLAIN
    case 0x02:
      r.skipLeb(33)
      return BLOCK
    case 0x03:
      r.skipLeb(33)
      return LOOP
    case 0x04:
      r.skipLeb(33)
      return IF
    case 0x05:
      return ELSE
    case 0x0b:
      return END
    case 0x0c:
      return { steering: 'jump', targets: [r.u32()] }
    case 0x0d:
      return { steering: 'branch', targets: [r.u32()] }
    case 0x0e: {
      const targets = r.list(1, () => r.u32())
      targets.push(r.u32())
      return { steering: 'jump', targets }
    }
    case 0xd2: // ref.func
      return index(r)
    case 0x10: // call
      r.u32()
      return CALL
    case 0x11: // call_indirect
      r.u32()
      r.u32()
      return CALL
    case 0x12: // return_call
    case 0x13: // return_call_indirect
      throw invalidModule('tail calls are not supported')
    case 0x1c: // select with types
      r.list(1, () => r.byte())
      return PLAIN
    case 0x3f: // memory.size
    case 0x40: // memory.grow
    case 0xd0: // ref.null
      r.byte()
      return PLAIN
    case 0x41:
      r.skipLeb(32)
      return PLAIN
    case 0x42:
      r.skipLeb(64)
      return PLAIN
    case 0x43:
      r.skip(4)
      return PLAIN
    case 0x44:
      r.skip(8)
      return PLAIN
    case 0xfc:
      return miscellaneous(r)
    case 0xfd:
      return vector(r)
    default:
      throw invalidModule(`operator 0x${code.toString(16)} is not supported`)
  }
}

function index(r: WasmReader): Operator {
  r.u32()
  return PLAIN
}

function memoryAccess(r: WasmReader): Operator {
  r.u32()
  r.u32()
  return PLAIN
}

/** Prefix 0xfc: saturating conversions, bulk memory and tables. */
function miscellaneous(r: WasmReader): Operator {
  const code = r.u32()
  if (code <= 7) return PLAIN
  switch (code) {
    case 8: // memory.init
    case 10: // memory.copy
    case 12: // table.init
    case 14: // table.copy
      r.u32()
      r.u32()
      return BULK
    case 11: // memory.fill
    case 15: // table.grow
    case 17: // table.fill
      r.u32()
      return BULK
    case 9: // data.drop
    case 13: // elem.drop
    case 16: // table.size
      return index(r)
    default:
      throw invalidModule(`operator 0xfc ${code} is not supported`)
  }
}

/** Prefix 0xfd: fixed-width SIMD, without the relaxed operators from 0x100 on. */
function vector(r: WasmReader): Operator {
  const code = r.u32()
  if (code > 0xff) throw invalidModule(`operator 0xfd ${code} is not supported`)
  if (code <= 11 || code === 92 || code === 93) return memoryAccess(r) // loads and stores
  if (code === 12 || code === 13) r.skip(16) // constant, shuffle
  if (code >= 21 && code <= 34) r.byte() // lane of extract and replace
  if (code >= 84 && code <= 91) {
    memoryAccess(r)
    r.byte()
  }
  return PLAIN
}
