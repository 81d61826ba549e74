import { expect } from 'chai'
import { actions } from 'near-api-js'
import { seededKeyPair } from '../../../../src/devnet/near/codec/keys.ts'
import { BALANCE, NEAR, DevnetScene, resultOf, TGAS } from '../../../support/devnet-scene.ts'

/** Names of accounts and methods, and numbers, where the programs below find them. */
const DATA = `(memory 1)
  (data (i32.const 0) "alice") (data (i32.const 8) "bob") (data (i32.const 16) "carol")
  (data (i32.const 32) "first") (data (i32.const 40) "second") (data (i32.const 48) "then")
  (data (i32.const 56) "fail") (data (i32.const 64) "other")
  (data (i32.const 80) "\\00\\00\\00\\00\\00\\00\\00\\00\\00\\00\\00\\00\\00\\00\\00\\00")
  (data (i32.const 96) "\\05\\00\\00\\00\\00\\00\\00\\00\\00\\00\\00\\00\\00\\00\\00\\00")`
const ALICE = '(i64.const 5) (i64.const 0)'
const BOB = '(i64.const 3) (i64.const 8)'
const CAROL = '(i64.const 5) (i64.const 16)'
const FIRST = '(i64.const 5) (i64.const 32)'
const SECOND = '(i64.const 6) (i64.const 40)'
const THEN = '(i64.const 4) (i64.const 48)'
const OTHER = '(i64.const 5) (i64.const 64)'
const FAIL = '(i64.const 4) (i64.const 56)'
const NO_ARGUMENTS = '(i64.const 0) (i64.const 0)'
const NO_DEPOSIT = '(i64.const 80)'
const FIVE = '(i64.const 96)'
const GAS = '(i64.const 10000000000000)'

const IMPORTS = `
  (import "env" "log_utf8" (func $log (param i64 i64)))
  (import "env" "value_return" (func $return (param i64 i64)))
  (import "env" "storage_write" (func $write (param i64 i64 i64 i64 i64) (result i64)))
  (import "env" "promise_create" (func $create (param i64 i64 i64 i64 i64 i64 i64 i64) (result i64)))
  (import "env" "promise_then" (func $then (param i64 i64 i64 i64 i64 i64 i64 i64 i64) (result i64)))
  (import "env" "promise_and" (func $and (param i64 i64) (result i64)))
  (import "env" "promise_return" (func $give (param i64)))
  (import "env" "promise_result" (func $result (param i64 i64) (result i64)))
  (import "env" "promise_results_count" (func $count (result i64)))
  (import "env" "read_register" (func $read (param i64 i64)))
  (import "env" "register_len" (func $length (param i64) (result i64)))
  (import "env" "promise_batch_create" (func $batch (param i64 i64) (result i64)))
  (import "env" "promise_batch_action_transfer" (func $transfer (param i64 i64)))
  (import "env" "promise_batch_action_function_call_weight"
    (func $weighted (param i64 i64 i64 i64 i64 i64 i64 i64)))
  (import "env" "prepaid_gas" (func $prepaid (result i64)))`

/** What bob and carol answer: their method's name, logged as well; `fail` writes and traps. */
const CALLEE = `(module ${IMPORTS} ${DATA}
  (func (export "first") (call $log ${FIRST}) (call $return ${FIRST}))
  (func (export "second") (call $log ${SECOND}) (call $return ${SECOND}))
  (func (export "gas") (i64.store (i32.const 200) (call $prepaid)) (call $return (i64.const 8) (i64.const 200)))
  (func (export "other") (call $give (call $create ${CAROL} ${FIRST} ${NO_ARGUMENTS} ${NO_DEPOSIT} (i64.const 3000000000000))))
  (func (export "fail")
    (drop (call $write ${FAIL} ${FAIL} (i64.const 0)))
    (drop (call $create ${CAROL} ${FIRST} ${NO_ARGUMENTS} ${NO_DEPOSIT} (i64.const 1000000000000)))
    unreachable))`

const call = (account: string, method: string, deposit = NO_DEPOSIT): string =>
  `(call $create ${account} ${method} ${NO_ARGUMENTS} ${deposit} ${GAS})`

