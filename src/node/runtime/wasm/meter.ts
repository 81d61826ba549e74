/**
 * Deterministic fuel: rewrites a module once so that it pays for what it executes, without a call to the host. Operators that are
 * executed together are paid for together, one unit each, where the first of them begins; the balance, an exported global, is checked at
 * loop headers and where calling functions begin, so that no cycle escapes. Copies and fills also pay for their length. Memory and tables get maximums, custom sections are dropped.
 */
import { invalidModule } from '../errors.ts'
import {
  FUEL_PER_CALL,
  HOST_BYTES_PER_FUEL,
  MAX_MEMORY_PAGES,
  MAX_TABLE_ENTRIES,
} from '../limits.ts'
import { leb, sleb, WasmReader, WasmWriter } from './binary.ts'
import {
  type FunctionType,
  type ParsedModule,
  SECTION,
  SECTION_ORDER,
  VALUE_TYPES,
} from './module.ts'
import { readOperator } from './operators.ts'

/** Export under which the host finds the fuel balance. */
export const FUEL_EXPORT = '__merogate_fuel'

const I32 = 0x7f
const I64 = 0x7e
const GLOBAL_GET = 0x23
const GLOBAL_SET = 0x24
const LOCAL_GET = 0x20
const LOCAL_SET = 0x21
const LOCAL_TEE = 0x22
const UNREACHABLE = 0x00
const BLOCK = 0x02
const IF = 0x04
const END = 0x0b
const BR = 0x0c
const I64_LT_S = 0x53
const I64_CONST = 0x42
const I64_SUB = 0x7d
const I64_SHR_U = 0x88
const I64_EXTEND_I32_U = 0xad
/** Operators behind a condition that are not worth a charge of their own: a charge takes four. */
const SMALL_RUN = 12
const LENGTH_SHIFT = Math.log2(HOST_BYTES_PER_FUEL)

/** The module with meter and maximums. @throws RUNTIME_MODULE_INVALID (input) */
export function meterModule(module: ParsedModule): Uint8Array {
  if (module.exports.some((one) => one.name === FUEL_EXPORT)) {
    throw invalidModule(`the export name ${FUEL_EXPORT} is reserved`)
  }
  const out = new WasmWriter(module.bytes.length * 2)
  out.push(module.bytes.subarray(0, 8))
  const rewritten = new Map<number, Uint8Array>([
    [SECTION.table, tableSection(module)],
    [SECTION.memory, memorySection(module)],
    [SECTION.global, globalSection(module)],
    [SECTION.export, exportSection(module)],
    [SECTION.code, codeSection(module)],
  ])
  for (const id of SECTION_ORDER) {
    const original = module.sections.find((one) => one.id === id)
    const content = rewritten.get(id)
    const needed = id === SECTION.global || original !== undefined
    if (!needed) continue
    if (content !== undefined) out.section(id, content)
    else if (original !== undefined) out.push(module.bytes.subarray(original.start, original.end))
  }
  return out.done()
}

/** A limit with a maximum: flag 1, minimum, the smaller of both maximums. */
function capped(min: number, max: number | undefined, cap: number): number[] {
  return [1, ...leb(min), ...leb(Math.max(min, Math.min(max ?? cap, cap)))]
}

function tableSection(module: ParsedModule): Uint8Array {
  const tables = module.tables.flatMap((table) => [
    table.type,
    ...capped(table.min, table.max, MAX_TABLE_ENTRIES),
  ])
  return Uint8Array.from([...leb(module.tables.length), ...tables])
}

function memorySection(module: ParsedModule): Uint8Array {
  return Uint8Array.from([1, ...capped(module.memoryMin, module.memoryMax, MAX_MEMORY_PAGES)])
}

/** The content of a section that is a vector, with one more item. */
function appended(module: ParsedModule, id: number, item: readonly number[]): Uint8Array {
  const section = module.sections.find((one) => one.id === id)
  const out = new WasmWriter()
  if (section === undefined) {
    out.push(leb(1))
  } else {
    const reader = new WasmReader(module.bytes, section.body, section.end)
    out.push(leb(reader.u32() + 1))
    out.push(module.bytes.subarray(reader.at, section.end))
  }
  out.push(item)
  return out.done()
}

function globalSection(module: ParsedModule): Uint8Array {
  // the balance a start function would run on; the host sets it before each call
  const initial = sleb(Number(FUEL_PER_CALL))
  return appended(module, SECTION.global, [I64, 1, I64_CONST, ...initial, END])
}

