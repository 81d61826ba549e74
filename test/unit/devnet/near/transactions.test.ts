import { expect } from 'chai'
import { actions, buildDelegateAction, encodeDelegateAction, KeyPair, Signature } from 'near-api-js'
import { TransactionRefused } from '../../../../src/devnet/near/chain/failures.ts'
import { seededKeyPair } from '../../../../src/devnet/near/codec/keys.ts'
import { toBase58 } from '../../../../src/node/primitives/bytes.ts'
import { sha256 } from '../../../../src/node/primitives/hash.ts'
import { BALANCE, NEAR, DevnetScene, resultOf, TGAS } from '../../../support/devnet-scene.ts'

const CONTRACT = `(module
  (import "env" "value_return" (func $return (param i64 i64)))
  (import "env" "storage_write" (func $write (param i64 i64 i64 i64 i64) (result i64)))
  (memory 1) (data (i32.const 0) "ok")
  (func (export "get") (call $return (i64.const 2) (i64.const 0)))
  (func (export "fill")
    (drop (call $write (i64.const 2) (i64.const 0) (i64.const 50000) (i64.const 0) (i64.const 0)))))`

/** NEAR's error of a transaction that is refused. */
async function refusalOf(sending: Promise<unknown>): Promise<unknown> {
  try {
    await sending
    return undefined
  } catch (error) {
    if (error instanceof TransactionRefused) return error.error
    throw error
  }
}

async function scene(): Promise<DevnetScene> {
  const made = new DevnetScene(['alice', 'bob'])
  await made.deploy('bob', CONTRACT)
  return made
}

describe('a transaction is refused', () => {
  it('with a nonce that was used, or is below one that was', async () => {
    const near = await scene()
    await near.send('alice', 'bob', [actions.transfer(1n)], { nonce: 7n })
    for (const nonce of [7n, 6n]) {
      const refused = near.send('alice', 'bob', [actions.transfer(2n)], { nonce })
      expect(await refusalOf(refused)).to.deep.equal({
        InvalidNonce: { tx_nonce: Number(nonce), ak_nonce: 7 },
      })
    }
    await near.send('alice', 'bob', [actions.transfer(2n)], { nonce: 100n })
  })

  it('with a nonce that is far above the height', async () => {
    const near = await scene()
    const bound = BigInt(near.chain.blocks.head.height + 1) * 1_000_000n
    const send = (nonce: bigint): Promise<unknown> =>
      near.send('alice', 'bob', [actions.transfer(1n)], { nonce })
    expect(await refusalOf(send(bound))).to.deep.equal({
      NonceTooLarge: { tx_nonce: Number(bound), upper_bound: Number(bound) },
    })
    expect(await refusalOf(send(bound - 1n))).to.equal(undefined)
  })

  it('naming a block that nobody knows, or that is too old', async () => {
    const near = await scene()
    const old = near.chain.blocks.head.hash
    const send = (blockHash: string): Promise<unknown> =>
      near.send('alice', 'bob', [actions.transfer(1n)], { blockHash })
    expect(await refusalOf(send(toBase58(new Uint8Array(32))))).to.equal('Expired')
    near.chain.fastForward(near.chain.parameters.validityBlocks - 3)
    const last = near.chain.snapshot()
    near.chain.mine(1)
    expect(await refusalOf(send(old))).to.equal('Expired')
    near.chain.revert(last)
    expect(await refusalOf(send(old))).to.equal(undefined)
  })

  it('with a signature of somebody else, or of something else', async () => {
    const near = await scene()
    const signed = await near.sign('alice', 'bob', [actions.transfer(1n)])
    const bytes = Uint8Array.from(signed.signature.bytes, (byte, i) => (i === 5 ? byte ^ 1 : byte))
    const signature = { ...signed.signature, bytes }
    const submit = async (): Promise<void> => near.chain.submit({ ...signed, signature })
    expect(await refusalOf(submit())).to.equal('InvalidSignature')
    const stranger = KeyPair.fromRandom('ed25519').toString()
    const unknown = near.send('alice', 'bob', [actions.transfer(1n)], { key: stranger })
    expect(JSON.stringify(await refusalOf(unknown))).to.contain('AccessKeyNotFound')
  })

  it('of an account that is not there, or cannot pay', async () => {
    const near = await scene()
    const key = seededKeyPair('alice').secretKey
    const nobody = near.send('nobody', 'bob', [actions.transfer(1n)], { key })
    expect(await refusalOf(nobody)).to.deep.equal({ SignerDoesNotExist: { signer_id: 'nobody' } })
    const much = near.send('alice', 'bob', [actions.transfer(BALANCE)])
    expect(JSON.stringify(await refusalOf(much))).to.contain('NotEnoughBalance')
  })

  it('that would leave less than its storage takes', async () => {
    const near = await scene()
    await near.call('alice', 'bob', 'fill')
    const { amount, storage } = near.account('bob')
    const stake = storage * near.chain.parameters.storage.amountPerByte
    const keep = amount - stake
    const refused = near.send('bob', 'alice', [actions.transfer(keep)])
    expect(JSON.stringify(await refusalOf(refused))).to.match(
      /LackBalanceForState|NotEnoughBalance/,
    )
    expect(await refusalOf(near.send('bob', 'alice', [actions.transfer(keep - NEAR)]))).to.equal(
      undefined,
    )
  })

  it('with too much gas, too many actions, or a deletion that is not the last', async () => {
    const near = await scene()
    const call = (gas: bigint): ReturnType<typeof actions.functionCall> =>
      actions.functionCall('get', {}, gas, 0n)
    const refusal = async (list: Parameters<DevnetScene['send']>[2]): Promise<string> =>
      JSON.stringify(await refusalOf(near.send('alice', 'bob', list)))
    expect(await refusal([call(600n * TGAS), call(401n * TGAS)])).to.contain(
      'TotalPrepaidGasExceeded',
    )
    expect(await refusal([call(0n)])).to.contain('FunctionCallZeroAttachedGas')
    const many = Array.from({ length: 101 }, () => actions.transfer(1n))
    expect(await refusal(many)).to.contain('TotalNumberOfActionsExceeded')
    expect(await refusal([actions.deleteAccount('bob'), actions.transfer(1n)])).to.contain(
      'DeleteActionMustBeFinal',
    )
  })

  it('the second time it comes, as nothing new', async () => {
    const near = await scene()
    const { transaction } = await near.send('alice', 'bob', [actions.transfer(1n)])
    const amount = near.account('bob').amount
    near.chain.submit(transaction)
    expect(near.account('bob').amount).to.equal(amount)
  })
})