const CALLER = `(module ${IMPORTS} ${DATA}
  (func (export "both") (local $a i64) (local $b i64)
    (local.set $a ${call(BOB, FIRST)})
    (local.set $b ${call(CAROL, SECOND)})
    (i64.store (i32.const 128) (local.get $a))
    (i64.store (i32.const 136) (local.get $b))
    (call $give (call $then (call $and (i64.const 128) (i64.const 2))
      ${ALICE} ${THEN} ${NO_ARGUMENTS} ${NO_DEPOSIT} ${GAS})))
  (func (export "one") (call $give (call $then ${call(BOB, FAIL, FIVE)}
    ${ALICE} ${THEN} ${NO_ARGUMENTS} ${NO_DEPOSIT} ${GAS})))
  (func (export "nested") (call $give (call $then ${call(BOB, OTHER)}
    ${ALICE} ${THEN} ${NO_ARGUMENTS} ${NO_DEPOSIT} ${GAS})))
  (func (export "two_weights") (local $a i64) (local $b i64)
    (local.set $a (call $batch ${BOB}))
    (call $weighted (local.get $a) (i64.const 3) (i64.const 300) ${NO_ARGUMENTS} ${NO_DEPOSIT} (i64.const 0) (i64.const 1))
    (local.set $b (call $batch ${CAROL}))
    (call $weighted (local.get $b) (i64.const 3) (i64.const 300) ${NO_ARGUMENTS} ${NO_DEPOSIT} (i64.const 0) (i64.const 2)))
  (func (export "handed") (call $give ${call(BOB, FIRST)}))
  (func (export "pay") (local $p i64)
    (local.set $p (call $batch ${BOB})) (call $transfer (local.get $p) ${FIVE}))
  (func (export "pay_and_trap") (local $p i64)
    (local.set $p (call $batch ${BOB})) (call $transfer (local.get $p) ${FIVE}) unreachable)
  (func (export "weights") (local $p i64)
    (local.set $p (call $batch ${BOB}))
    (call $weighted (local.get $p) (i64.const 3) (i64.const 300) ${NO_ARGUMENTS} ${NO_DEPOSIT} (i64.const 0) (i64.const 1))
    (call $give (local.get $p)))
  (func (export "then") (local $i i64) (local $at i64)
    (local.set $at (i64.const 400))
    (loop $next
      (i64.store8 (i32.wrap_i64 (local.get $at))
        (i64.add (i64.const 48) (call $result (local.get $i) (i64.const 1))))
      (local.set $at (i64.add (local.get $at) (i64.const 1)))
      (if (i64.eq (call $result (local.get $i) (i64.const 1)) (i64.const 1)) (then
        (call $read (i64.const 1) (local.get $at))
        (local.set $at (i64.add (local.get $at) (call $length (i64.const 1))))))
      (local.set $i (i64.add (local.get $i) (i64.const 1)))
      (br_if $next (i64.lt_u (local.get $i) (call $count))))
    (call $return (i64.sub (local.get $at) (i64.const 400)) (i64.const 400)))
  (data (i32.const 300) "gas"))`

async function scene(): Promise<DevnetScene> {
  const made = new DevnetScene(['alice', 'bob', 'carol', 'dave'])
  await made.deploy('alice', CALLER)
  await made.deploy('bob', CALLEE)
  await made.deploy('carol', CALLEE)
  return made
}

