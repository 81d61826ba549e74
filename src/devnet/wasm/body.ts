/** Rewrites one function body: charges, a bounded stack, and NaNs that are the same on every machine. */
import { leb, sleb, WasmReader, WasmWriter } from '../../node/runtime/wasm/binary.ts'
import { malformed } from './errors.ts'
import { changesTables, countsMemory, countsTable, readOperator } from './operators.ts'
import type { Operator, RewriteRules } from './rules.ts'
import { checkValueType, type FunctionType } from './sections.ts'

const I32 = 0x7f
const I64 = 0x7e
const F32 = 0x7d
const F64 = 0x7c
const UNREACHABLE = 0x00
const BLOCK = 0x02
const IF = 0x04
const END = 0x0b
const BR = 0x0c
const SELECT = 0x1b
const LOCAL_GET = 0x20
const LOCAL_SET = 0x21
const LOCAL_TEE = 0x22
const GLOBAL_GET = 0x23
const GLOBAL_SET = 0x24
const I64_CONST = 0x42
const I64_LT_S = 0x53
const I64_ADD = 0x7c
const I64_SUB = 0x7d
const I64_MUL = 0x7e
const I64_DIV_U = 0x80
const GROW = 0x40
const I64_EXTEND_I32_U = 0xad
const NO_RESULT = 0x40
/** The quiet NaN with nothing else set, as a constant. */
const F32_NAN = [0x43, 0, 0, 0xc0, 0x7f]
const F64_NAN = [0x44, 0, 0, 0, 0, 0, 0, 0xf8, 0x7f]
const F32_NE = 0x5c
const F64_NE = 0x62

/** Indexes of the globals that the rewriter adds. */
export interface AddedGlobals {
  readonly meter: number
  readonly stack: number
}

/** What a body must know of its module. */
export interface Surroundings {
  readonly globals: AddedGlobals
  /** Whether memory, and the table, are addressed by 64 bits. */
  readonly isMemoryWide: boolean
  readonly isTableWide: boolean
}

export interface RewrittenBody {
  readonly code: Uint8Array
  readonly locals: number
  /** Whether it changes a table, or drops a segment. */
  readonly changesTables: boolean
  readonly operators: number
}

/** Bytes that a value takes on the stack of the chain's machine. */
function sizeOf(type: number): number {
  return type === I32 || type === F32 ? 4 : 8
}

/** A body with everything added; `r` stands on its local variables. @throws WasmRejected */
export function rewriteBody(
  r: WasmReader,
  type: FunctionType,
  rules: RewriteRules,
  around: Surroundings,
): RewrittenBody {
  const { globals } = around
  const groups = r.list(1, () => [r.u32(), checkValueType(r.byte(), rules.features)] as const)
  const declared = groups.reduce((sum, [count]) => sum + count, 0)
  const params = type.params.reduce((sum, one) => sum + sizeOf(one), 0)
  const { base, cost, isFlat = false, slots } = rules.frames
  const frame = isFlat
    ? base
    : groups.reduce((sum, [count, one]) => sum + count * sizeOf(one), base + params)
  const first = type.params.length + declared
  const out = new WasmWriter((r.end - r.at) * 2 + 64)
  const entry = slots === undefined ? Math.ceil(frame / 8) * cost : Math.floor(first / slots)
  const blocks = rules.charging === 'block' ? blockCosts(r, rules, around, entry) : undefined
  const meter = new Meter(out, r, rules, around, entry, first, blocks)
  // one more block around the body: a branch to the function's own label ends there, and the stack is given back
  out.push(takeStack(frame, globals.stack))
  const wrapped = type.results.length <= 1
  if (wrapped) out.push([BLOCK, type.results[0] ?? NO_RESULT])
  let depth = 0
  let operators = 0
  let hasTableChange = false
  while (!r.done) {
    const at = r.at
    operators++
    const operator = readOperator(r, rules.features)
    const { effect } = operator
    const weight = weigh(operator, rules, around.isMemoryWide)
    hasTableChange ||= changesTables(operator)
    switch (effect) {
      case 'plain':
        meter.count(weight)
        break
      case 'block':
        depth++
        break
      case 'loop':
        depth++
        meter.flush()
        meter.open()
        // what its head costs is paid inside, by each turn
        meter.count(weight)
        break
      case 'if':
        depth++
        meter.count(weight)
        meter.flush()
        meter.open()
        break
      case 'else':
        meter.flush()
        meter.open()
        break
      case 'end':
        meter.flush()
        if (depth === 0) {
          if (!r.done) throw malformed('a function body goes on after its end')
          if (wrapped) out.push([...giveStack(frame, globals.stack), END])
        }
        depth--
        break
      case 'boundary':
        meter.count(weight)
        meter.flush()
        break
      case 'return':
        meter.count(weight)
        meter.flushBefore(at)
        out.push(wrapped ? [BR, ...leb(depth)] : [...giveStack(frame, globals.stack), 0x0f])
        break
      case 'f32':
      case 'f64':
        meter.count(weight)
        meter.flush()
        meter.canonical(effect)
        break
      case 'linear':
        meter.linear(at, operator, weight)
        break
      default:
        effect satisfies never
    }
  }
  if (depth !== -1) throw malformed('a function body has no end')
  const code = withLocals(groups, meter.usesScratch, out.done())
  return { code, locals: declared, changesTables: hasTableChange, operators }
}

