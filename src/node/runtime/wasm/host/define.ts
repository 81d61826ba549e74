/**
 * How host functions are declared: once, by the kinds of their parameters. From these follow the signatures of both generations of the ABI:
 * G2 passes every aggregate as the address of a descriptor, G1 spreads its fields over several parameters.
 */
import type { PanicLocation } from '../../errors.ts'
import { HOST_CALL_FUEL, MAX_PANIC_BYTES } from '../../limits.ts'
import type { Call } from '../call.ts'
import type { GuestMemory, Span } from '../memory.ts'
import type { FunctionType, ValueType } from '../module.ts'

/** What host functions work on: the instance's memory and the call it currently runs. */
export interface Frame {
  readonly memory: GuestMemory
  readonly call: Call
}

/** What a handler receives for each kind of parameter. */
interface Values {
  /** Bytes to read, or room to write. */
  buffer: Span
  /** As `buffer`, or undefined when the guest passes no address or no bytes. */
  optional: Span | undefined
  /** Id of a register, as V8 passes it (signed). */
  register: bigint
  i64: bigint
  i32: number
  location: PanicLocation
  event: { readonly kind: Span; readonly data: Span }
  returned: { readonly tag: bigint; readonly bytes: Span }
  crossCall: { readonly contextId: Span; readonly method: Span; readonly params: Span }
}

type Kind = keyof Values
type ValuesOf<K extends readonly Kind[]> = { [I in keyof K]: Values[K[I]] }
type Raw = bigint | number
type Result = 'i32' | 'i64' | undefined

/** How a kind looks in G1 and how it is read in either generation. `args` are the raw arguments from the kind's first on. */
interface KindSpec<V> {
  readonly g1: readonly ValueType[]
  readonly readG1: (memory: GuestMemory, args: readonly Raw[]) => V
  readonly g2: ValueType
  readonly readG2: (memory: GuestMemory, arg: Raw) => V
}

// V8 passes i64 parameters as bigint and i32 as number, by the module's own signature
const big = (args: readonly Raw[], i: number): bigint => args[i] as bigint
const small = (args: readonly Raw[], i: number): number => args[i] as number
const span = (memory: GuestMemory, args: readonly Raw[], i: number): Span =>
  memory.span(big(args, i), big(args, i + 1))
const pair = ['i64', 'i64'] as const

const KINDS: { readonly [K in Kind]: KindSpec<Values[K]> } = {
  buffer: {
    g1: pair,
    readG1: (memory, args) => span(memory, args, 0),
    g2: 'i64',
    readG2: (memory, arg) => memory.descriptor(arg as bigint),
  },
  optional: {
    g1: pair,
    readG1: (memory, args) => nonEmpty(span(memory, args, 0)),
    g2: 'i64',
    readG2: (memory, arg) => (arg === 0n ? undefined : nonEmpty(memory.descriptor(arg as bigint))),
  },
  register: {
    g1: ['i64'],
    readG1: (_memory, args) => big(args, 0),
    g2: 'i64',
    readG2: (_memory, arg) => arg as bigint,
  },
  i64: {
    g1: ['i64'],
    readG1: (_memory, args) => big(args, 0),
    g2: 'i64',
    readG2: (_memory, arg) => arg as bigint,
  },
  i32: {
    g1: ['i32'],
    readG1: (_memory, args) => small(args, 0),
    g2: 'i32',
    readG2: (_memory, arg) => arg as number,
  },
  location: {
    g1: ['i64', 'i64', 'i32', 'i32'],
    readG1: (memory, args) => ({
      file: memory.textUpTo(span(memory, args, 0), MAX_PANIC_BYTES),
      line: small(args, 2) >>> 0,
      column: small(args, 3) >>> 0,
    }),
    g2: 'i64',
    readG2: (memory, arg) => memory.location(arg as bigint),
  },
  event: {
    g1: [...pair, ...pair],
    readG1: (memory, args) => ({ kind: span(memory, args, 0), data: span(memory, args, 2) }),
    g2: 'i64',
    readG2: (memory, arg) => {
      const at = memory.struct(arg as bigint, 32)
      return { kind: memory.descriptorAt(at), data: memory.descriptorAt(at + 16) }
    },
  },
  returned: {
    g1: ['i64', ...pair],
    readG1: (memory, args) => ({ tag: big(args, 0), bytes: span(memory, args, 1) }),
    g2: 'i64',
    readG2: (memory, arg) => {
      const at = memory.struct(arg as bigint, 24)
      return { tag: memory.u64(at), bytes: memory.descriptorAt(at + 8) }
    },
  },
  crossCall: {
    g1: [...pair, ...pair, ...pair],
    readG1: (memory, args) => ({
      contextId: span(memory, args, 0),
      method: span(memory, args, 2),
      params: span(memory, args, 4),
    }),
    g2: 'i64',
    readG2: (memory, arg) => {
      const at = memory.struct(arg as bigint, 48)
      return {
        contextId: memory.descriptorAt(at),
        method: memory.descriptorAt(at + 16),
        params: memory.descriptorAt(at + 32),
      }
    },
  },
}