describe('promises of a contract', () => {
  it('run in blocks of their own, those of one call in the order they were made, and what waits for them after', async () => {
    const near = await scene()
    const { outcomes } = await near.call('dave', 'alice', 'both')
    expect(resultOf(near, outcomes)).to.equal('value:1first1second')
    const at = outcomes[0].height
    const [, own] = outcomes
    const heights = (id: string): number[] =>
      outcomes
        .filter(({ executorId, logs }) => executorId === id && logs.length > 0)
        .map(({ height }) => height - at)
    expect([own?.height, ...heights('bob'), ...heights('carol')]).to.deep.equal([at + 1, 2, 2])
    const last = outcomes.find(({ status }) => status.type === 'value' && status.value.length > 10)
    expect(last?.height).to.equal(at + 3)
    const block = near.chain.blocks.byHeight(at + 2)
    const receivers = block?.receipts.map((id) => near.chain.receipt(id)?.receiverId)
    expect(receivers?.slice(0, 2)).to.deep.equal(['bob', 'carol'])
  })

  it('tell a failure to what waits for them, undo all of it, and give its deposit back', async () => {
    const near = await scene()
    const before = near.account('bob')
    const { outcomes } = await near.call('dave', 'alice', 'one')
    expect(resultOf(near, outcomes)).to.equal('value:2')
    const failed = outcomes.find(({ status }) => status.type === 'failure')
    expect(failed?.executorId).to.equal('bob')
    expect(JSON.stringify(failed?.status)).to.contain('unreachable')
    // nothing was written, and nothing sent to carol
    expect(near.account('bob')).to.deep.equal(before)
    expect(outcomes.some(({ executorId }) => executorId === 'carol')).to.equal(false)
    // the deposit went out and came back, to the contract and not to whoever called it
    expect(near.account('alice').amount < BALANCE).to.equal(true)
    const refunds = outcomes
      .map(({ id }) => near.chain.receipt(id))
      .filter((one) => one?.predecessorId === 'system')
    expect(refunds.map((one) => [one?.receiverId, one?.actions[0]])).to.deep.include([
      'alice',
      { type: 'transfer', deposit: 5n },
    ])
  })

  it('stand for the result of the call that returns them', async () => {
    const near = await scene()
    const { outcomes } = await near.call('dave', 'alice', 'handed')
    expect(resultOf(near, outcomes)).to.equal('value:first')
    expect(outcomes[1]?.status.type).to.equal('receipt')
  })

  it('that a promise stands for are waited for by what waits for that one', async () => {
    const near = await scene()
    const { outcomes } = await near.call('dave', 'alice', 'nested')
    expect(resultOf(near, outcomes)).to.equal('value:1first')
  })

  it('share what is left of the gas, all of it', async () => {
    const near = await scene()
    const { outcomes } = await near.call('dave', 'alice', 'two_weights', { gas: 100n * TGAS })
    const gasOf = (id: string): bigint => {
      const outcome = outcomes.find(
        ({ executorId, logs, status }) =>
          executorId === id &&
          logs.length === 0 &&
          status.type === 'value' &&
          status.value.length === 8,
      )
      const value = outcome?.status.type === 'value' ? outcome.status.value : new Uint8Array(8)
      return Buffer.from(value).readBigUInt64LE()
    }
    const [bob, carol] = [gasOf('bob'), gasOf('carol')]
    expect(carol - 2n * bob >= 0n && carol - 2n * bob < 3n).to.equal(true)
    const { call: fee, receipt, callByte } = near.chain.parameters.fees
    const spent = outcomes[1]?.gasBurnt ?? 0n
    const own = receipt.execution + fee.execution + 11n * callByte.execution
    const reserved = 2n * (receipt.execution + fee.execution + 3n * callByte.execution)
    expect(bob + carol).to.equal(100n * TGAS - (spent - own) - reserved)
  })

  it('get the gas that is left by their weights', async () => {
    const near = await scene()
    const gas = 100n * TGAS
    const { outcomes } = await near.call('dave', 'alice', 'weights', { gas })
    const status = outcomes[2]?.status
    const prepaid = status?.type === 'value' ? Buffer.from(status.value).readBigUInt64LE() : 0n
    const spent = outcomes[1]?.gasBurnt ?? 0n
    const { call: fee, receipt } = near.chain.parameters.fees
    const own =
      receipt.execution + fee.execution + 7n * near.chain.parameters.fees.callByte.execution
    const reserved =
      receipt.execution + fee.execution + 3n * near.chain.parameters.fees.callByte.execution
    expect(prepaid).to.equal(gas - (spent - own) - reserved)
  })

  it('take their deposits from the contract, and leave them there when the call fails', async () => {
    const near = await scene()
    const before = near.account('bob').amount
    await near.call('dave', 'alice', 'pay')
    expect(near.account('bob').amount).to.equal(before + 5n)
    const alice = near.account('alice').amount
    const { outcomes } = await near.call('dave', 'alice', 'pay_and_trap', { deposit: NEAR })
    expect(resultOf(near, outcomes)).to.contain('unreachable')
    expect([near.account('alice').amount, near.account('bob').amount]).to.deep.equal([
      alice,
      before + 5n,
    ])
  })
})

