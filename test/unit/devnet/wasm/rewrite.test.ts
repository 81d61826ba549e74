import { expect } from 'chai'
import { WasmRejected } from '../../../../src/devnet/wasm/errors.ts'
import { rewriteModule } from '../../../../src/devnet/wasm/rewrite.ts'
import { concat } from '../../../../src/node/primitives/bytes.ts'
import { instantiateRewritten, UNIT_RULES } from '../../../support/rewritten.ts'
import { wat } from '../../../support/wat.ts'

/** Entering a function without variables: its frame of 64 bytes, by eight. */
const ENTRY = 8n

function rejectionOf(bytes: Uint8Array, rules = UNIT_RULES): string | undefined {
  try {
    rewriteModule(bytes, rules)
    return undefined
  } catch (error) {
    return error instanceof WasmRejected ? error.rejection : String(error)
  }
}

function body(text: string, before = ''): Uint8Array {
  return wat(`(module ${before} (memory 1) (func (export "f") ${text}))`)
}

describe('a module of a chain', () => {
  it('pays for each operator, as often as it is executed', () => {
    const module = instantiateRewritten(
      wat(`(module (func (export "f") (param i32) (result i32) (local i32)
        (block (loop
          (br_if 1 (i32.eqz (local.get 0)))
          (local.set 1 (i32.add (local.get 1) (local.get 0)))
          (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
          (br 0)))
        (local.get 1)))`),
    )
    // 72 bytes of frame are nine operators; a turn is thirteen, with the head of the loop; the last one ends after four
    for (const turns of [0n, 1n, 10n, 1000n]) {
      const { used, result } = module.measure('f', Number(turns))
      expect(used).to.equal(9n + 13n * turns + 5n)
      expect(result).to.equal(Number((turns * (turns + 1n)) / 2n))
    }
  })

  it('pays for what stands before a call, not for what comes behind it', () => {
    const module = instantiateRewritten(
      wat(`(module (func $trap unreachable)
        (func (export "f") nop nop (call $trap) nop nop nop nop))`),
    )
    module.meter.value = 100n
    expect(() => module.call('f')).to.throw(/unreachable/)
    expect(100n - module.meter.value).to.equal(ENTRY + 3n + ENTRY + 1n)
  })

  it('pays for a division that traps, not for what comes behind it', () => {
    const module = instantiateRewritten(
      body('(drop (i32.div_s (i32.const 1) (i32.const 0))) nop nop'),
    )
    module.meter.value = 100n
    expect(() => module.call('f')).to.throw(/divide/)
    expect(100n - module.meter.value).to.equal(ENTRY + 3n)
  })

  it('ends when the meter is empty', () => {
    const module = instantiateRewritten(body('(loop (br 0))'))
    module.meter.value = 1000n
    expect(() => module.call('f')).to.throw(/unreachable/)
    expect(module.meter.value < 0n).to.equal(true)
  })

  it('pays for copies, fills and growth by their length', () => {
    const module = instantiateRewritten(
      wat(`(module (memory 1)
        (func (export "fill") (param i32) (memory.fill (i32.const 0) (i32.const 1) (local.get 0)))
        (func (export "copy") (param i32) (memory.copy (i32.const 0) (i32.const 9) (local.get 0)))
        (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0))))`),
    )
    // a parameter makes the frame 68 bytes, which are nine operators
    expect(module.measure('fill', 100).used).to.equal(9n + 3n + 32n + 100n)
    expect(module.measure('copy', 100).used).to.equal(9n + 3n + 32n + 100n)
    expect(module.measure('grow', 5)).to.deep.equal({ used: 9n + 1n + 32n + 5n, result: 1024 })
    // growth beyond the limit is paid for and refused
    expect(module.measure('grow', 2000)).to.deep.equal({ used: 9n + 1n + 32n + 2000n, result: -1 })
  })

  it('ends recursion by the sizes of frames, at the same depth on every machine', () => {
    const module = instantiateRewritten(
      wat(`(module (global $depth (mut i32) (i32.const 0))
        (func $f (export "f") (local i64 i64)
          (global.set $depth (i32.add (global.get $depth) (i32.const 1))) (call $f))
        (func (export "depth") (result i32) (global.get $depth)))`),
    )
    module.meter.value = 2n ** 40n
    expect(() => module.call('f')).to.throw(/unreachable/)
    expect(module.stack.value < 0n).to.equal(true)
    module.stack.value = 1000n
    expect(module.call('depth')).to.equal(Math.floor(262_144 / (64 + 16)))
  })

  it('gives the stack back, however a function is left', () => {
    const module = instantiateRewritten(
      wat(`(module
        (func (export "ends"))
        (func (export "returns") (result i32) (block (return (i32.const 1))) (i32.const 2))
        (func (export "branches") (param i32) (result i32)
          (drop (br_if 0 (i32.const 5) (local.get 0)))
          (block (br_table 0 0 (local.get 0)))
          (i32.const 2)))`),
    )
    const before = module.stack.value
    module.measure('ends')
    expect(module.measure('returns').result).to.equal(1)
    expect(module.measure('branches', 1).result).to.equal(5)
    expect(module.measure('branches', 0).result).to.equal(2)
    expect(module.stack.value).to.equal(before)
  })

  it('has the canonical NaN, whatever the processor makes', () => {
    const module = instantiateRewritten(
      wat(`(module
        (func (export "f32") (param i32 i32) (result i32)
          (i32.reinterpret_f32 (f32.mul (f32.reinterpret_i32 (local.get 0)) (f32.reinterpret_i32 (local.get 1)))))
        (func (export "f64") (param i64) (result i64)
          (i64.reinterpret_f64 (f64.sqrt (f64.reinterpret_i64 (local.get 0)))))
        (func (export "demote") (param i64) (result i32)
          (i32.reinterpret_f32 (f32.demote_f64 (f64.reinterpret_i64 (local.get 0)))))
        (func (export "neg") (param i32) (result i32)
          (i32.reinterpret_f32 (f32.neg (f32.reinterpret_i32 (local.get 0))))))`),
    )
    const [nan32, infinity32] = [0x7fc0_0000, 0x7f80_0000]
    expect(module.measure('f32', infinity32, 0).result).to.equal(nan32)
    // a NaN with a sign and a payload
    expect(module.measure('f32', 0xffc1_2345 | 0, 0x3f80_0000).result).to.equal(nan32)
    expect(module.measure('f64', -1n).result).to.equal(0x7ff8_0000_0000_0000n)
    expect(module.measure('demote', 0x7ff8_1234_5678_9abcn).result).to.equal(nan32)
    // what only moves bits keeps them
    expect(module.measure('neg', 0x7fc1_2345).result).to.equal(0xffc1_2345 | 0)
    expect(module.measure('f32', 0x4000_0000, 0x4040_0000).result).to.equal(0x40c0_0000)
  })

  it('has memory of the chain’s size, whatever it says', () => {
    for (const text of [
      '(module)',
      '(module (memory 1 1))',
      '(module (memory 3) (export "m" (memory 0)))',
    ]) {
      expect(instantiateRewritten(wat(text)).memory.buffer.byteLength).to.equal(1024 * 65_536)
    }
  })

  it('runs nothing when it is instantiated', () => {
    const { hasStart } = rewriteModule(wat('(module (func $s unreachable) (start $s))'), UNIT_RULES)
    expect(hasStart).to.equal(true)
    instantiateRewritten(wat('(module (func $s unreachable) (start $s))'))
  })
})

