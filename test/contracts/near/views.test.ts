/** What the contracts of NEAR answer: the largest pages, the registry's views, and the calls that wallets know (NEP-145). */
import { expect } from 'chai'
import { args } from '../../../src/chains/near/contracts/layouts.ts'
import type { Operation } from '../../../src/node/anchor/operations.ts'
import {
  derivePackageId,
  packageEnvelopeCodec,
} from '../../../src/node/anchor/packages/envelope.ts'
import type { PackageOperation } from '../../../src/node/anchor/packages/operations.ts'
import { ED25519_SCHEME } from '../../../src/node/anchor/ticket.ts'
import { signedArgs } from '../../../src/chains/near/contracts/codec.ts'
import { fromUtf8, toHex, utf8 } from '../../../src/node/primitives/bytes.ts'
import { application, person } from '../../compliance/anchor-support.ts'
import { creationOf, NAME, publishing, yanking } from '../../compliance/package-support.ts'
import { add } from '../../support/ethereum-scene.ts'
import { NEAR, NearBench } from '../../support/near-contracts.ts'
import { PLENTY, priceOf, Scene } from '../../support/near-scene.ts'

describe('near contracts: what they answer', function () {
  this.timeout(60_000)

  it('a page of what is remembered, however large its events, within what a view may burn', async () => {
    const t = await new Scene().begin()
    for (let at = 0; at < 100; at++) {
      const size = { source: 'x'.repeat(512), metadata: new Uint8Array(1024) }
      const large = { ...application(at % 2), ...size }
      const operation: Operation = { kind: 'updateApplication', application: large }
      t.must(await t.send(t.a, operation))
    }
    const { items, next, oldest } = t.changes(1n, 1000)
    expect([items.length, next, oldest]).to.deep.equal([100, 101n, 0n])
    expect(t.told(1n)).to.deep.equal(Array(100).fill('ApplicationUpdated'))
    expect(t.changes(undefined, 1).items[0]?.place).to.equal(0n)
    expect(t.changes(500n, 9).items).to.deep.equal([])
    const { version, network, predecessor, operations } = t.ask('info')
    expect([version, fromUtf8(network), predecessor, operations]).to.deep.equal([
      ...[2, 'localnet', undefined, 101n],
    ])
  })

  it('a page of members, as many as there may be', async () => {
    const t = await new Scene().begin()
    for (let from = 0; from < 112; from += 16) {
      const crowd = Array.from({ length: 16 }, (_, at) => person(`crowd ${from + at}`))
      t.must(await t.send(t.a, add(...crowd)))
    }
    expect([t.page(0, 1000)?.items.length, t.page(100, 100)?.items.length]).to.deep.equal([100, 13])
  })

  it('packages and releases, and credit of a package for its storage', async () => {
    const bench = new NearBench()
    const account = bench.deploy('packages')
    const scene = new Scene(bench, account)
    const { a } = scene
    const id = derivePackageId(a.publicKey, NAME)
    let nonce = 0n
    const send = async (operation: PackageOperation, deposit: bigint): Promise<bigint> => {
      const envelope = packageEnvelopeCodec.encode({
        ...{ domain: scene.domain, subject: id, signer: a.publicKey, nonce, operation },
        validUntil: bench.now + 60n,
      })
      const { signature } = await ED25519_SCHEME.signEnvelope(envelope, a)
      const { growth } = scene.check({ envelope, signature })
      scene.must(scene.call('apply', signedArgs({ envelope, signature }), { deposit }))
      nonce += 1n
      return growth
    }
    await send(creationOf(), NEAR)
    const unknown = scene.call('group_deposit', new Uint8Array(32), PLENTY)
    expect(unknown.error).to.equal('E40:PackageNotFound')
    scene.must(scene.call('group_deposit', id, { deposit: 5n * NEAR }))
    const credit = scene.credit(id)
    const growth = await send(publishing('1.0.0'), 0n)
    expect(credit - scene.credit(id)).to.equal(priceOf(growth))
    const sources = Array.from({ length: 4 }, () => 'u'.repeat(512))
    for (let at = 1; at <= 40; at++) await send(publishing(`1.0.${at}`, { sources }), 0n)
    await send(publishing('2.0.0-rc.1'), 0n)
    await send(yanking('1.0.40'), 0n)
    expect(scene.ask('package', id)).to.include({ name: NAME, releases: 42, available: 41 })
    const page = scene.ask('releases', args.page.encode({ id, offset: 0, length: 99 }))
    expect([page?.total, page?.items.length, page?.items[0]?.slot]).to.deep.equal([42, 32, 41])
    const { stable, preRelease } = scene.ask('latest', id)
    expect([stable?.slot, preRelease?.slot]).to.deep.equal([39, 41])
    const yanked = scene.ask('release', args.version.encode({ id, version: '1.0.40' }))
    expect([yanked?.slot, yanked?.yankReason]).to.deep.equal([40, 'broken'])
    expect(toHex(yanked?.publisher ?? id)).to.equal(toHex(a.publicKey))
    expect(scene.ask('nonce', a.publicKey)).to.equal(nonce)
    expect(scene.ask('nonce', scene.x.publicKey)).to.equal(0n)
  })

  it('credit of accounts as wallets ask for it', () => {
    const t = new Scene()
    const ask = (method: string, given: object): unknown =>
      JSON.parse(fromUtf8(t.view(method, utf8(JSON.stringify(given)))))
    const account_id = 'other.near'
    const least = priceOf(121)
    expect(ask('storage_balance_bounds', {})).to.deep.equal({ min: `${least}`, max: null })
    expect(ask('storage_balance_of', { account_id })).to.equal(null)
    const deposit = (given: object, amount: bigint): unknown[] => {
      const call = t.call('storage_deposit', utf8(JSON.stringify(given)), { deposit: amount })
      return [call.error, call.transfers.map((transfer) => transfer.amount)]
    }
    const short = 'the deposit is less than the record of it costs'
    expect(deposit({ account_id }, least - 1n)).to.deep.equal([short, []])
    const register = { account_id, registration_only: true }
    expect(deposit(register, NEAR)).to.deep.equal([undefined, [NEAR - least]])
    expect(deposit(register, NEAR)).to.deep.equal([undefined, [NEAR]])
    expect(deposit({ account_id, registration_only: null }, 5n)).to.deep.equal([undefined, []])
    const balance = { total: `${least + 5n}`, available: '5' }
    expect(ask('storage_balance_of', { account_id })).to.deep.equal(balance)
    for (const wrong of [{ account_id: 'NO' }, { account_id: true }, [], { account_id: 7 }]) {
      expect(deposit(wrong, NEAR)[0], JSON.stringify(wrong)).to.match(/^expected /)
    }
  })
})
