import { Account, JsonRpcProvider, KeyPair, KeyPairSigner } from 'near-api-js'
import { expect } from 'chai'
import { type NearDevnet, startNearDevnet } from '../../../src/devnet/near/index.ts'
import { wat } from '../../support/wat.ts'

const NEAR = 10n ** 24n
/** Writes `hi` and returns it; `fail` traps; `get` is a view. */
const CONTRACT = wat(`(module
  (import "env" "log_utf8" (func $log (param i64 i64)))
  (import "env" "value_return" (func $return (param i64 i64)))
  (import "env" "storage_write" (func $write (param i64 i64 i64 i64 i64) (result i64)))
  (memory 1)
  (data (i32.const 0) "hi")
  (func (export "put")
    (call $log (i64.const 2) (i64.const 0))
    (drop (call $write (i64.const 2) (i64.const 0) (i64.const 2) (i64.const 0) (i64.const 0)))
    (call $return (i64.const 2) (i64.const 0)))
  (func (export "fail") unreachable)
  (func (export "get") (call $return (i64.const 2) (i64.const 0))))`)

describe('near-api-js, unmodified, on the local NEAR chain', () => {
  let chain: NearDevnet
  let provider: JsonRpcProvider
  let root: Account
  let contract: Account
  before(async () => {
    chain = await startNearDevnet({ port: 0 })
    provider = new JsonRpcProvider({ url: chain.url })
    const [{ accountId, secretKey }] = chain.accounts
    root = new Account(accountId, provider, secretKey)
    const key = KeyPair.fromRandom('ed25519')
    const newAccountId = `contract.${accountId}`
    const publicKey = key.getPublicKey()
    await root.createAccount({ newAccountId, publicKey, nearToTransfer: 50n * NEAR })
    contract = new Account(newAccountId, provider, new KeyPairSigner(key))
    await contract.deployContract(CONTRACT)
  })
  after(() => chain.stop())

  it('calls a contract, and sees what it returned, logged and stored', async () => {
    const before = await contract.getState()
    const outcome = await root.callFunctionRaw({
      contractId: contract.accountId,
      methodName: 'put',
    })
    expect(outcome.final_execution_status).to.equal('FINAL')
    expect(outcome.receipts_outcome[0]?.outcome.logs).to.deep.equal(['hi'])
    expect(outcome.status).to.deep.equal({ SuccessValue: 'aGk=' })
    const after = await contract.getState()
    expect(after.storageUsage - before.storageUsage).to.equal(2 + 2 + 40)
  })

  it('refuses in a view what writes', async () => {
    const view = { contractId: contract.accountId, methodName: 'put' }
    const error = await provider.callFunction({ ...view, method: 'put', args: {} }).catch(String)
    expect(error).to.contain('ProhibitedInView { method_name: "storage_write" }')
  })

  it('tells a trap', async () => {
    const call = { contractId: contract.accountId, methodName: 'fail' }
    const error = await root.callFunctionRaw(call).catch(String)
    expect(error).to.contain('An `unreachable` opcode was executed')
  })

  it('lets a function-call key do what it is for, and nothing else', async () => {
    const key = KeyPair.fromRandom('ed25519')
    await root.addFunctionCallAccessKey({
      publicKey: key.getPublicKey(),
      contractId: contract.accountId,
      methodNames: ['put'],
      allowance: NEAR,
    })
    const limited = new Account(root.accountId, provider, new KeyPairSigner(key))
    const call = { contractId: contract.accountId, methodName: 'put' }
    const outcome = await limited.callFunctionRaw(call)
    expect(outcome.status).to.deep.equal({ SuccessValue: 'aGk=' })
    const other = await limited.callFunctionRaw({ ...call, methodName: 'fail' }).catch(String)
    expect(other).to.contain('MethodNameMismatch')
    const paying = await limited.callFunctionRaw({ ...call, deposit: 1n }).catch(String)
    expect(paying).to.contain('DepositWithFunctionCall')
  })
})