describe('a module is refused', () => {
  const refused: Record<string, readonly [Uint8Array, string]> = {
    'with SIMD': [body('(drop (v128.const i32x4 1 2 3 4))'), 'Deserialization'],
    'with several results of a function': [
      wat('(module (func (result i32 i32) (i32.const 1) (i32.const 2)))'),
      'Deserialization',
    ],
    'with several results of a block': [
      wat('(module (func (block (result i32 i32) (i32.const 1) (i32.const 2)) drop drop))'),
      'Deserialization',
    ],
    'with a shared memory': [
      Uint8Array.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 5, 4, 1, 3, 1, 1]),
      'Deserialization',
    ],
    'with a 64-bit memory': [
      Uint8Array.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 5, 3, 1, 4, 1]),
      'Deserialization',
    ],
    'with a memory of somebody else': [
      wat('(module (import "env" "memory" (memory 1)))'),
      'Memory',
    ],
    'with a global of somebody else': [
      wat('(module (import "env" "g" (global i32)))'),
      'Instantiate',
    ],
    'with a function of another module': [
      wat('(module (import "wasi" "f" (func)))'),
      'Instantiate',
    ],
    'with two tables': [wat('(module (table 1 funcref) (table 1 funcref))'), 'TooManyTables'],
    'with a large table': [wat('(module (table 10001 funcref))'), 'TooManyTableElements'],
    'that is cut off': [body('nop').slice(0, -2), 'Deserialization'],
    'with something behind its end': [concat(body('nop'), Uint8Array.of(99, 0)), 'Deserialization'],
    'that is none': [Uint8Array.from([1, 2, 3]), 'Deserialization'],
  }
  for (const [what, [bytes, rejection]] of Object.entries(refused)) {
    it(what, () => expect(rejectionOf(bytes)).to.equal(rejection))
  }

  it('with a tail call', () => {
    // return_call has the number of the second byte of the body
    const bytes = wat('(module (func $g) (func (export "f") (call $g)))')
    const at = bytes.lastIndexOf(0x10)
    expect(rejectionOf(Uint8Array.from(bytes, (byte, i) => (i === at ? 0x12 : byte)))).to.equal(
      'Deserialization',
    )
  })

  it('with bulk memory where the chain has none', () => {
    const bytes = body('(memory.fill (i32.const 0) (i32.const 0) (i32.const 0))')
    expect(rejectionOf(bytes)).to.equal(undefined)
    const features = { ...UNIT_RULES.features, bulkMemory: false }
    expect(rejectionOf(bytes, { ...UNIT_RULES, features })).to.equal('Deserialization')
  })

  it('with more than the chain allows of functions, variables, types and code', () => {
    const bytes = wat(`(module (func) (func (local i32 i32 i32)) (func (param i32)))`)
    const with1 = (name: keyof typeof UNIT_RULES.limits, limit: number): string | undefined =>
      rejectionOf(bytes, { ...UNIT_RULES, limits: { ...UNIT_RULES.limits, [name]: limit } })
    expect([with1('functions', 3), with1('functions', 2)]).to.deep.equal([
      undefined,
      'TooManyFunctions',
    ])
    expect([with1('locals', 3), with1('locals', 2)]).to.deep.equal([undefined, 'TooManyLocals'])
    expect([with1('types', 2), with1('types', 1)]).to.deep.equal([undefined, 'TooManyTypes'])
    expect([with1('bodyBytes', 4), with1('bodyBytes', 3)]).to.deep.equal([
      undefined,
      'FunctionBodyTooLarge',
    ])
  })
})
