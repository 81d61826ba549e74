/**
 * Gas against totals that nearcore's tests of its VM publish (runtime/near-vm-runner/src/tests). They are from when loading a byte cost less,
 * and count the names that their text format keeps in a section of its own; the programs are written anew.
 */
import { expect } from 'chai'
import { toHex, utf8 } from '../../../../src/node/primitives/bytes.ts'
import { sha256 } from '../../../../src/node/primitives/hash.ts'
import { type Parameters, PROTOCOL_88 } from '../../../../src/devnet/near/parameters.ts'
import type { CallOutcome } from '../../../../src/devnet/near/vm/context.ts'
import { ContractCache } from '../../../../src/devnet/near/vm/contract.ts'
import { runCall } from '../../../../src/devnet/near/vm/run.ts'
import { wat } from '../../../support/wat.ts'

/** What loading a byte cost when the totals were taken. */
const LOADING_BYTE = 216_750n
const PARAMETERS: Parameters = {
  ...PROTOCOL_88,
  host: { ...PROTOCOL_88.host, contract_loading_bytes: LOADING_BYTE },
}

function run(text: string, method = 'main', gas = 10n ** 14n): CallOutcome {
  const bytes = wat(text)
  return runCall({
    code: { bytes, hash: toHex(sha256(bytes)) },
    method,
    parameters: PARAMETERS,
    cache: new ContractCache(PARAMETERS),
    context: {
      ...{ accountId: 'alice', signerId: 'bob', predecessorId: 'carol', chainId: 'test' },
      ...{ signerKey: new Uint8Array(33), input: utf8(''), height: 10, timestamp: 42n, epoch: 1 },
      ...{ balance: 4n, locked: 0n, storage: 12n, deposit: 2n, gas, seed: new Uint8Array(32) },
      ...{ isView: false, results: [], outputs: 0 },
    },
    state: { read: () => undefined, write: () => undefined, newDataId: () => '' },
  })
}

/** Bytes of a section of names: of functions, and of types. */
function nameBytes(functions: readonly string[], types: readonly string[] = []): bigint {
  const list = (names: readonly string[]): number =>
    names.length === 0 ? 0 : 3 + names.reduce((sum, name) => sum + 2 + name.length, 0)
  return BigInt((functions.length > 0 ? 7 : 0) + list(functions) + list(types))
}

interface Published {
  readonly text: string
  readonly total: bigint
  readonly names?: bigint
}

const PUBLISHED: Record<string, Published> = {
  'a function that does nothing': {
    text: '(module (func (export "main")))',
    total: 49_397_511n,
  },
  'a trap': {
    text: '(module (func (export "main") unreachable))',
    total: 50_437_017n,
  },
  'a division by zero': {
    text: '(module (func (export "main") (i32.div_s (i32.const 1) (i32.const 0)) return))',
    total: 53_166_279n,
  },
  'a conversion that does not fit': {
    text: '(module (func (export "main") (i32.trunc_f64_s (f64.const 0x1p+1023)) return))',
    total: 53_427_273n,
  },
  'a panic': {
    text: '(module (import "env" "panic" (func $panic)) (func (export "main") (call $panic)))',
    total: 322_357_878n,
    names: nameBytes(['panic']),
  },
  'recursion without end': {
    text: '(module (func $f (export "main") (call $f)))',
    total: 30_376_143_897n,
    names: nameBytes(['f']),
  },
  'a host function': {
    text: `(module (import "env" "prepaid_gas" (func $p (result i64)))
      (func (export "main") (drop (call $p))))`,
    total: 326_865_384n,
    names: nameBytes(['prepaid_gas']),
  },
  'a host function through a table': {
    text: `(module (import "env" "prepaid_gas" (func $p (result i64))) (type $t (func (result i64)))
      (table 1 funcref) (elem (i32.const 0) $p)
      (func (export "main") (drop (call_indirect (type $t) (i32.const 0)))))`,
    total: 335_491_140n,
    names: nameBytes(['prepaid_gas'], ['prepaid_gas_t']),
  },
  'the sign of a NaN': {
    text: `(module (func (export "main") (drop (i32.div_u (i32.const 0)
      (f32.gt (f32.copysign (f32.const 1.0) (f32.sqrt (f32.const -1.0))) (f32.const 0))))))`,
    total: 61_570_815n,
  },
  'a hash': {
    text: `(module (import "env" "ripemd160" (func $r (param i64 i64 i64)))
      (func (export "main") (call $r (i64.const 0) (i64.const 0) (i64.const 0))))`,
    total: 7_149_592_671n,
    names: nameBytes(['ripemd160']),
  },
}

describe('gas of a call is what NEAR’s own VM burns', () => {
  it('for the programs whose totals it publishes', () => {
    const programs = Object.entries(PUBLISHED)
    const burnt = programs.map(([what, { text }]) => [what, run(text).gasBurnt])
    const published = programs.map(([what, { total, names = 0n }]) => [
      what,
      total - names * LOADING_BYTE,
    ])
    expect(burnt).to.deep.equal(published)
  })

  it('and nothing for a method that is not there, or has arguments', () => {
    const text = '(module (func (export "main") (param i32)))'
    expect([run(text, 'other').gasBurnt, run(text).gasBurnt, run(text, '').gasBurnt]).to.deep.equal(
      [0n, 0n, 0n],
    )
    expect(
      [run(text, 'other'), run(text), run(text, '')].map(({ error }) => error?.debug),
    ).to.deep.equal([
      'MethodResolveError(MethodNotFound)',
      'MethodResolveError(MethodInvalidSignature)',
      'MethodResolveError(MethodEmptyName)',
    ])
  })

  it('and all of it where it runs out', () => {
    const { gasBurnt, error } = run(
      '(module (func (export "main") (loop (br 0))))',
      'main',
      10n ** 10n,
    )
    expect([gasBurnt, error?.debug]).to.deep.equal([10n ** 10n, 'HostError(GasExceeded)'])
    const start = '(module (func $s (loop (br 0))) (start $s) (func (export "main")))'
    expect(run(start, 'main', 10n ** 10n).gasBurnt).to.equal(10n ** 10n)
  })

  it('and that of loading where an import is unknown', () => {
    const { gasBurnt, error } = run(
      '(module (import "env" "no_such" (func)) (func (export "main")))',
    )
    expect(error?.debug).to.equal('LinkError { msg: "unknown or invalid import" }')
    expect(gasBurnt > PARAMETERS.host.contract_loading_base).to.equal(true)
  })

  it('and for what an SDK names without calling it, nothing', () => {
    const imported =
      '(import "env" "promise_batch_action_universal_state_init" (func $i (param i64 i64 i64 i64)))'
    expect(run(`(module ${imported} (func (export "main")))`).error).to.equal(undefined)
    const called = `(module ${imported} (func (export "main")
      (call $i (i64.const 0) (i64.const 0) (i64.const 0) (i64.const 0))))`
    expect(run(called).error?.debug).to.contain('NotEmulated')
  })
})