function exportSection(module: ParsedModule): Uint8Array {
  const name = new TextEncoder().encode(FUEL_EXPORT)
  const item = [...leb(name.length), ...name, 3, ...leb(module.globalCount)]
  return appended(module, SECTION.export, item)
}

function codeSection(module: ParsedModule): Uint8Array {
  const section = module.sections.find((one) => one.id === SECTION.code)
  const out = new WasmWriter(section === undefined ? 16 : (section.end - section.body) * 2)
  const reader = new WasmReader(module.bytes, section?.body ?? 0, section?.end ?? 0)
  const count = section === undefined ? 0 : reader.u32()
  if (count !== module.functions.length) {
    throw invalidModule(`expected ${module.functions.length} function bodies, got ${count}`)
  }
  out.push(leb(count))
  for (const type of module.functions) {
    const size = reader.u32()
    const end = reader.at + size
    reader.skip(size)
    const body = meterFunction(
      new WasmReader(module.bytes, end - size, end),
      type,
      module.globalCount,
    )
    out.push(leb(body.length))
    out.push(body)
  }
  if (!reader.done) throw invalidModule('the code section is longer than its functions')
  return out.done()
}

/** Operators that are paid for together, at `at`. */
interface Run {
  readonly at: number
  /** Whether the balance is checked here. */
  checked: boolean
  /** For a run behind a condition: the run before it. */
  readonly before: Run | undefined
  cost: number
}

/** A change of a body: `code` in the place of `skip` bytes at `at`. */
interface Edit {
  readonly at: number
  readonly skip: number
  readonly code: readonly number[]
}

function meterFunction(r: WasmReader, type: FunctionType, global: number): Uint8Array {
  const locals = readLocals(r)
  const start = r.at
  const { runs, bulks, returns, calls } = findRuns(r)
  const first = type.params.length + locals.count
  // a function that calls nothing may keep the balance in a local, which the machine keeps in a register
  const isLeaf = !calls && runs.length > 1 && type.results.length <= 1
  const groups: (readonly [number, number])[] = [...locals.groups]
  const length = first // holds the length of a copy while it is paid for
  const balance = first + (bulks.length > 0 ? 1 : 0)
  if (bulks.length > 0) groups.push([1, I32])
  if (isLeaf) groups.push([1, I64])
  const fuel = isLeaf ? localFuel(balance, global) : globalFuel(global)
  const edits: Edit[] = [
    ...runs.map((run) => ({ at: run.at, skip: 0, code: chargeRun(run, fuel) })),
    ...bulks.map((at) => ({ at, skip: 0, code: chargeLength(length, fuel) })),
  ]
  if (isLeaf) {
    // the body becomes a block, so that every way out passes where the balance is written back; a trap needs none
    const [result] = type.results
    const head = [GLOBAL_GET, ...leb(global), LOCAL_SET, ...leb(balance), BLOCK]
    edits.unshift({
      at: start,
      skip: 0,
      code: [...head, result === undefined ? 0x40 : VALUE_TYPES[result]],
    })
    for (const { at, depth } of returns) edits.push({ at, skip: 1, code: [BR, ...leb(depth)] })
    const tail = [LOCAL_GET, ...leb(balance), GLOBAL_SET, ...leb(global), END]
    edits.push({ at: r.end, skip: 0, code: tail })
  }
  // stable: the edits at the start stay in their order
  edits.sort((one, other) => one.at - other.at)
  const out = new WasmWriter((r.end - start) * 2 + 64)
  out.push(leb(groups.length))
  for (const [count, local] of groups) out.push([...leb(count), local])
  let from = start
  for (const { at, skip, code } of edits) {
    out.push(r.bytes.subarray(from, at))
    out.push(code)
    from = at + skip
  }
  out.push(r.bytes.subarray(from, r.end))
  return out.done()
}

function readLocals(r: WasmReader): { groups: (readonly [number, number])[]; count: number } {
  const groups = r.list(2, () => [r.u32(), r.byte()] as const)
  return { groups, count: groups.reduce((sum, [count]) => sum + count, 0) }
}

/** What encloses an operator. */
interface Label {
  readonly loop: boolean
  /** The run that enters it. */
  readonly entry: Run
  /** Something inside jumps to its end. */
  joins: boolean
  /** Something inside jumps further out, so that what follows its end may be skipped. */
  escapes: boolean
}

/**
 * Splits a body into runs. Once a run begins, all of it is executed, unless the guest traps: what follows a block that nothing jumps out of
 * belongs to the run before the block.
 */
