/** Every answer against schemas that are generated from nearcore's own description of its RPC, by a client that validates what it gets. */
import * as rpc from '@near-js/jsonrpc-client'
import { expect } from 'chai'
import {
  Account,
  actions,
  encodeTransaction,
  JsonRpcProvider,
  KeyPair,
  KeyPairSigner,
} from 'near-api-js'
import { type NearDevnet, startNearDevnet } from '../../../src/devnet/near/index.ts'
import { wat } from '../../support/wat.ts'

const NEAR = 10n ** 24n
/** `put` writes and logs; `both` has bob's `put` called and waits for it. */
const CONTRACT = wat(`(module
  (import "env" "log_utf8" (func $log (param i64 i64)))
  (import "env" "storage_write" (func $write (param i64 i64 i64 i64 i64) (result i64)))
  (import "env" "value_return" (func $return (param i64 i64)))
  (import "env" "promise_create" (func $create (param i64 i64 i64 i64 i64 i64 i64 i64) (result i64)))
  (import "env" "promise_then" (func $then (param i64 i64 i64 i64 i64 i64 i64 i64 i64) (result i64)))
  (import "env" "promise_return" (func $give (param i64)))
  (memory 1) (data (i32.const 0) "c.a.near") (data (i32.const 8) "put") (data (i32.const 16) "1")
  (func (export "put") (call $log (i64.const 3) (i64.const 8))
    (drop (call $write (i64.const 3) (i64.const 8) (i64.const 1) (i64.const 16) (i64.const 0))))
  (func (export "get") (call $return (i64.const 1) (i64.const 16)))
  (func (export "both") (call $give (call $then
    (call $create (i64.const 8) (i64.const 0) (i64.const 3) (i64.const 8) (i64.const 0) (i64.const 0) (i64.const 64) (i64.const 5000000000000))
    (i64.const 8) (i64.const 0) (i64.const 3) (i64.const 8) (i64.const 0) (i64.const 0) (i64.const 64) (i64.const 5000000000000)))))`)

