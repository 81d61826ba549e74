import { readFileSync } from 'node:fs'
import { expect } from 'chai'
import fc from 'fast-check'
import { actions, createTransaction, encodeTransaction, KeyPair, KeyPairSigner } from 'near-api-js'
import { decodeTransaction } from '../../../src/devnet/near/codec/transaction.ts'
import { PROTOCOL_88 } from '../../../src/devnet/near/parameters.ts'
import { ContractCache } from '../../../src/devnet/near/vm/contract.ts'
import { VmError } from '../../../src/devnet/near/vm/errors.ts'
import { thrownCode } from '../../support/error-code.ts'
import { wat } from '../../support/wat.ts'

/** Every kind of section and of operator that the rewriter looks at. */
const MODULE = wat(`(module
  (type $t (func (param i32) (result i32)))
  (import "env" "log_utf8" (func $log (param i64 i64)))
  (table 2 funcref) (memory 1) (global $g (mut i64) (i64.const 5))
  (func $f (type $t) (local i64 f32 f64)
    (block (loop (br_if 1 (i32.eqz (local.get 0))) (local.set 0 (i32.sub (local.get 0) (i32.const 1))) (br 0)))
    (if (local.get 0) (then (call $log (i64.const 1) (i64.const 2))) (else (memory.fill (i32.const 0) (i32.const 0) (i32.const 3))))
    (local.set 3 (f64.sqrt (f64.const -1)))
    (br_table 0 0 (i32.const 1) (call_indirect (type $t) (i32.const 3) (i32.const 0))))
  (func $s (global.set $g (i64.const 6)))
  (export "f" (func $f)) (start $s) (elem (i32.const 0) $f $f) (data (i32.const 0) "abc"))`)

/** Bytes with some of them changed, cut off, or more of them. */
function damaged(bytes: Uint8Array): fc.Arbitrary<Uint8Array> {
  const change = fc.tuple(fc.nat(bytes.length - 1), fc.nat(255))
  const changed = fc.array(change, { minLength: 1, maxLength: 4 }).map((changes) => {
    const out = bytes.slice()
    for (const [at, byte] of changes) out[at] = byte
    return out
  })
  const cut = fc.nat(bytes.length - 1).map((length) => bytes.slice(0, length))
  const longer = fc
    .uint8Array({ minLength: 1, maxLength: 8 })
    .map((more) => Uint8Array.from([...bytes, ...more]))
  return fc.oneof({ weight: 6, arbitrary: changed }, cut, longer, fc.uint8Array())
}

describe('what strangers send to the local NEAR chain', () => {
  it('is a contract that can be run, or one that is refused in the chain’s words', () => {
    fc.assert(
      fc.property(damaged(MODULE), (bytes) => {
        const prepared = new ContractCache(PROTOCOL_88).prepare({ hash: 'any', bytes })
        if (!(prepared instanceof VmError)) return
        expect(prepared.debug).to.match(/^CompilationError\(PrepareError\(\w+\)\)$/)
      }),
      { numRuns: 1000 },
    )
    const real = new Uint8Array(
      readFileSync(
        new URL('../../../contracts/artifacts/near/packages/packages.wasm', import.meta.url),
      ),
    )
    expect(new ContractCache(PROTOCOL_88).prepare({ hash: 'real', bytes: real })).to.have.property(
      'rewritten',
    )
  })

  it('is a transaction, or refused as none', async () => {
    const pair = KeyPair.fromRandom('ed25519')
    const list = [
      actions.createAccount(),
      actions.functionCall('method', { a: 1 }, 5n, 6n),
      actions.addFunctionCallAccessKey(pair.getPublicKey(), 'bob', ['x', 'y'], 7n),
      actions.deployContract(Uint8Array.of(1, 2, 3)),
    ]
    const made = createTransaction(
      'alice',
      pair.getPublicKey(),
      'bob',
      9n,
      list,
      new Uint8Array(32),
    )
    const { signedTransaction } = await new KeyPairSigner(pair).signTransaction(made)
    const bytes = encodeTransaction(signedTransaction)
    expect(decodeTransaction(bytes).actions.map(({ type }) => type)).to.deep.equal([
      ...['create', 'call', 'addKey', 'deploy'],
    ])
    fc.assert(
      fc.property(damaged(bytes), (one) => {
        expect(['none', 'DEVNET_TRANSACTION']).to.include(thrownCode(() => decodeTransaction(one)))
      }),
      { numRuns: 1000 },
    )
  })
})
