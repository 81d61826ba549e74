/**
 * Attacks on the package registry that contracts of version 1 took, tried on this one. A test's name says what was seen; the same rules on
 * every anchor are rows of test/compliance/anchor-rows/package-owners.ts and packages.ts.
 */
import { expect } from 'chai'
import { hex } from '../../../src/chains/ethereum/contracts/codec.ts'
import type { Signer } from '../../../src/node/anchor/anchor.ts'
import {
  accepting,
  creationOf,
  owning,
  publishing,
  yanking,
} from '../../compliance/package-support.ts'
import { PackageScene } from '../../support/ethereum-packages.ts'
import { DOORS } from '../../support/ethereum-proofs.ts'
import { nameOf } from '../../support/ethereum-scene.ts'

const DAY = 86_400n
const LAST = 4_294_967_295

describe('ethereum contracts: weaknesses of packages in version 1', function () {
  this.timeout(60_000)
  let t: PackageScene
  let back: () => Promise<void>

  before(async () => {
    t = await PackageScene.start()
  })
  after(async () => t.bench[Symbol.asyncDispose]())
  beforeEach(async () => {
    back = await t.bench.snapshot()
    await must(t.a, creationOf())
  })
  afterEach(async () => back())

  async function must(...request: Parameters<PackageScene['outcome']>): Promise<void> {
    expect(await t.outcome(...request)).to.equal('accepted')
  }

  async function admit(who: Signer, by: Signer = t.a): Promise<void> {
    await must(by, owning('addOwner', who))
    await must(who, accepting())
  }

  /** Owners, and who was offered to be one. */
  async function people(): Promise<readonly [owners: string[], offered: string[]]> {
    const [found] = await t.view('package', hex(t.id))
    const { owners, offered } = found as { owners: string[]; offered: string[] } // by the ABI
    return [[...owners], [...offered]]
  }

  const keys = (...list: readonly Signer[]): string[] => list.map(({ publicKey }) => hex(publicKey))

  it('malware was published, a famous name added, and its publisher left', async () => {
    const { a, x } = t
    const famous = x
    await must(a, publishing('1.0.0'))
    await must(a, owning('addOwner', famous))
    for (const door of DOORS) {
      expect(await t.outcome(a, owning('removeOwner', a), { door })).to.equal('LastOwner')
    }
    expect(await people()).to.deep.equal([keys(a), keys(famous)])
    // nobody else can accept for it: neither its publisher, nor a stranger, by whatever door
    for (const door of DOORS) {
      for (const who of [a, t.b]) {
        expect(await t.outcome(who, accepting(), { door })).to.equal('Unauthorized')
        const forged = await t.outcome(famous, accepting(), { door, signWith: who })
        expect(forged).to.equal('BadSignature')
      }
    }
    // also where it does accept, the release says who published it
    await must(famous, accepting(), { door: 'account' })
    await must(a, owning('removeOwner', a))
    const [release] = await t.view('release', hex(t.id), '1.0.0')
    expect((release as { publisher: string }).publisher).to.equal(hex(a.publicKey))
    const [stable] = await t.view('latest', hex(t.id))
    expect((stable as { publisher: string }).publisher).to.equal(hex(a.publicKey))
  })

  it('who was offered ownership of a package came in behind the owner that was put out', async () => {
    const { a, b, c, x } = t
    await admit(b)
    await must(b, owning('addOwner', c))
    const ready = await t.prove(await t.envelope(c, accepting()), 'ed25519', c)
    await must(a, owning('removeOwner', b))
    const call = t.deliver(ready, 'ed25519', c)
    expect(nameOf(await t.bench.send(call))).to.equal('Unauthorized')
    // nor with what is written into its place afterwards
    await must(a, owning('addOwner', x))
    expect(nameOf(await t.bench.send(call))).to.equal('Unauthorized')
    expect(await people()).to.deep.equal([keys(a), keys(x)])
    await must(x, accepting())
    expect(await t.outcome(c, accepting())).to.equal('Unauthorized')
    expect(await people()).to.deep.equal([keys(a, x), []])
  })

  it('what was accepted once is good once, and ends with its time', async () => {
    const { a, b, x } = t
    await must(a, owning('addOwner', b))
    const signed = await t.prove(await t.envelope(b, accepting()), 'ed25519', b)
    const unsent = await t.envelope(b, accepting(), { nonce: 1n })
    const call = t.deliver(signed, 'ed25519', x)
    // a stranger carries it
    expect(nameOf(await t.bench.send(call))).to.equal('accepted')
    await must(a, owning('removeOwner', b))
    await must(a, owning('addOwner', b))
    expect(nameOf(await t.bench.send(call))).to.equal('BadNonce')
    await t.bench.mineAt((await t.bench.now()) + DAY)
    const late = t.deliver(await t.prove(unsent, 'ed25519', b), 'ed25519', x)
    expect(nameOf(await t.bench.send(late))).to.equal('Expired')
    expect(await people()).to.deep.equal([keys(a), keys(b)])
  })

  it('a co-owner published the last version of a line, was removed, and the line was closed', async () => {
    const { a, b } = t
    await must(a, publishing('1.4.2'))
    await admit(b)
    const top = `${LAST}.${LAST}`
    const burnt = [`1.${LAST}.0`, `1.${top}-z`, `1.${top}`, `2.${top}`, `${LAST}.${top}`]
    for (const version of burnt) await must(b, publishing(version))
    await must(a, owning('removeOwner', b))
    for (const version of ['1.4.3', '2.0.0', `${LAST}.0.0`]) {
      expect(await t.outcome(a, publishing(version)), version).to.equal('VersionTooLow')
    }
    for (const version of burnt) await must(a, yanking(version, 'not ours'))
    for (const version of burnt) {
      expect(await t.outcome(a, publishing(version)), version).to.equal('VersionTooLow')
    }
    for (const version of ['1.4.3', '2.0.0', `${LAST}.0.0`]) await must(a, publishing(version))
  })

  it('a co-owner published as many releases as a package may have, and nobody could any more', async () => {
    const { a, b } = t
    await admit(b)
    // as many as there may be are tried in contracts/ethereum/test/PackageRegistry.t.sol; here what each costs to make and to undo
    const rising = Array.from({ length: 40 }, (_, at) => `1.${LAST}.${LAST - 40 + at}`)
    let [made, undone] = [0, 0]
    for (const version of rising) {
      const outcome = await t.send(b, publishing(version), { door: 'sender' })
      made += 'gas' in outcome ? outcome.gas : Number.NaN
    }
    await must(a, owning('removeOwner', b))
    // all of them, from any end
    for (const version of rising) {
      const outcome = await t.send(a, yanking(version, ''), { door: 'sender' })
      undone += 'gas' in outcome ? outcome.gas : Number.NaN
    }
    expect(undone).to.be.lessThan(made / 2)
    await must(a, publishing('1.0.0'))
  })
})