describe('tokens', () => {
  const everybody = ['alice', 'bob', 'carol', 'dave', 'sub.dave']
  it('are neither made nor lost: what is gone was burnt with gas', async () => {
    const near = await scene()
    let before = near.total(everybody)
    const sent = [
      await near.call('dave', 'alice', 'both'),
      await near.call('dave', 'alice', 'one', { deposit: NEAR }),
      await near.call('dave', 'alice', 'no such method', { deposit: NEAR }),
      await near.call('dave', 'nobody', 'x', { deposit: NEAR }),
      await near.send('dave', 'sub.dave', [actions.createAccount(), actions.transfer(NEAR)]),
      await near.send('dave', 'bob', [actions.transfer(NEAR)]),
      await near.send('dave', 'bob', [actions.transfer(NEAR), actions.deleteAccount('dave')]),
    ]
    for (const { outcomes } of sent) {
      before -= outcomes.reduce((sum, { tokensBurnt }) => sum + tokensBurnt, 0n)
    }
    expect(near.total(everybody)).to.equal(before)
  })

  it('that were paid for gas come back, all but what was burnt', async () => {
    const near = await scene()
    const before = near.account('dave').amount
    const { outcomes } = await near.call('dave', 'bob', 'first', { gas: 100n * TGAS })
    const burnt = outcomes.reduce((sum, { gasBurnt }) => sum + gasBurnt, 0n)
    expect(before - near.account('dave').amount).to.equal(burnt * near.chain.parameters.gasPrice)
    expect(burnt < 10n * TGAS).to.equal(true)
  })

  it('of a transfer cost the two fees of the protocol', async () => {
    const near = await scene()
    const { outcomes } = await near.send('dave', 'bob', [actions.transfer(1n)])
    expect(outcomes.map(({ gasBurnt }) => gasBurnt)).to.deep.equal([
      223_182_562_500n,
      223_182_562_500n,
    ])
  })

  it('that a failed transaction carried go back to whoever sent it', async () => {
    const near = await scene()
    const before = near.account('dave').amount
    const { outcomes } = await near.call('dave', 'bob', 'fail', { deposit: 7n * NEAR })
    expect(resultOf(near, outcomes)).to.contain('failure')
    const burnt = outcomes.reduce((sum, { tokensBurnt }) => sum + tokensBurnt, 0n)
    expect(before - near.account('dave').amount).to.equal(burnt)
  })

  it('make an account whose name is a key, for the price of making it', async () => {
    const near = await scene()
    const id = '11'.repeat(32)
    const { outcomes } = await near.send('dave', id, [actions.transfer(NEAR)])
    expect(near.account(id).amount).to.equal(NEAR)
    expect(near.chain.state.keysOf(id)).to.have.length(1)
    const { transfer, createAccount, addFullKey, receipt } = near.chain.parameters.fees
    const execution =
      receipt.execution + transfer.execution + createAccount.execution + addFullKey.execution
    expect(outcomes[1]?.gasBurnt).to.equal(execution)
  })

  it('of a deleted account go to the one it names', async () => {
    const near = await scene()
    const amount = near.account('dave').amount
    const bob = near.account('bob').amount
    const { outcomes } = await near.send('dave', 'dave', [actions.deleteAccount('bob')])
    expect(near.chain.state.account('dave')).to.equal(undefined)
    expect(near.chain.state.keysOf('dave')).to.deep.equal([])
    const paid = amount - (near.account('bob').amount - bob)
    const burnt = outcomes.reduce((sum, { tokensBurnt }) => sum + tokensBurnt, 0n)
    // gas that is paid back to an account that is gone is gone as well
    expect(paid >= burnt).to.equal(true)
    expect(near.chain.state.key('dave', seededKeyPair('dave').publicKey)).to.equal(undefined)
  })
})