function weigh(
  operator: ReturnType<typeof readOperator>,
  rules: RewriteRules,
  isWide: boolean,
): number {
  if (rules.weigh !== undefined) return rules.weigh(operator, isWide)
  return operator.effect === 'linear' ? rules.linear.base : 1
}

/**
 * What is paid when functions, loops and conditions are entered, in the order in which they begin: one operator each, and theirs. `r` stands
 * on the first operator.
 */
function blockCosts(
  { bytes, at, end }: WasmReader,
  rules: RewriteRules,
  around: Surroundings,
  entry: number,
): readonly number[] {
  const r = new WasmReader(bytes, at, end)
  const costs = [entry + 1]
  const open = [0]
  const add = (weight: number): void => {
    const current = open.at(-1) ?? 0
    costs[current] = (costs[current] ?? 0) + weight
  }
  while (!r.done) {
    const operator = readOperator(r, rules.features)
    if (operator.effect === 'end') {
      if (open.length === 1) add(1)
      open.pop()
      continue
    }
    if (operator.effect === 'block') {
      open.push(open.at(-1) ?? 0)
      continue
    }
    if (operator.effect !== 'loop' && operator.effect !== 'else') {
      add(weigh(operator, rules, around.isMemoryWide))
    }
    const isOpening = operator.effect === 'loop' || operator.effect === 'if'
    if (operator.effect === 'else') open.pop()
    if (isOpening || operator.effect === 'else') open.push(costs.push(1) - 1)
  }
  return costs
}

/** Charges for runs of operators, each where the first of them stands, or for blocks of them. */
class Meter {
  /** Whether the local variables for values in between are needed. */
  usesScratch = false
  readonly #out: WasmWriter
  readonly #r: WasmReader
  readonly #rules: RewriteRules
  readonly #meter: number
  readonly #around: Surroundings
  /** The first local variable of our own: an f32, an f64, an i32 and an i64. */
  readonly #scratch: number
  /** What blocks cost that were not entered yet; undefined: runs are paid for. */
  readonly #blocks: number[] | undefined
  #from: number
  #operations: number

  constructor(
    out: WasmWriter,
    r: WasmReader,
    rules: RewriteRules,
    around: Surroundings,
    entry: number,
    scratch: number,
    blocks: readonly number[] | undefined,
  ) {
    this.#blocks = blocks === undefined ? undefined : [...blocks]
    this.#out = out
    this.#r = r
    this.#rules = rules
    this.#meter = around.globals.meter
    this.#around = around
    this.#operations = this.#blocks?.shift() ?? entry
    this.#scratch = scratch
    this.#from = r.at
  }

