import { setTimeout } from 'node:timers/promises'
import { expect } from 'chai'
import { Account, actions, encodeTransaction, JsonRpcProvider } from 'near-api-js'
import {
  type NearDevnet,
  type NearDevnetInit,
  startNearDevnet,
} from '../../../src/devnet/near/index.ts'
import { rejectionCode } from '../../support/error-code.ts'
import { wat } from '../../support/wat.ts'

const NEAR = 10n ** 24n
/** `put` stores the time of its block, `get` returns it. */
const CLOCK = wat(`(module
  (import "env" "block_timestamp" (func $time (result i64)))
  (import "env" "value_return" (func $return (param i64 i64)))
  (import "env" "storage_write" (func $write (param i64 i64 i64 i64 i64) (result i64)))
  (import "env" "storage_read" (func $read (param i64 i64 i64) (result i64)))
  (memory 1) (data (i32.const 0) "t")
  (func (export "put")
    (i64.store (i32.const 8) (call $time))
    (drop (call $write (i64.const 1) (i64.const 0) (i64.const 8) (i64.const 8) (i64.const 0))))
  (func (export "get")
    (drop (call $read (i64.const 1) (i64.const 0) (i64.const 0)))
    (call $return (i64.const -1) (i64.const 0)))
  (func (export "now")
    (i64.store (i32.const 8) (call $time))
    (call $return (i64.const 8) (i64.const 8))))`)

interface Scene extends AsyncDisposable {
  readonly chain: NearDevnet
  readonly provider: JsonRpcProvider
  readonly root: Account
  /** A request as it goes over the network: the result, or the error. */
  rpc(
    method: string,
    params: unknown,
  ): Promise<{ result?: Answer; error?: RpcFailure; status: number }>
}

/** What answers have that is looked at here. */
interface Answer {
  readonly amount: string
  readonly block_height: number
  readonly result: readonly number[]
  readonly final_execution_status: string
  readonly changes: readonly {
    type: string
    change: Record<string, string>
    cause: { type: string }
  }[]
  readonly header: {
    readonly height: number
    readonly hash: string
    readonly timestamp_nanosec: string
  }
}

interface RpcFailure {
  readonly name: string
  readonly cause: { readonly name: string; readonly info: unknown }
  readonly data: unknown
}

async function scene(init: NearDevnetInit = {}): Promise<Scene> {
  const chain = await startNearDevnet({ port: 0, ...init })
  const provider = new JsonRpcProvider({ url: chain.url })
  const [{ accountId, secretKey }] = chain.accounts
  return {
    chain,
    provider,
    root: new Account(accountId, provider, secretKey),
    async rpc(method, params) {
      const response = await fetch(chain.url, {
        method: 'POST',
        body: JSON.stringify({ jsonrpc: '2.0', id: 'x', method, params }),
      })
      const answer = (await response.json()) as { result?: Answer; error?: RpcFailure }
      return { ...answer, status: response.status }
    },
    [Symbol.asyncDispose]: () => chain.stop(),
  }
}

async function amount(
  one: Scene,
  reference: object,
  account_id = 'b.near',
): Promise<string | undefined> {
  const params = { request_type: 'view_account', account_id, ...reference }
  const { result, error } = await one.rpc('query', params)
  return result?.amount ?? error?.cause.name
}

/** Signs a transfer of one token to `b.near`. */
async function transfer(one: Scene): Promise<string> {
  const action = actions.transfer(NEAR)
  const signed = await one.root.createSignedTransaction({ receiverId: 'b.near', actions: [action] })
  return Buffer.from(encodeTransaction(signed)).toString('base64')
}

const ACCOUNTS = ['a.near', { accountId: 'b.near', balance: NEAR }]