function findRuns(r: WasmReader): {
  runs: Run[]
  /** Places before copies and fills, whose length is on top of the stack. */
  bulks: number[]
  /** Places of `return`, with the depth of the function's own label there. */
  returns: { readonly at: number; readonly depth: number }[]
  calls: boolean
} {
  const entry: Run = { at: r.at, checked: true, before: undefined, cost: 0 }
  let run = entry
  const runs = [run]
  const bulks: number[] = []
  const returns: { at: number; depth: number }[] = []
  const labels: Label[] = [{ loop: false, entry: run, joins: false, escapes: false }]
  const begin = (before?: Run, checked = false): void => {
    run = { at: r.at, checked, before, cost: 0 }
    runs.push(run)
  }
  const enter = (joins: boolean, loop = false): void => {
    labels.push({ loop, entry: run, joins, escapes: false })
  }
  /** @returns whether it leads back to the head of a loop */
  const jump = (depth: number): boolean => {
    const target = labels.length - 1 - depth
    const label = labels[target]
    if (label === undefined) throw invalidModule(`there is no label ${depth}`)
    if (!label.loop) label.joins = true
    for (const inner of labels.slice(target + 1)) inner.escapes = true
    return label.loop
  }
  let calls = false
  while (labels.length > 0) {
    const at = r.at
    const { steering, targets } = readOperator(r)
    run.cost++
    let isBack = false
    for (const target of targets) isBack = jump(target) || isBack
    switch (steering) {
      case 'block':
        enter(false)
        break
      case 'loop':
        enter(false, true)
        begin(undefined, true)
        break
      case 'if':
        enter(true)
        begin(run)
        break
      case 'else':
        begin(labels.at(-1)?.entry)
        break
      case 'branch':
        // what follows the way back of a loop is not part of each turn
        begin(isBack ? undefined : run)
        break
      case 'return':
        returns.push({ at, depth: labels.length - 1 })
        jump(labels.length - 1)
        begin()
        break
      case 'jump':
        begin()
        break
      case 'end': {
        const label = labels.pop()
        if (label === undefined || labels.length === 0) break
        if (!label.escapes) run = label.entry
        else if (label.joins) begin()
        break
      }
      case 'bulk':
        bulks.push(at)
        break
      case 'call':
        calls = true
        break
      case 'plain':
        break
      default:
        steering satisfies never
    }
  }
  if (!r.done) throw invalidModule('a function body goes on after its end')
  // a cycle of calls passes through functions that call
  if (!calls) entry.checked = false
  return { runs: foldSmall(runs), bulks, returns, calls }
}

/**
 * Lets the run before a condition pay for a short one behind it, taken or not: paying twice would cost more than what is paid for. So a branch
 * may be charged up to {@link SMALL_RUN} operators it does not execute; always the same ones.
 */
function foldSmall(runs: readonly Run[]): Run[] {
  const kept: Run[] = []
  for (const run of [...runs].reverse()) {
    if (run.before !== undefined && run.cost <= SMALL_RUN) run.before.cost += run.cost
    else if (run.checked || run.cost > 0) kept.push(run)
  }
  return kept.reverse()
}

/** Operators that read and write the balance. */
interface Fuel {
  readonly get: readonly number[]
  readonly set: readonly number[]
  /** Before a trap: makes the host see it. */
  readonly publish: readonly number[]
}

function globalFuel(index: number): Fuel {
  return { get: [GLOBAL_GET, ...leb(index)], set: [GLOBAL_SET, ...leb(index)], publish: [] }
}

function localFuel(index: number, global: number): Fuel {
  const get = [LOCAL_GET, ...leb(index)]
  return { get, set: [LOCAL_SET, ...leb(index)], publish: [...get, GLOBAL_SET, ...leb(global)] }
}

function chargeRun(run: Run, fuel: Fuel): number[] {
  const charge = [...fuel.get, I64_CONST, ...sleb(run.cost), I64_SUB, ...fuel.set]
  if (!run.checked) return charge
  return [
    ...charge,
    ...fuel.get,
    I64_CONST,
    0,
    I64_LT_S,
    IF,
    0x40,
    ...fuel.publish,
    UNREACHABLE,
    END,
  ]
}

function chargeLength(length: number, fuel: Fuel): number[] {
  return [
    ...[LOCAL_TEE, ...leb(length), ...fuel.get],
    ...[LOCAL_GET, ...leb(length), I64_EXTEND_I32_U, I64_CONST, LENGTH_SHIFT, I64_SHR_U],
    ...[I64_SUB, ...fuel.set],
  ]
}
