/** Bindings to the second, what they are signed over, and accounts of every kind: keys, contracts, and keys that run a contract (EIP-7702). */
import { expect } from 'chai'
import { concat, toBeHex, Transaction, Wallet, zeroPadValue } from 'ethers'
import { abiOf, hex } from '../../../src/chains/ethereum/contracts/codec.ts'
import { MAX_VALIDITY_SECONDS } from '../../../src/node/anchor/limits.ts'
import { utf8 } from '../../../src/node/primitives/bytes.ts'
import { sha256 } from '../../../src/node/primitives/hash.ts'
import { person } from '../../compliance/anchor-support.ts'
import {
  accountOf,
  binding,
  type BindingOptions,
  delivery,
  prove,
} from '../../support/ethereum-proofs.ts'
import { add, nameOf, Scene } from '../../support/ethereum-scene.ts'

/** Creation code of a contract that says yes to everything it is asked by ERC-1271. */
const YES = '0x6f631626ba7e60e01b60005260206000f360005260106010f3'

describe('ethereum contracts: bindings', function () {
  this.timeout(60_000)
  let t: Scene
  let back: () => Promise<void>
  /** Has no account yet. */
  const d = person('D')

  before(async () => {
    t = await Scene.start()
  })
  after(async () => t.bench[Symbol.asyncDispose]())
  beforeEach(async () => {
    back = await t.bench.snapshot()
  })
  afterEach(async () => back())

  const bind = async (options: BindingOptions = {}): Promise<string> =>
    nameOf(await t.bench.send(await binding(t.bench, d, options)))
  const accountNow = async (): Promise<unknown> =>
    (await t.bench.view('accountOf', [hex(d.publicKey)], t.bench.registry))[0]

  it('hold until the last second, and a day ahead', async () => {
    const start = (await t.bench.now()) + 100n
    let nonce = 1n
    for (const [second, ahead, expected] of [
      [start, -1n, 'Expired'],
      [start + 1n, 0n, 'accepted'],
      [start + 2n, MAX_VALIDITY_SECONDS + 1n, 'Expired'],
      [start + 3n, MAX_VALIDITY_SECONDS, 'accepted'],
    ] as const) {
      const call = await binding(t.bench, d, { nonce, validUntil: second + ahead })
      await t.bench.setNext(second)
      expect(nameOf(await t.bench.send(call)), `${ahead} s ahead`).to.equal(expected)
      if (expected === 'accepted') nonce++
    }
  })

  it('are signed for one chain, registry, identity, account, number and time', async () => {
    const { bench, a, x } = t
    for (const [who, account, nonce, validUntil] of [
      [d, accountOf(d).address, 1n, 2_000_000_000n],
      [a, accountOf(x).address, (1n << 64n) - 1n, (1n << 64n) - 2n],
      [x, accountOf(a).address, 0x0102030405060708n, 0x1112131415161718n],
    ] as const) {
      const parts = concat([
        ...[utf8('identity-bind/1'), '0x00', toBeHex(bench.chainId, 32), bench.registry],
        ...[who.publicKey, account, toBeHex(nonce, 8), toBeHex(validUntil, 8)],
      ])
      const fields = [hex(who.publicKey), account, nonce, validUntil]
      const [told] = await bench.view('bindingDigest', fields, bench.registry)
      expect(told).to.equal(hex(sha256(Buffer.from(parts.slice(2), 'hex'))))
    }
  })

  it('take one signature of the identity, and nothing behind it', async () => {
    const { bench } = t
    const call = await binding(bench, d)
    const abi = abiOf('IdentityRegistry')
    const [identity, account, nonce, validUntil, signature, consent] = abi.decodeFunctionData(
      'bind',
      call.data,
    )
    for (const other of [`${String(signature)}00`, String(signature).slice(0, -2), '0x']) {
      const args = [identity, account, nonce, validUntil, other, consent]
      const data = abi.encodeFunctionData('bind', args)
      expect(await t.tried({ ...call, data })).to.equal('BadSignature')
    }
    expect(await t.tried(call)).to.equal('accepted')
  })

  it('ask a contract, and nothing that the chain itself has', async () => {
    const { bench } = t
    for (let at = 1; at < 20; at++) {
      const address = zeroPadValue(toBeHex(at), 20)
      expect(await bind({ address, consent: '0x01' }), address).to.equal('BadSignature')
      // some of them take all the gas that there is
      const block = await bench.request('eth_getBlockByNumber', 'latest', false)
      expect(Number((block as { gasUsed: string }).gasUsed), address).to.be.within(
        21_000,
        1_500_000,
      )
    }
    const wallet = await bench.create(YES)
    expect(await bind({ address: wallet, consent: '0x01' })).to.equal('accepted')
    await t.begin(d)
    const envelope = await t.envelope(d, { kind: 'leave' })
    const signature = Uint8Array.of(1)
    expect(await t.tried(delivery(bench.anchor, { envelope, signature }, 'account'))).to.equal(
      'accepted',
    )
  })

  it('are consented to by the key of an account that runs a contract without ERC-1271', async () => {
    const { bench, a, x } = t
    for (const who of [d, a]) {
      const account = accountOf(who)
      const authorization = account.authorizeSync({
        address: bench.registry,
        nonce: 0,
        chainId: bench.chainId,
      })
      const carrier = Wallet.createRandom()
      const transaction = Transaction.from({
        type: 4,
        ...{ to: carrier.address, nonce: 0, chainId: bench.chainId, gasLimit: 200_000 },
        ...{ maxFeePerGas: 0, maxPriorityFeePerGas: 0, authorizationList: [authorization] },
      })
      transaction.signature = carrier.signingKey.sign(transaction.unsignedHash)
      await bench.request('eth_sendRawTransaction', transaction.serialized)
      const code = await bench.request('eth_getCode', account.address, 'latest')
      expect(code).to.equal(`0xef0100${bench.registry.slice(2).toLowerCase()}`)
    }
    expect(await bind({ consentOf: accountOf(x) })).to.equal('BadSignature')
    expect(await bind()).to.equal('accepted')
    expect(await accountNow()).to.equal(accountOf(d).address)
    // A was bound before its account had code
    expect(await t.create(a)).to.equal('accepted')
    for (const door of ['account', 'sender'] as const) {
      const by = await t.signed(a, add(d), { door })
      expect(await t.tried(by), door).to.equal('accepted')
      const envelope = await t.envelope(a, add(d))
      const foreign = await prove(bench, envelope, door, x)
      const from = door === 'sender' ? accountOf(x).address : undefined
      const call = delivery(bench.anchor, foreign, door, from)
      expect(await t.tried(call), door).to.equal('BadSignature')
    }
  })
})