  count(operations: number): void {
    if (this.#blocks === undefined) this.#operations += operations
  }

  /** Behind an operator that enters a block, and a flush. */
  open(): void {
    if (this.#blocks !== undefined) this.#operations = this.#blocks.shift() ?? 0
  }

  /** Ends a run behind the operator that was read last. */
  flush(): void {
    this.flushBefore(this.#r.at)
  }

  /** Ends a run before the operator at `at`, which is left out. */
  flushBefore(at: number): void {
    const get = [GLOBAL_GET, ...leb(this.#meter)]
    if (this.#operations > 0) {
      const cost = sleb(this.#operations * this.#rules.operationCost)
      this.#out.push([...get, I64_CONST, ...cost, I64_SUB, GLOBAL_SET, ...leb(this.#meter)])
      this.#out.push(trapBelowZero(this.#meter))
    }
    this.#out.push(this.#r.bytes.subarray(this.#from, at))
    this.#from = this.#r.at
    this.#operations = 0
  }

  /** Replaces a NaN on top of the stack by the canonical one. */
  canonical(type: 'f32' | 'f64'): void {
    this.usesScratch = true
    const local = leb(this.#scratch + (type === 'f32' ? 0 : 1))
    const get = [LOCAL_GET, ...local]
    const nan = type === 'f32' ? F32_NAN : F64_NAN
    const differs = type === 'f32' ? F32_NE : F64_NE
    // a NaN alone differs from itself
    this.#out.push([LOCAL_SET, ...local, ...nan, ...get, ...get, ...get, differs, SELECT])
  }

  /** An operator that is paid by what it works on as well: that number is on top of the stack. */
  linear(at: number, operator: Operator, weight: number): void {
    const { linear } = this.#rules
    this.usesScratch = true
    const after = this.#r.at
    this.count(weight)
    this.flushBefore(at)
    const { isMemoryWide, isTableWide } = this.#around
    const isWide =
      (isMemoryWide && countsMemory(operator)) || (isTableWide && countsTable(operator))
    const count = leb(this.#scratch + (isWide ? 3 : 2))
    const get = [GLOBAL_GET, ...leb(this.#meter)]
    const cost = [LOCAL_GET, ...count, ...(isWide ? [] : [I64_EXTEND_I32_U]), I64_CONST]
    const isShared = linear.pages !== undefined && operator.code !== GROW
    const each = (isShared ? 1 : (linear.pages ?? linear.unit)) * this.#rules.operationCost
    const shared = isShared ? [...sleb(linear.unit), I64_DIV_U, I64_CONST] : []
    const unit = [...shared, ...sleb(each), I64_MUL]
    this.#out.push([LOCAL_TEE, ...count, ...get, ...cost, ...unit, I64_SUB])
    this.#out.push([GLOBAL_SET, ...leb(this.#meter), ...trapBelowZero(this.#meter)])
    this.#out.push(this.#r.bytes.subarray(at, after))
  }
}

function trapBelowZero(global: number): number[] {
  const isBelow = [GLOBAL_GET, ...leb(global), I64_CONST, 0, I64_LT_S]
  return [...isBelow, IF, NO_RESULT, UNREACHABLE, END]
}

function moveStack(frame: number, global: number, operator: number): number[] {
  const get = [GLOBAL_GET, ...leb(global), I64_CONST, ...sleb(frame)]
  return [...get, operator, GLOBAL_SET, ...leb(global)]
}

function takeStack(frame: number, global: number): number[] {
  return [...moveStack(frame, global, I64_SUB), ...trapBelowZero(global)]
}

function giveStack(frame: number, global: number): number[] {
  return moveStack(frame, global, I64_ADD)
}

function withLocals(
  groups: readonly (readonly [number, number])[],
  usesScratch: boolean,
  code: Uint8Array,
): Uint8Array {
  const all = usesScratch ? [...groups, [1, F32], [1, F64], [1, I32], [1, I64]] : groups
  const out = new WasmWriter(code.length + 16)
  out.push(leb(all.length))
  for (const [count = 0, type = I64] of all) out.push([...leb(count), type])
  out.push(code)
  return out.done()
}
