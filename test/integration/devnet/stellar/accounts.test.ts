/** Accounts on the local Stellar network: signers, thresholds, numbers, and their end. */
import {
  Asset,
  Horizon,
  Keypair,
  Memo,
  MuxedAccount,
  NotFoundError,
  Operation,
  rpc,
  StrKey,
  TransactionBuilder,
  type xdr,
} from '@stellar/stellar-sdk'
import { expect } from 'chai'
import { sha256 } from '../../../../src/node/primitives/hash.ts'
import {
  invocation,
  openStellar,
  resultOf,
  type StellarWorld,
  sym,
  u32,
} from '../../../support/stellar-devnet.ts'
import { KEEPER } from '../../../support/stellar-wat.ts'

describe('accounts on the local Stellar network', () => {
  let world: StellarWorld
  before(async () => {
    world = await openStellar()
  })
  after(() => world.chain.stop())

  /** Sends it with these signatures: what came of it. */
  async function sent(
    operation: xdr.Operation,
    of: Keypair,
    ...signers: readonly Keypair[]
  ): Promise<string> {
    const tx = await world.build(operation, { keys: of })
    for (const one of signers) tx.sign(one)
    const { status, hash, errorResult } = await world.server.sendTransaction(tx)
    if (status === 'ERROR') return errorResult ? resultOf({ resultXdr: errorResult }) : status
    const done = await world.server.getTransaction(hash)
    if (done.status === rpc.Api.GetTransactionStatus.NOT_FOUND) return done.status
    return resultOf(done)
  }

  it('are told of as Horizon does, to the SDK’s client of it', async () => {
    const [own, second] = [await world.account(), Keypair.random()]
    const horizon = new Horizon.Server(world.chain.url, { allowHttp: true })
    const hash = sha256(new Uint8Array(1))
    for (const signer of [
      { ed25519PublicKey: second.publicKey() },
      { sha256Hash: Buffer.from(hash) },
    ]) {
      const set = Operation.setOptions({ signer: { ...signer, weight: 3 } })
      expect(await sent(set, own, own)).to.equal('setOptionsSuccess')
    }
    const change = {
      masterWeight: 0,
      medThreshold: 2,
      homeDomain: 'a.example',
      setFlags: 2 as const,
    }
    expect(await sent(Operation.setOptions(change), own, own)).to.equal('setOptionsSuccess')
    const told = await horizon.loadAccount(own.publicKey())
    const entry = await world.server.getAccountEntry(own.publicKey())
    expect(told.sequenceNumber()).to.equal(String(entry.seqNum))
    expect(told.thresholds).to.deep.equal({ low_threshold: 0, med_threshold: 2, high_threshold: 0 })
    expect(told.signers).to.have.deep.members([
      { weight: 3, key: second.publicKey(), type: 'ed25519_public_key' },
      { weight: 3, key: StrKey.encodeSha256Hash(Buffer.from(hash)), type: 'sha256_hash' },
      { weight: 0, key: own.publicKey(), type: 'ed25519_public_key' },
    ])
    expect(told.home_domain).to.equal('a.example')
    expect(told.flags.auth_revocable).to.equal(true)
    expect(told.balances[0]?.balance).to.equal('9999.9999700')
    const asked = horizon.loadAccount(second.publicKey())
    const refused: unknown = await asked.catch((error: unknown) => error)
    expect(refused).to.be.instanceOf(NotFoundError)
  })

  const pay = (to: Keypair): xdr.Operation =>
    Operation.payment({ destination: to.publicKey(), asset: Asset.native(), amount: '1' })

  it('need as much weight as their thresholds say, of whichever signers', async () => {
    const [own, second, third] = [await world.account(), Keypair.random(), Keypair.random()]
    const signer = (keys: Keypair, weight: number): xdr.Operation =>
      Operation.setOptions({ signer: { ed25519PublicKey: keys.publicKey(), weight } })
    expect(await sent(signer(second, 2), own, own)).to.equal('setOptionsSuccess')
    expect(await sent(signer(third, 1), own, own)).to.equal('setOptionsSuccess')
    const entry = await world.server.getAccountEntry(own.publicKey())
    expect([entry.signers.length, entry.numSubEntries]).to.deep.equal([2, 2])
    const thresholds = Operation.setOptions({
      ...{ masterWeight: 1, lowThreshold: 1, medThreshold: 2, highThreshold: 3 },
    })
    expect(await sent(thresholds, own, own)).to.equal('setOptionsSuccess')
    expect(await sent(pay(second), own, own)).to.equal('opBadAuth')
    expect(await sent(pay(own), own, own, third)).to.equal('paymentSuccess')
    expect(await sent(pay(own), own, second)).to.equal('paymentSuccess')
    expect(await sent(pay(own), own, second, Keypair.random())).to.equal('txBadAuthExtra')
    const bump = Operation.bumpSequence({ bumpTo: '0' })
    expect(await sent(bump, own, third)).to.equal('bumpSequenceSuccess')
    const close = Operation.setOptions({ masterWeight: 0 })
    expect(await sent(close, own, own, third)).to.equal('opBadAuth')
    expect(await sent(close, own, second, third)).to.equal('setOptionsSuccess')
    // a key without weight signs nothing any more
    expect(await sent(pay(own), own, own)).to.equal('txBadAuth')
    expect(await sent(pay(own), own, own, second)).to.equal('txBadAuthExtra')
    expect(await sent(pay(own), own, second)).to.equal('paymentSuccess')
    expect(await sent(signer(third, 0), own, second, third)).to.equal('setOptionsSuccess')
    expect((await world.server.getAccountEntry(own.publicKey())).numSubEntries).to.equal(1)
  })

  it('agree by what a hash is of, where it is a signer', async () => {
    const own = await world.account()
    const preimage = Buffer.from('something that only we know')
    const hash = Buffer.from(sha256(preimage))
    const add = Operation.setOptions({ signer: { sha256Hash: hash, weight: 1 } })
    expect(await sent(add, own, own)).to.equal('setOptionsSuccess')
    const tx = await world.build(pay(own), { keys: own })
    tx.signHashX(preimage)
    expect(resultOf(await world.send(tx))).to.equal('paymentSuccess')
  })

  it('refuse options that the network refuses', async () => {
    const own = await world.account()
    const refused = async (options: Parameters<typeof Operation.setOptions>[0]): Promise<string> =>
      sent(Operation.setOptions(options), own, own)
    const self = { ed25519PublicKey: own.publicKey(), weight: 1 }
    expect(await refused({ signer: self })).to.equal('setOptionsBadSigner')
    expect(await refused({ setFlags: 1, clearFlags: 1 })).to.equal('setOptionsBadFlags')
    const preAuth = { preAuthTx: Buffer.alloc(32, 1), weight: 1 }
    expect(await refused({ signer: preAuth })).to.equal('opNotSupported')
  })

  it('are merged into others, with all that they have, unless their number is too high', async () => {
    const [own, other] = [await world.account(), await world.account()]
    const before = (await world.server.getAccountEntry(other.publicKey())).balance
    const merge = Operation.accountMerge({ destination: other.publicKey() })
    const far = (BigInt((await world.chain.sequence()) + 1000) << 32n).toString()
    const ahead = await world.account()
    const bump = Operation.bumpSequence({ bumpTo: far })
    expect(await sent(bump, ahead, ahead)).to.equal('bumpSequenceSuccess')
    expect(await sent(merge, ahead, ahead)).to.equal('accountMergeSeqnumTooFar')
    expect(await sent(merge, other, other)).to.equal('accountMergeMalformed')
    expect(await sent(merge, own, own)).to.equal('accountMergeSuccess')
    const { balance } = await world.server.getAccountEntry(other.publicKey())
    expect(balance).to.equal(before + 100_000_000_000n - 200n)
    expect(await sent(pay(other), world.keys, world.keys)).to.equal('paymentSuccess')
    expect(await sent(pay(own), world.keys, world.keys)).to.equal('paymentNoDestination')
  })

  it('are paid by many operations in one, of which all succeed or none', async () => {
    const [own, other] = [await world.account(), await world.account()]
    const account = await world.server.getAccount(own.publicKey())
    const muxed = new MuxedAccount(account, '7')
    const balance = async (): Promise<bigint> =>
      (await world.server.getAccountEntry(other.publicKey())).balance
    const start = await balance()
    const build = (amount: string): ReturnType<TransactionBuilder['build']> =>
      new TransactionBuilder(muxed, {
        ...{ fee: '200', networkPassphrase: world.chain.networkPassphrase },
      })
        .addOperation(pay(other))
        .addOperation(
          Operation.payment({
            ...{ destination: other.publicKey(), asset: Asset.native(), amount },
          }),
        )
        .addMemo(Memo.text('for both'))
        .setTimeout(0)
        .build()
    const tooMuch = build('100000')
    tooMuch.sign(own)
    const failed = await world.send(tooMuch)
    expect(failed.resultXdr.result.type).to.equal('txFailed')
    expect(await balance()).to.equal(start)
    const both = build('2')
    both.sign(own)
    expect((await world.send(both)).resultXdr.result.type).to.equal('txSuccess')
    expect(await balance()).to.equal(start + 30_000_000n)
  })

  it('get an answer for operations that are not here', async () => {
    const trust = Operation.changeTrust({ asset: new Asset('ABC', world.keys.publicKey()) })
    const own = await world.account()
    expect(await sent(trust, own, own)).to.equal('opNotSupported')
    const asset = new Asset('ABC', world.keys.publicKey())
    const create = Operation.createStellarAssetContract({ asset })
    expect(await world.run(create).catch(String)).to.contain('Error(Context, InternalError)')
    const keeper = await world.deploy(KEEPER)
    const event = invocation(keeper, 'event', sym('a'), u32(1))
    const tx = await world.prepare(event)
    const { ext } = (tx.toEnvelope().value as xdr.TransactionV1Envelope).tx
    if (ext.type !== 'sorobanData') throw new Error(ext.type)
    const memo = TransactionBuilder.cloneFrom(tx)
      .setSorobanData(ext.value)
      .addMemo(Memo.text('no'))
      .build()
    memo.sign(world.keys)
    const { errorResult } = await world.server.sendTransaction(memo)
    expect(errorResult?.result.type).to.equal('txSorobanInvalid')
  })
})
