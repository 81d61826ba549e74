/** Rows of the conformance list that only Ethereum has: identities are bound to accounts, and the price of a look-up can be read off. */
import { expect } from 'chai'
import { Wallet, ZeroAddress } from 'ethers'
import { abiOf, hex } from '../../../src/chains/ethereum/contracts/codec.ts'
import type { Signer } from '../../../src/node/anchor/anchor.ts'
import { accountOf, binding, type BindingOptions } from '../../support/ethereum-proofs.ts'
import { add, impostor, nameOf, remove, Scene } from '../../support/ethereum-scene.ts'
import { person } from '../anchor-support.ts'

const HOUR = 3600n
const BATCH = 16

describe('anchor: ethereum, identities', function () {
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

  const bind = async (options: BindingOptions = {}, who = d): Promise<string> =>
    nameOf(await t.bench.send(await binding(t.bench, who, options)))
  const accountNow = async (): Promise<unknown> =>
    (await t.bench.view('accountOf', [hex(d.publicKey)], t.bench.registry))[0]

  it('[74] lets the account speak that the identity is bound to now', async () => {
    await t.begin(d)
    const leave = { kind: 'leave' } as const
    const [old, account] = [accountOf(d), new Wallet(hex(new Uint8Array(32).fill(3)))]
    const asks = async (from: string): Promise<string> => {
      const call = await t.signed(d, leave, { door: 'sender' })
      return t.tried({ ...call, from })
    }
    expect(await t.tried(await t.signed(d, leave, { door: 'account' }))).to.equal('NotBound')
    expect(await asks(old.address)).to.equal('NotBound')
    expect(await bind()).to.equal('accepted')
    expect(await asks(old.address)).to.equal('accepted')
    expect(await t.tried(await t.signed(d, leave, { door: 'account' }))).to.equal('accepted')
    // bound again: the new account speaks, the old one no more
    expect(await bind({ account, nonce: 2n })).to.equal('accepted')
    expect(await accountNow()).to.equal(account.address)
    expect(await asks(account.address)).to.equal('accepted')
    expect(await asks(old.address)).to.equal('BadSignature')
    expect(await t.tried(await t.signed(d, leave, { door: 'account' }))).to.equal('BadSignature')
    // to no account: nobody but the identity itself
    expect(await bind({ address: ZeroAddress, consent: '0x', nonce: 3n })).to.equal('accepted')
    expect(await asks(account.address)).to.equal('NotBound')
    expect(await asks(ZeroAddress)).to.equal('NotBound')
    expect(await t.outcome(d, leave)).to.equal('accepted')
  })

  it('[75] binds by proof of both keys, in order, and no weak key', async () => {
    const { bench, x } = t
    expect(await bind({ nonce: 0n })).to.equal('BindStale')
    for (const nonce of [2n, 5n, (1n << 64n) - 1n]) {
      expect(await bind({ nonce })).to.equal('BindStale')
    }
    expect(await bind({ nonce: 1n })).to.equal('accepted')
    // the number that it has, the one before and the one after the next
    for (const nonce of [1n, 0n, 3n]) expect(await bind({ nonce })).to.equal('BindStale')
    // the other key's word
    const account = accountOf(x)
    expect(await bind({ nonce: 2n, consentOf: account })).to.equal('BadSignature')
    expect(await bind({ nonce: 2n, signWith: x })).to.equal('BadSignature')
    expect(await bind({ nonce: 2n, consent: '0x' })).to.equal('BadSignature')
    expect(await bind({ nonce: 2n, consent: '0x00' })).to.equal('BadSignature')
    // words for another registry, or another chain
    expect(await bind({ nonce: 2n, registry: bench.anchor })).to.equal('BadSignature')
    expect(await bind({ nonce: 2n, chainId: 1 })).to.equal('BadSignature')
    expect(await bind({ nonce: 2n, digest: new Uint8Array(32) })).to.equal('BadSignature')
    // out of its time
    const now = await bench.now()
    expect(await bind({ nonce: 2n, validUntil: now - 1n })).to.equal('Expired')
    expect(await bind({ nonce: 2n, validUntil: now + 25n * HOUR })).to.equal('Expired')
    const weak = impostor(d, Uint8Array.of(1, ...new Uint8Array(31)))
    expect(await bind({ account: accountOf(d) }, weak)).to.equal('WeakKey')
    expect(await accountNow()).to.equal(accountOf(d).address)
    expect(await bind({ nonce: 2n })).to.equal('accepted')
    const [nonce] = await bench.view('bindingNonce', [hex(d.publicKey)], bench.registry)
    expect(nonce).to.equal(2n)
  })

  it('[75] announces who speaks for whom', async () => {
    const call = await binding(t.bench, d)
    const [bound] = await t.must(await t.bench.send(call))
    const identity = hex(d.publicKey)
    const { address: account } = accountOf(d)
    expect(bound).to.deep.equal({ name: 'KeyBound', args: { identity, account, nonce: 1n } })
    const none = await binding(t.bench, d, { address: ZeroAddress, consent: '0x', nonce: 2n })
    const [unbound] = await t.must(await t.bench.send(none))
    expect(unbound).to.deep.equal({ name: 'KeyUnbound', args: { identity, account, nonce: 2n } })
  })

  it('[44] costs the same for one member as for a thousand', async () => {
    const { a, b, c, bench } = t
    await t.begin()
    // what is kept of who went makes its return cheaper: each time somebody else
    const measure = async (who: Signer): Promise<readonly number[]> => {
      const added = await t.send(a, add(who))
      const args = [hex(t.group), hex(who.publicKey)]
      const data = abiOf('ContextAnchor').encodeFunctionData('hasMember', args)
      const asked = Number(await bench.request('eth_estimateGas', { to: bench.anchor, data }))
      await t.must(await t.send(a, remove(who)))
      return [added.error === undefined ? added.gas : NaN, asked]
    }
    const alone = await measure(b)
    for (let from = 0; from < 1000; from += BATCH) {
      const crowd = Array.from({ length: BATCH }, (_, index) => person(`crowd ${from + index}`))
      await t.must(await t.send(a, add(...crowd)))
    }
    // no look-up depends on the count, which is a number in the header and nothing else
    const crowded = await measure(c)
    for (const [index, gas] of alone.entries()) {
      expect(crowded[index]).to.be.within(gas * 0.95, gas * 1.05)
    }
  })
})
