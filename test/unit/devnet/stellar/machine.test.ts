/** The machine of contracts on the local Stellar network: fuel, randomness, what is known of modules. */
import { expect } from 'chai'
import { WASM, type WasmGlobal } from '../../../../src/node/runtime/wasm/webassembly.ts'
import { toHex } from '../../../../src/node/primitives/bytes.ts'
import { Random } from '../../../../src/devnet/stellar/host/random.ts'
import { prepareCode } from '../../../../src/devnet/stellar/vm/code.ts'
import { ADDED } from '../../../../src/devnet/wasm/rewrite.ts'
import { stellarWat } from '../../../support/stellar-wat.ts'

/** Fuel that a function takes, as the interpreter counts it. */
function fuelOf(body: string, ...args: number[]): number {
  const params = args.length === 0 ? '' : `(param${' i32'.repeat(args.length)})`
  const { module } = prepareCode(
    stellarWat(`(module (memory (export "memory") 1) (global $g (mut i32) (i32.const 0))
      (func $nothing) (func (export "f") ${params} ${body}))`),
  )
  const { exports } = new WASM.Instance(module, {})
  const fuel = exports[ADDED.meter] as WasmGlobal // added by the rewriter
  fuel.value = 1_000_000n
  const run = exports['f'] as (...numbers: number[]) => unknown // exported above
  run(...args)
  return Number(1_000_000n - fuel.value)
}

describe('fuel of contracts on the local Stellar network', () => {
  // a function costs one when it is entered, and one when it ends
  const empty = 2

  it('is what the interpreter takes for operators: one, two of a load, three of globals, 67 of a call', () => {
    expect(fuelOf('')).to.equal(empty)
    expect(fuelOf('(nop) (drop (i32.const 1))')).to.equal(empty + 2)
    expect(fuelOf('(drop (i32.load (i32.const 8)))')).to.equal(empty + 1 + 2 + 1)
    expect(fuelOf('(i32.store (i32.const 8) (i32.const 1))')).to.equal(empty + 2 + 1)
    expect(fuelOf('(global.set $g (i32.const 1))')).to.equal(empty + 1 + 3)
    expect(fuelOf('(call $nothing)')).to.equal(empty + 67 + empty)
    expect(fuelOf('(drop (memory.size))')).to.equal(empty + 3 + 1)
  })

  it('is taken of whole blocks when they are entered, with what they jump over', () => {
    expect(fuelOf('(block (br 0) (drop (i32.const 1)))')).to.equal(empty + 1 + 2)
    expect(fuelOf('(if (local.get 0) (then (nop)))', 1)).to.equal(empty + 2 + 1)
    expect(fuelOf('(if (local.get 0) (then (nop)))', 0)).to.equal(empty + 2)
    const either = '(if (local.get 0) (then (drop (i32.const 1))) (else (nop)))'
    expect([fuelOf(either, 1), fuelOf(either, 0)]).to.deep.equal([empty + 2 + 3, empty + 2 + 1])
    const turns = `(loop (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))`
    expect(fuelOf(turns, 3)).to.equal(empty + 3 * (1 + 5))
    expect(fuelOf('(return) (drop (i32.const 1))')).to.equal(empty + 1 + 2)
  })

  it('is taken for bytes that are copied and grown, and for sixteen variables at a time', () => {
    const fill = '(memory.fill (i32.const 0) (i32.const 0) (i32.const 640))'
    expect(fuelOf(fill)).to.equal(empty + 3 + 3 + 10)
    expect(fuelOf('(drop (memory.grow (i32.const 2)))')).to.equal(empty + 1 + 3 + 1 + 2 * 1024)
    expect(fuelOf(`(local${' i64'.repeat(33)})`)).to.equal(empty + 2)
  })
})

describe('modules on the local Stellar network', () => {
  it('are counted as the network counts them', () => {
    const { counts, protocol } = prepareCode(
      stellarWat(
        `(module (type (func (param i64) (result i64))) (import "b" "8" (func (type 0)))
          (table 7 funcref) (memory (export "memory") 2) (global i32 (i32.const 1))
          (func (export "f") (param i64) (result i64) (call 0 (local.get 0)))
          (elem (i32.const 0) 0 1) (data (i32.const 0) "abc") (data (i32.const 9) "defg"))`,
        25,
      ),
    )
    // instructions with their end, functions, globals, table, types, data, elements, imports, exports, bytes
    expect(counts).to.deep.equal([3, 1, 1, 7, 1, 2, 1, 1, 2, 7])
    expect(protocol).to.equal(25)
  })

  it('are refused with more data than memory, and without what they were built for', () => {
    const data = '(module (memory (export "memory") 0) (data (i32.const 0) "a"))'
    expect(() => prepareCode(stellarWat(data))).to.throw('Error(WasmVm, InvalidAction)')
    const bare = stellarWat('(module)').subarray(0, 8)
    expect(() => prepareCode(bare)).to.throw('Error(WasmVm, InvalidInput)')
  })
})

describe('randomness of contracts on the local Stellar network', () => {
  it('is ChaCha20 with the seed for a key', () => {
    // RFC 8439, appendix A.1, vectors 1 and 2: blocks 0 and 1 of a key of zeros
    const zero = new Random(new Uint8Array(32))
    expect(toHex(zero.bytes(16))).to.equal('76b8e0ada0f13d90405d6ae55386bd28')
    zero.bytes(48)
    expect(toHex(zero.bytes(16))).to.equal('9f07e7be5551387a98ba977c732d080d')
  })

  it('is drawn in words, within bounds, and again the same', () => {
    const [a, b] = [Random.ofSeed(new Uint8Array(32)), Random.ofSeed(new Uint8Array(32))]
    expect(a.bytes(3)).to.deep.equal(b.bytes(4).subarray(0, 3))
    expect(a.bytes(8)).to.deep.equal(b.bytes(8))
    const drawn = Array.from({ length: 200 }, () => a.between(5n, 7n))
    expect(new Set(drawn)).to.deep.equal(new Set([5n, 6n, 7n]))
    const all = (1n << 64n) - 1n
    expect(a.between(0n, all)).to.be.a('bigint')
    const list = Array.from({ length: 50 }, (_, i) => i)
    const shuffled = a.shuffle(list)
    expect(shuffled).to.not.deep.equal(list)
    expect(shuffled.toSorted((x, y) => x - y)).to.deep.equal(list)
    expect(toHex(a.child().bytes(8))).to.not.equal(toHex(a.bytes(8)))
  })
})