describe('a function-call key', () => {
  const pair = KeyPair.fromRandom('ed25519')
  const key = pair.toString()
  async function limited(allowance?: bigint): Promise<DevnetScene> {
    const near = await scene()
    const added = actions.addFunctionCallAccessKey(pair.getPublicKey(), 'bob', ['get'], allowance)
    await near.send('alice', 'alice', [added])
    return near
  }

  it('calls what it is for, and nothing else, and pays nothing but gas', async () => {
    const near = await limited(NEAR)
    const { outcomes } = await near.call('alice', 'bob', 'get', { key, gas: 10n * TGAS })
    expect(resultOf(near, outcomes)).to.equal('value:ok')
    const refusal = async (sending: Promise<unknown>): Promise<unknown> => {
      const { InvalidAccessKeyError } = (await refusalOf(sending)) as Record<string, unknown>
      return InvalidAccessKeyError
    }
    expect(await refusal(near.call('alice', 'bob', 'fill', { key }))).to.deep.equal({
      MethodNameMismatch: { method_name: 'fill' },
    })
    expect(await refusal(near.call('alice', 'alice', 'get', { key }))).to.deep.equal({
      ReceiverMismatch: { tx_receiver: 'alice', ak_receiver: 'bob' },
    })
    expect(await refusal(near.call('alice', 'bob', 'get', { key, deposit: 1n }))).to.equal(
      'DepositWithFunctionCall',
    )
    const get = actions.functionCall('get', {}, TGAS, 0n)
    for (const list of [[actions.transfer(1n)], [get, get], [get, actions.transfer(1n)]]) {
      expect(await refusal(near.send('alice', 'bob', list, { key }))).to.equal('RequiresFullAccess')
    }
  })

  it('has an allowance that gas is taken from, and paid back to', async () => {
    const near = await limited(NEAR)
    const allowance = (): bigint => {
      const permission = near.chain.state.key('alice', pair.getPublicKey().toString())?.permission
      return typeof permission === 'object' ? (permission.allowance ?? 0n) : 0n
    }
    const { outcomes } = await near.call('alice', 'bob', 'get', { key, gas: 100n * TGAS })
    const burnt = outcomes.reduce((sum, { tokensBurnt }) => sum + tokensBurnt, 0n)
    expect(NEAR - allowance()).to.equal(burnt)
  })

  it('whose allowance is too small for the gas of a call cannot make it', async () => {
    const near = await limited(NEAR / 1000n)
    const refused = await refusalOf(near.call('alice', 'bob', 'get', { key, gas: 100n * TGAS }))
    expect(JSON.stringify(refused)).to.contain('NotEnoughAllowance')
    expect(await refusalOf(near.call('alice', 'bob', 'get', { key, gas: 5n * TGAS }))).to.equal(
      undefined,
    )
  })

  it('without allowance spends what the account has', async () => {
    const near = await limited()
    expect(await refusalOf(near.call('alice', 'bob', 'get', { key }))).to.equal(undefined)
  })

  it('begins at a nonce that no transaction before it had', async () => {
    const near = await limited(NEAR)
    const { nonce } = near.chain.state.key('alice', pair.getPublicKey().toString()) ?? { nonce: 0n }
    const height = BigInt(near.chain.blocks.head.height)
    expect(nonce % 1_000_000n).to.equal(0n)
    expect(nonce > 0n && nonce < height * 1_000_000n).to.equal(true)
  })

  it('that was removed is no key any more', async () => {
    const near = await limited(NEAR)
    await near.send('alice', 'alice', [actions.deleteKey(pair.getPublicKey())])
    const refused = await refusalOf(near.call('alice', 'bob', 'get', { key }))
    expect(JSON.stringify(refused)).to.contain('AccessKeyNotFound')
  })
})

