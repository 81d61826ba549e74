import { expect } from 'chai'
import { WASM_RULES } from '../../../../src/devnet/icp/parameters.ts'
import { rewriteModule } from '../../../../src/devnet/wasm/rewrite.ts'
import { instantiateRewritten } from '../../../support/rewritten.ts'
import { wat } from '../../../support/wat.ts'

/** Instructions of a function with this body. */
function weigh(body: string, result = ''): bigint {
  const module = wat(`(module (memory 1) (global $g (mut i32) (i32.const 0))
    (table funcref (elem $f)) (func $f)
    (func (export "run") ${result} ${body}))`)
  return instantiateRewritten(module, WASM_RULES).measure('run').used
}

describe('instructions of the Internet Computer', () => {
  it('weigh what the replica gives them', () => {
    const examples: [string, bigint][] = [
      ['nop', 1n],
      ['(block (nop))', 1n],
      ['(loop (nop))', 1n],
      ['(drop (i32.const 1))', 2n],
      ['(drop (i32.div_u (i32.const 4) (i32.const 2)))', 1n + 1n + 10n + 1n],
      ['(drop (f64.sqrt (f64.const 4)))', 1n + 8n + 1n],
      ['(drop (f32.min (f32.const 4) (f32.const 1)))', 1n + 1n + 18n + 1n],
      ['(drop (f64.convert_i32_u (i32.const 4)))', 1n + 16n + 1n],
      ['(global.set $g (global.get $g))', 4n],
      ['(drop (i32.load (i32.const 0)))', 3n],
      ['(call $f)', 5n],
      ['(call_indirect (i32.const 0))', 1n + 10n],
      ['(if (i32.const 1) (then (nop)))', 1n + 2n + 1n],
      ['(drop (memory.size))', 21n],
      // and a page
      ['(drop (memory.grow (i32.const 1)))', 1n + 300n + 1n + 1n],
      // and its bytes
      ['(memory.fill (i32.const 0) (i32.const 1) (i32.const 9))', 3n + 100n + 9n],
    ]
    for (const [body, used] of examples) expect(weigh(body), body).to.equal(used)
  })

  it('weigh more where memory is 64-bit', () => {
    const module = Uint8Array.of(
      ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 4, 1, 0x60, 0, 0, 3, 2, 1, 0],
      // a memory with a flag for 64 bits, and one page
      ...[5, 3, 1, 4, 1, 7, 7, 1, 3, 0x72, 0x75, 0x6e, 0, 0],
      // drop (i32.load (i64.const 0)); drop (memory.grow (i64.const 2))
      ...[10, 16, 1, 14, 0, 0x42, 0, 0x28, 2, 0, 0x1a, 0x42, 2, 0x40, 0, 0x1a, 1, 0x0b],
    )
    const { used } = instantiateRewritten(module, WASM_RULES).measure('run')
    expect(used).to.equal(1n + 2n + 1n + (1n + 300n + 2n + 1n) + 1n)
  })

  it('keep what is exported for the next message: memory, table and the globals that change', () => {
    const module = wat(`(module (memory 1) (table 1 funcref)
      (global i32 (i32.const 1)) (global $g (mut i64) (i64.const 0))
      (func (export "run") (global.set $g (i64.const 5))))`)
    const rewritten = rewriteModule(module, WASM_RULES)
    expect(rewritten.globals).to.have.lengthOf(1)
    expect(rewritten.changesTables).to.equal(false)
    const changing = wat(`(module (table 1 funcref) (elem $e func $f) (func $f)
      (func (export "run") (table.init $e (i32.const 0) (i32.const 0) (i32.const 1))))`)
    expect(rewriteModule(changing, WASM_RULES).changesTables).to.equal(true)
  })
})