function nonEmpty(bytes: Span): Span | undefined {
  return bytes.length === 0 ? undefined : bytes
}

/** A host function: its parameters in order, its result, and what it does. */
export interface HostFunction {
  readonly name: string
  readonly kinds: readonly Kind[]
  readonly result: Result
  readonly run: (frame: Frame, ...values: never[]) => number | bigint | undefined
}

/** Declares a host function. Whatever `run` throws ends the guest's call. */
export function host<const K extends readonly Kind[]>(
  name: string,
  kinds: K,
  result: Result,
  run: (frame: Frame, ...values: ValuesOf<K>) => number | bigint | undefined,
): HostFunction {
  // the tuple of values is forgotten here: bindHost() reads exactly these kinds
  return { name, kinds, result, run: run as unknown as HostFunction['run'] }
}

/** Signature of a host function in a generation. */
export function hostSignature(spec: HostFunction, generation: 'G1' | 'G2'): FunctionType {
  const params = spec.kinds.flatMap((kind) =>
    generation === 'G1' ? KINDS[kind].g1 : KINDS[kind].g2,
  )
  return { params, results: spec.result === undefined ? [] : [spec.result] }
}

/** Whether an import's signature is that of a generation, of both, or of none. */
export function importGeneration(
  spec: HostFunction,
  type: FunctionType,
): 'G1' | 'G2' | 'both' | undefined {
  const matches = (generation: 'G1' | 'G2'): boolean => {
    const { params, results } = hostSignature(spec, generation)
    return type.params.join() === params.join() && type.results.join() === results.join()
  }
  const [isG1, isG2] = [matches('G1'), matches('G2')]
  if (isG1 && isG2) return 'both'
  if (isG1) return 'G1'
  return isG2 ? 'G2' : undefined
}

type Import = (...args: Raw[]) => number | bigint | undefined

/** The function a module imports. `frame` is read at each call: it changes between calls of a reused instance. */
export function bindHost(spec: HostFunction, generation: 'G1' | 'G2', frame: () => Frame): Import {
  // the tuple type of `run` is known at its declaration only; `kinds` produce exactly its values
  const run = spec.run as (frame: Frame, ...values: unknown[]) => number | bigint | undefined
  const enter = (): Frame => {
    const current = frame()
    current.call.charge(HOST_CALL_FUEL)
    return current
  }
  if (generation === 'G1') return bindG1(spec, run, enter)
  const [a, b, c] = spec.kinds.map((kind) => KINDS[kind].readG2)
  // spelled out for the arities of hot functions: rest parameters cost as much as the functions themselves
  if (a === undefined) return () => run(enter())
  if (b === undefined) {
    return (x) => {
      const f = enter()
      return run(f, a(f.memory, x))
    }
  }
  if (c === undefined) {
    return (x, y) => {
      const f = enter()
      return run(f, a(f.memory, x), b(f.memory, y))
    }
  }
  const readers = spec.kinds.map((kind) => KINDS[kind].readG2)
  return (...args) => {
    const f = enter()
    return run(f, ...readers.map((read, i) => read(f.memory, args[i] as Raw)))
  }
}

function bindG1(
  spec: HostFunction,
  run: (frame: Frame, ...values: unknown[]) => number | bigint | undefined,
  enter: () => Frame,
): Import {
  return (...args) => {
    const f = enter()
    let at = 0
    const values = spec.kinds.map((kind) => {
      const { g1, readG1 } = KINDS[kind]
      const value = readG1(f.memory, args.slice(at, at + g1.length))
      at += g1.length
      return value
    })
    return run(f, ...values)
  }
}