describe('an action fails, and with it all of its receipt', () => {
  const failure = async (
    near: DevnetScene,
    receiver: string,
    list: Parameters<DevnetScene['send']>[2],
  ): Promise<string> => resultOf(near, (await near.send('alice', receiver, list)).outcomes)

  it('where an account is made by one that may not, or is there already', async () => {
    const near = await scene()
    expect(await failure(near, 'sub.bob', [actions.createAccount()])).to.contain(
      'CreateAccountNotAllowed',
    )
    expect(await failure(near, 'top', [actions.createAccount()])).to.contain(
      'CreateAccountOnlyByRegistrar',
    )
    expect(await failure(near, 'bob', [actions.createAccount()])).to.contain('AccountAlreadyExists')
    expect(await failure(near, '11'.repeat(32), [actions.createAccount()])).to.contain(
      'OnlyImplicitAccountCreationAllowed',
    )
  })

  it('where somebody else’s account is changed', async () => {
    const near = await scene()
    const added = actions.addFullAccessKey(KeyPair.fromRandom('ed25519').getPublicKey())
    expect(await failure(near, 'bob', [added])).to.contain('ActorNoPermission')
    expect(await failure(near, 'bob', [actions.deployContract(new Uint8Array(1))])).to.contain(
      'ActorNoPermission',
    )
    expect(await failure(near, 'bob', [actions.deleteAccount('alice')])).to.contain(
      'ActorNoPermission',
    )
  })

  it('where an account cannot pay for its storage; nothing of it stays', async () => {
    const near = await scene()
    const code = new Uint8Array(200_000)
    const made = [actions.createAccount(), actions.transfer(NEAR), actions.deployContract(code)]
    expect(await failure(near, 'sub.alice', made)).to.contain('LackBalanceForState')
    expect(near.chain.state.account('sub.alice')).to.equal(undefined)
    const enough = [
      actions.createAccount(),
      actions.transfer(3n * NEAR),
      actions.deployContract(code),
    ]
    expect(await failure(near, 'sub.alice', enough)).to.equal('value:')
    expect(near.account('sub.alice').storage).to.equal(200_100n)
  })

  it('but an account of few bytes needs no tokens', async () => {
    const near = await scene()
    const key = actions.addFullAccessKey(KeyPair.fromRandom('ed25519').getPublicKey())
    expect(await failure(near, 'sub.alice', [actions.createAccount(), key])).to.equal('value:')
    expect(near.account('sub.alice')).to.include({ amount: 0n, storage: 182n })
  })

  it('and one transaction creates an account, deploys, initialises and leaves no key', async () => {
    const near = await scene()
    const { outcomes } = await near.send('alice', 'sub.alice', [
      actions.createAccount(),
      actions.transfer(5n * NEAR),
      actions.deployContract(near.chain.state.code(near.account('bob'))?.bytes ?? new Uint8Array()),
      actions.functionCall('get', {}, 10n * TGAS, 0n),
    ])
    expect(resultOf(near, outcomes)).to.equal('value:ok')
    expect(near.chain.state.keysOf('sub.alice')).to.deep.equal([])
  })
})

describe('a delegate action (NEP-366)', () => {
  it('lets one account sign and another pay', async () => {
    const near = await scene()
    const pair = KeyPair.fromString(seededKeyPair('alice').secretKey)
    const delegate = buildDelegateAction({
      actions: [actions.functionCall('get', {}, 10n * TGAS, 0n)],
      maxBlockHeight: 1000n,
      nonce: 5n,
      publicKey: pair.getPublicKey(),
      receiverId: 'bob',
      senderId: 'alice',
    })
    const { signature } = pair.sign(sha256(encodeDelegateAction(delegate)))
    const signed = actions.signedDelegate({
      delegateAction: delegate,
      signature: new Signature({ keyType: 0, data: signature }),
    })
    const before = near.account('alice').amount
    const { outcomes } = await near.send('bob', 'alice', [signed])
    expect(
      outcomes.some(({ executorId, status }) => executorId === 'bob' && status.type === 'value'),
    ).to.equal(true)
    expect(near.account('alice').amount).to.equal(before)
    const again = await near.send('bob', 'alice', [signed])
    expect(resultOf(near, again.outcomes)).to.contain('DelegateActionInvalidNonce')
  })
})