describe('blocks of the local NEAR chain', () => {
  it('keep the state that was there when they ended, and a query gets it from its block', async () => {
    await using one = await scene({ accounts: ACCOUNTS })
    const heights: number[] = []
    for (let i = 0; i < 3; i++) {
      await one.root.transfer({ receiverId: 'b.near', amount: NEAR })
      heights.push((await one.rpc('block', { finality: 'final' })).result?.header.height ?? 0)
    }
    const amounts = await Promise.all(heights.map((block_id) => amount(one, { block_id })))
    expect(amounts).to.deep.equal([2n, 3n, 4n].map((n) => `${n * NEAR}`))
    const hash = (await one.rpc('block', { block_id: heights[0] })).result?.header.hash
    expect(await amount(one, { block_id: hash })).to.equal(`${2n * NEAR}`)
    expect(await amount(one, { block_id: 0 })).to.equal(`${NEAR}`)
  })

  it('that are too old have no state any more, and say so', async () => {
    await using one = await scene({ accounts: ACCOUNTS, historyBlocks: 5 })
    await one.chain.mine(10)
    const { result } = await one.rpc('block', { finality: 'optimistic' })
    const head = result?.header.height ?? 0
    expect(await amount(one, { block_id: head - 5 })).to.equal(`${NEAR}`)
    expect(await amount(one, { block_id: head - 6 })).to.equal('GARBAGE_COLLECTED_BLOCK')
    expect(await amount(one, { block_id: head + 1 })).to.equal('UNKNOWN_BLOCK')
    const view = {
      request_type: 'call_function',
      account_id: 'b.near',
      method_name: 'x',
      args_base64: '',
    }
    const { error } = await one.rpc('query', { ...view, block_id: 1 })
    expect(error?.cause.name).to.equal('GARBAGE_COLLECTED_BLOCK')
  })

  it('are made by hand, and final two blocks later', async () => {
    await using one = await scene({ accounts: ACCOUNTS, blocks: 'manual' })
    const signed_tx_base64 = await transfer(one)
    const sent = await one.rpc('send_tx', { signed_tx_base64, wait_until: 'NONE' })
    expect(sent.result).to.deep.equal({ final_execution_status: 'NONE' })
    const level = async (): Promise<string | undefined> => {
      const { result, error } = await one.rpc('tx', { signed_tx_base64, wait_until: 'NONE' })
      return result?.final_execution_status ?? error?.cause.name
    }
    const seen: unknown[] = [await level()]
    for (let i = 0; i < 6; i++) {
      await one.chain.mine()
      const balances = [
        await amount(one, { finality: 'optimistic' }),
        await amount(one, { finality: 'final' }),
      ]
      seen.push([await level(), ...balances.map((text) => BigInt(text ?? 0) / NEAR)])
    }
    expect(seen).to.deep.equal([
      'UNKNOWN_TRANSACTION',
      ['INCLUDED', 1n, 1n],
      ['EXECUTED_OPTIMISTIC', 2n, 1n],
      // the transaction's block is final now, then the receipt's, then that of the refund
      ['EXECUTED', 2n, 1n],
      ['FINAL', 2n, 2n],
      ['FINAL', 2n, 2n],
      ['FINAL', 2n, 2n],
    ])
  })

  it('are waited for, as long as a request waits for anything', async () => {
    await using one = await scene({ accounts: ACCOUNTS, blocks: 'manual', pollingMs: 60_000 })
    const signed_tx_base64 = await transfer(one)
    let isDone = false
    const sending = one
      .rpc('send_tx', { signed_tx_base64, wait_until: 'FINAL' })
      .finally(() => (isDone = true))
    // the request may come after any of these
    while (!isDone) {
      await one.chain.mine()
      await setTimeout(10)
    }
    expect((await sending).result?.final_execution_status).to.equal('FINAL')
  })

  it('that nobody makes are waited for until it takes too long', async () => {
    await using one = await scene({ accounts: ACCOUNTS, blocks: 'manual', pollingMs: 50 })
    const signed_tx_base64 = await transfer(one)
    const wait_until = 'EXECUTED_OPTIMISTIC'
    const late = await one.rpc('send_tx', { signed_tx_base64, wait_until })
    expect([late.status, late.error?.cause.name]).to.deep.equal([408, 'TIMEOUT_ERROR'])
  })

  it('tell what they changed, and because of what', async () => {
    await using one = await scene({ accounts: ACCOUNTS })
    const outcome = await one.root.transfer({ receiverId: 'b.near', amount: NEAR })
    const receipt = outcome.receipts_outcome[0]
    const block_id = receipt?.block_hash
    const params = { changes_type: 'account_changes', account_ids: ['b.near'], block_id }
    const { result } = await one.rpc('EXPERIMENTAL_changes', params)
    expect(result?.changes).to.have.length(1)
    expect(result?.changes[0]?.type).to.equal('account_update')
    expect(result?.changes[0]?.change['amount']).to.equal(`${2n * NEAR}`)
    expect(result?.changes[0]?.cause).to.deep.equal({
      type: 'receipt_processing',
      receipt_hash: receipt?.id,
    })
    const keys = { changes_type: 'all_access_key_changes', account_ids: ['a.near'] }
    const included = outcome.transaction_outcome.block_hash
    const changed = await one.rpc('EXPERIMENTAL_changes', { ...keys, block_id: included })
    expect(changed.result?.changes.map(({ type, cause }) => [type, cause.type])).to.deep.equal([
      ['access_key_update', 'transaction_processing'],
    ])
    const touched = await one.rpc('EXPERIMENTAL_changes_in_block', { block_id })
    expect(touched.result?.changes).to.deep.include({
      type: 'account_touched',
      account_id: 'b.near',
    })
  })

  it('tell of data and code as well', async () => {
    await using one = await scene({ accounts: ['a.near'] })
    const deployed = await one.root.deployContract(CLOCK)
    const block_id = deployed.receipts_outcome[0]?.block_hash
    const account_ids = ['a.near']
    const code = await one.rpc('EXPERIMENTAL_changes', {
      changes_type: 'contract_code_changes',
      account_ids,
      block_id,
    })
    expect(code.result?.changes.map(({ type }) => type)).to.deep.equal(['contract_code_update'])
    const { receipts_outcome } = await one.root.callFunctionRaw({
      contractId: 'a.near',
      methodName: 'put',
    })
    const data = await one.rpc('EXPERIMENTAL_changes', {
      ...{ changes_type: 'data_changes', account_ids, key_prefix_base64: '' },
      block_id: receipts_outcome[0]?.block_hash,
    })
    expect(
      data.result?.changes.map(({ type, change }) => [type, change['key_base64']]),
    ).to.deep.equal([['data_update', Buffer.from('t').toString('base64')]])
  })
})

