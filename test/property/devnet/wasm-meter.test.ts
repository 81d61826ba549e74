import { expect } from 'chai'
import fc from 'fast-check'
import { WASM } from '../../../src/node/runtime/wasm/webassembly.ts'
import { instantiateRewritten } from '../../support/rewritten.ts'
import { wat } from '../../support/wat.ts'

/** A piece of a program that leaves a number in variable 0, and what it costs, by what is executed. */
interface Piece {
  readonly text: string
  /** Runs it on a number: the new one, and operators paid. */
  run(value: number): { value: number; cost: number }
}

const constant = (n: number): Piece => ({
  text: `(local.set 0 (i32.const ${n}))`,
  run: () => ({ value: n, cost: 2 }),
})
const plus = (n: number): Piece => ({
  text: `(local.set 0 (i32.add (local.get 0) (i32.const ${n})))`,
  run: (value) => ({ value: (value + n) | 0, cost: 4 }),
})
/** Both floats are exact, so nothing but the meter tells them from integers. */
const float = (n: number): Piece => ({
  text: `(local.set 0 (i32.trunc_sat_f64_s (f64.add (f64.convert_i32_s (local.get 0)) (f64.const ${n}))))`,
  run: (value) => ({ value: Math.max(-(2 ** 31), Math.min(2 ** 31 - 1, value + n)), cost: 6 }),
})
const divide = (n: number): Piece => ({
  text: `(local.set 0 (i32.rem_u (local.get 0) (i32.const ${n})))`,
  run: (value) => ({ value: ((value >>> 0) % n) | 0, cost: 4 }),
})
const store: Piece = {
  text: '(i32.store (i32.const 8) (local.get 0)) (local.set 0 (i32.load (i32.const 8)))',
  run: (value) => ({ value, cost: 6 }),
}
const fill = (n: number): Piece => ({
  text: `(memory.fill (i32.const 64) (i32.const 7) (i32.const ${n}))`,
  run: (value) => ({ value, cost: 3 + 32 + n }),
})

function sequence(pieces: readonly Piece[]): Piece {
  return {
    text: pieces.map(({ text }) => text).join(' '),
    run: (start) =>
      pieces.reduce(
        ({ value, cost }, piece) => {
          const next = piece.run(value)
          return { value: next.value, cost: cost + next.cost }
        },
        { value: start, cost: 0 },
      ),
  }
}

function choice(yes: Piece, no: Piece): Piece {
  return {
    text: `(if (i32.and (local.get 0) (i32.const 1)) (then ${yes.text}) (else ${no.text}))`,
    run(value) {
      const taken = (value & 1) === 1 ? yes.run(value) : no.run(value)
      return { value: taken.value, cost: taken.cost + 4 }
    },
  }
}

/** Leaves a block early when the number is odd. */
function early(rest: Piece): Piece {
  return {
    text: `(block (br_if 0 (i32.and (local.get 0) (i32.const 1))) ${rest.text})`,
    run(value) {
      if ((value & 1) === 1) return { value, cost: 4 }
      const after = rest.run(value)
      return { value: after.value, cost: after.cost + 4 }
    },
  }
}

/** A loop of its own counter: `depth` tells them apart. */
function repeat(times: number, inner: Piece, depth: number): Piece {
  const local = depth + 1
  return {
    text: `(local.set ${local} (i32.const ${times})) (loop ${inner.text}
      (br_if 0 (local.tee ${local} (i32.sub (local.get ${local}) (i32.const 1)))))`,
    run(start) {
      let value = start
      let cost = 2
      for (let i = 0; i < times; i++) {
        const turn = inner.run(value)
        value = turn.value
        // the head of the loop, and what counts
        cost += turn.cost + 1 + 5
      }
      return { value, cost }
    },
  }
}

const MAX_DEPTH = 3

function pieces(depth: number): fc.Arbitrary<Piece> {
  const n = fc.integer({ min: -100, max: 100 })
  const simple = fc.oneof(
    ...[n.map(constant), n.map(plus), n.map(float), fc.integer({ min: 1, max: 9 }).map(divide)],
    ...[fc.constant(store), fc.nat(50).map(fill)],
  )
  if (depth === MAX_DEPTH) return simple
  const inner = fc.array(pieces(depth + 1), { maxLength: 3 }).map(sequence)
  return fc.oneof(
    { weight: 3, arbitrary: simple },
    fc.tuple(inner, inner).map(([yes, no]) => choice(yes, no)),
    inner.map(early),
    fc
      .tuple(fc.integer({ min: 1, max: 4 }), inner)
      .map(([times, one]) => repeat(times, one, depth)),
  )
}

describe('metered code', () => {
  it('takes exactly what it executes, and computes what it did before', () => {
    const program = fc.array(pieces(0), { maxLength: 4 }).map(sequence)
    fc.assert(
      fc.property(program, fc.integer({ min: -1000, max: 1000 }), (piece, start) => {
        const locals = Array.from({ length: MAX_DEPTH }, () => 'i32').join(' ')
        const bytes = wat(`(module (memory 1) (func (export "f") (param i32) (result i32)
          (local ${locals}) ${piece.text} (local.get 0)))`)
        const { exports } = new WASM.Instance(new WASM.Module(bytes), {})
        const plain = exports['f'] as (value: number) => number // exported above
        const { value, cost } = piece.run(start)
        const module = instantiateRewritten(bytes)
        // parameter, variables and frame, by eight; the last operator
        const entry = Math.ceil((64 + 4 + 4 * MAX_DEPTH) / 8) + 1
        expect(plain(start)).to.equal(value)
        expect(module.measure('f', start)).to.deep.equal({
          used: BigInt(cost + entry),
          result: value,
        })
        expect(module.stack.value).to.equal(262_144n)
      }),
    )
  })
})