describe('@near-js/jsonrpc-client, which validates what it is answered', () => {
  let chain: NearDevnet
  let client: rpc.NearRpcClient
  let account: Account
  const id = 'c.a.near'
  const pair = KeyPair.fromRandom('ed25519')
  before(async () => {
    chain = await startNearDevnet({ port: 0, accounts: ['a.near'] })
    client = new rpc.NearRpcClient({ endpoint: chain.url })
    const provider = new JsonRpcProvider({ url: chain.url })
    const [{ accountId, secretKey }] = chain.accounts
    const root = new Account(accountId, provider, secretKey)
    const publicKey = pair.getPublicKey()
    await root.createAccount({ newAccountId: id, publicKey, nearToTransfer: 50n * NEAR })
    account = new Account(id, provider, new KeyPairSigner(pair))
    await account.deployContract(CONTRACT)
  })
  after(() => chain.stop())

  async function signed(
    list: Parameters<Account['createSignedTransaction']>[0]['actions'],
    receiverId = id,
  ): Promise<string> {
    const transaction = await account.createSignedTransaction({ receiverId, actions: list })
    return Buffer.from(encodeTransaction(transaction)).toString('base64')
  }
  const call = (method: string): ReturnType<typeof actions.functionCall> =>
    actions.functionCall(method, {}, 30_000_000_000_000n, 0n)
  const FINAL = { finality: 'final' } as const

  it('takes what describes the chain and its blocks', async () => {
    const { syncInfo } = await rpc.status(client)
    await rpc.health(client)
    await rpc.networkInfo(client)
    await rpc.validators(client, 'latest')
    await rpc.gasPrice(client, { blockId: null })
    const { header, chunks } = await rpc.block(client, FINAL)
    expect(header.height).to.equal(syncInfo.latestBlockHeight - 2)
    await rpc.block(client, { blockId: header.hash })
    await rpc.chunk(client, { chunkId: chunks[0]?.chunkHash ?? '' })
    await rpc.chunk(client, { blockId: header.height, shardId: 0 })
  })

  it('takes what is asked of accounts, keys, code and data', async () => {
    const accountId = id
    await rpc.viewAccount(client, { accountId, ...FINAL })
    await rpc.viewAccessKey(client, {
      accountId,
      publicKey: pair.getPublicKey().toString(),
      ...FINAL,
    })
    await rpc.query(client, { requestType: 'view_access_key_list', accountId, ...FINAL })
    await rpc.query(client, { requestType: 'view_code', accountId, ...FINAL })
    await rpc.query(client, { requestType: 'view_state', accountId, prefixBase64: '', ...FINAL })
    const found = await rpc.viewFunction(client, {
      accountId,
      methodName: 'get',
      argsBase64: '',
      ...FINAL,
    })
    expect(found.result).to.deep.equal(['1'.charCodeAt(0)])
  })

  it('takes transactions of every kind of action, their receipts and their failures', async () => {
    const sub = actions.addFunctionCallAccessKey(
      KeyPair.fromRandom('ed25519').getPublicKey(),
      id,
      ['x'],
      1n,
    )
    const key = KeyPair.fromRandom('ed25519').getPublicKey()
    const lists = [
      [call('put')],
      [call('both')],
      [call('none')],
      [actions.transfer(1n)],
      [actions.addFullAccessKey(key), actions.deleteKey(key), sub],
      [actions.deployGlobalContract(CONTRACT, 'codeHash'), actions.deployContract(CONTRACT)],
    ]
    for (const list of lists) {
      const sent = await rpc.sendTx(client, {
        signedTxBase64: await signed(list),
        waitUntil: 'FINAL',
      })
      expect(sent.finalExecutionStatus).to.equal('FINAL')
    }
    const made = [
      actions.createAccount(),
      actions.transfer(NEAR),
      actions.addFullAccessKey(key),
      actions.deleteAccount(id),
    ]
    const signedTxBase64 = await signed(made, `sub.${id}`)
    const sent = await rpc.sendTx(client, { signedTxBase64, waitUntil: 'EXECUTED' })
    expect(sent.finalExecutionStatus).to.equal('FINAL')
  })

  it('takes what is asked of transactions later', async () => {
    const signedTxBase64 = await signed([call('both')])
    const txHash = await rpc.broadcastTxAsync(client, { signedTxBase64 })
    await rpc.broadcastTxCommit(client, { signedTxBase64: await signed([call('put')]) })
    const params = { txHash, senderAccountId: id, waitUntil: 'FINAL' } as const
    await rpc.tx(client, params)
    const status = await rpc.experimentalTxStatus(client, params)
    const receipts = 'receiptsOutcome' in status ? status.receiptsOutcome : []
    expect(receipts.length >= 3).to.equal(true)
    await rpc.experimentalReceipt(client, { receiptId: receipts[0]?.id ?? '' })
  })

  it('takes what blocks changed', async () => {
    const sent = await rpc.sendTx(client, {
      signedTxBase64: await signed([call('put'), actions.deployContract(CONTRACT)]),
      waitUntil: 'FINAL',
    })
    const blockId = 'transactionOutcome' in sent ? sent.transactionOutcome.blockHash : ''
    const accountIds = [id]
    for (const changes of [
      { changesType: 'account_changes', accountIds },
      { changesType: 'all_access_key_changes', accountIds },
      { changesType: 'data_changes', accountIds, keyPrefixBase64: '' },
      { changesType: 'contract_code_changes', accountIds },
      {
        changesType: 'single_access_key_changes',
        keys: [{ accountId: id, publicKey: pair.getPublicKey().toString() }],
      },
    ] as const) {
      const found = await rpc.experimentalChanges(client, { ...changes, blockId } as never)
      expect(found).to.have.property('changes')
    }
    await rpc.experimentalChangesInBlock(client, { blockId })
  })

  it('takes the parameters of the protocol', async () => {
    const { runtimeConfig } = await rpc.experimentalProtocolConfig(client, FINAL)
    expect(runtimeConfig?.storageAmountPerByte).to.equal('10000000000000000000')
  })

  it('is told what is not there', async () => {
    const refused = async (work: Promise<unknown>): Promise<string> =>
      work.then(() => 'none', String)
    expect(await refused(rpc.viewAccount(client, { accountId: 'no.near', ...FINAL }))).to.not.equal(
      'none',
    )
    expect(await refused(rpc.block(client, { blockId: 1_000_000 }))).to.not.equal('none')
  })
})