describe('time of the local NEAR chain', () => {
  it('is moved by seconds, and by blocks', async () => {
    await using one = await scene({ accounts: ['a.near'], startMs: 1_700_000_000_000 })
    await one.root.deployContract(CLOCK)
    const now = async (): Promise<bigint> => {
      const view = {
        request_type: 'call_function',
        account_id: 'a.near',
        method_name: 'now',
        args_base64: '',
      }
      const { result } = await one.rpc('query', { ...view, finality: 'final' })
      return Buffer.from(result?.result ?? []).readBigUInt64LE() / 1_000_000_000n
    }
    const before = await now()
    await one.chain.moveTime(3600)
    const after = await now()
    // and the blocks that show it, a second each
    expect(after - before).to.equal(3600n + 3n)
    const height = (await one.rpc('block', { finality: 'optimistic' })).result?.header.height ?? 0
    await one.chain.fastForward(500)
    const later = (await one.rpc('block', { finality: 'optimistic' })).result?.header.height ?? 0
    expect(later - height).to.equal(500 + 2)
    expect((await now()) - after).to.equal(500n + 3n)
  })

  it('is held in a second, however many blocks there are, and goes on from there', async () => {
    await using one = await scene({ accounts: ['a.near'] })
    const times = async (): Promise<number> => {
      const { result } = await one.rpc('block', { finality: 'final' })
      return Math.floor(Number(BigInt(result?.header.timestamp_nanosec ?? 0) / 1_000_000_000n))
    }
    const second = (await times()) + 1000
    await one.chain.holdTime(second)
    const held = [await times()]
    for (let i = 0; i < 3; i++) {
      await one.root.transfer({ receiverId: 'a.near', amount: 1n })
      held.push(await times())
    }
    expect(held).to.deep.equal([second, second, second, second])
    expect(await rejectionCode(one.chain.holdTime(second - 1))).to.equal('DEVNET_REQUEST')
    await one.chain.holdTime(undefined)
    const later = await times()
    expect(later >= second && later < second + 100).to.equal(true)
    await one.chain.moveTime(500)
    expect((await times()) >= second + 500).to.equal(true)
  })

  it('and everything else follows from seed and start: two chains of one seed are the same', async () => {
    const hashOf = async (seed: string): Promise<unknown[]> => {
      await using one = await scene({ accounts: ACCOUNTS, seed, startMs: 1_700_000_000_000 })
      const { transaction } = await one.root.transfer({ receiverId: 'b.near', amount: NEAR })
      const { result } = await one.rpc('block', { finality: 'final' })
      return [transaction.hash, result?.header.hash, one.chain.accounts[0].publicKey]
    }
    const [one, same, other] = [await hashOf('x'), await hashOf('x'), await hashOf('y')]
    expect(one).to.deep.equal(same)
    expect(one.filter((part, i) => part === other[i])).to.deep.equal([])
  })
})

describe('a snapshot of the local NEAR chain', () => {
  it('is come back to, more than once, with blocks, nonces and waiting receipts', async () => {
    await using one = await scene({ accounts: ACCOUNTS, blocks: 'manual' })
    const signed = await transfer(one)
    await one.rpc('send_tx', { signed_tx_base64: signed, wait_until: 'NONE' })
    await one.chain.mine()
    const kept = await one.chain.snapshot()
    const head = async (): Promise<number | undefined> =>
      (await one.rpc('block', { finality: 'optimistic' })).result?.header.height
    const height = await head()
    for (let i = 0; i < 2; i++) {
      await one.chain.mine(3)
      expect(await amount(one, { finality: 'optimistic' })).to.equal(`${2n * NEAR}`)
      await one.chain.revert(kept)
      expect(await head()).to.equal(height)
      expect(await amount(one, { finality: 'optimistic' })).to.equal(`${NEAR}`)
    }
    expect(await rejectionCode(one.chain.revert(kept + 1))).to.equal('DEVNET_REQUEST')
  })
})
