/** Rows about who owns a package: offers, which only whom they name turns into ownership, and what stays of those who go. */
import { expect } from 'chai'
import type { Signer } from '../../../src/node/anchor/anchor.ts'
import { derivePackageId } from '../../../src/node/anchor/packages/envelope.ts'
import { PublicKey } from '../../../src/node/primitives/ids.ts'
import { type AnchorBench, crowd } from '../anchor-bench.ts'
import {
  accepting,
  creationOf,
  NAME,
  owning,
  type PackageBench,
  publishing,
  yanking,
} from '../package-support.ts'

const keysOf = (list: readonly Signer[]): readonly PublicKey[] =>
  list.map(({ publicKey }) => publicKey)

/** Registers the tests on a contract. */
export function packageOwnerRows(t: AnchorBench, p: PackageBench): void {
  const { a, b, c, x } = t
  const { create, submit, admit, outcome, publish, record, release } = p

  /** Owners, and who was offered to be one. */
  const people = async (): Promise<unknown> => {
    const { owners, offered } = await record()
    return [owners, offered]
  }

  describe('owners', () => {
    beforeEach(() => create())

    it('[W32] alone change a package', async () => {
      await publish('1.0.0')
      const wanted = [
        ...[publishing('1.0.1'), yanking('1.0.0'), owning('addOwner', x)],
        ...[owning('removeOwner', a), publishing('0.0.1'), accepting()],
      ]
      for (const operation of wanted) {
        expect(await outcome(operation, x), operation.kind).to.equal('Unauthorized')
      }
      await admit(b)
      expect(await outcome(publishing('1.0.1'), b)).to.equal('accepted')
      expect(await outcome(yanking('1.0.0'), b)).to.equal('accepted')
      expect(await outcome(owning('removeOwner', a), b)).to.equal('accepted')
      expect(await outcome(publishing('1.0.2'))).to.equal('Unauthorized')
      expect(await people()).to.deep.equal([keysOf([b]), []])
      expect((await record()).revision).to.equal(7n)
    })

    it('own nothing before they accept', async () => {
      await publish('1.0.0')
      await submit(owning('addOwner', b))
      expect(await people()).to.deep.equal([keysOf([a]), keysOf([b])])
      for (const operation of [
        ...[publishing('1.0.1'), yanking('1.0.0'), owning('addOwner', x)],
        ...[owning('removeOwner', a), owning('removeOwner', b)],
      ]) {
        expect(await outcome(operation, b), operation.kind).to.equal('Unauthorized')
      }
      // nobody accepts for another, nor what it has
      for (const who of [a, x]) expect(await outcome(accepting(), who)).to.equal('Unauthorized')
      expect(await outcome(accepting(), b)).to.equal('accepted')
      expect(await outcome(accepting(), b)).to.equal('Unauthorized')
      expect(await people()).to.deep.equal([keysOf([a, b]), []])
      expect(await outcome(owning('addOwner', b))).to.equal('accepted')
      expect((await record()).revision).to.equal(4n)
      expect(await outcome(publishing('1.0.1'), b)).to.equal('accepted')
    })

    it('cannot leave a package to somebody who did not accept it', async () => {
      await publish('1.0.0')
      await submit(owning('addOwner', x))
      expect(await outcome(owning('removeOwner', a))).to.equal('LastOwner')
      expect(await people()).to.deep.equal([keysOf([a]), keysOf([x])])
      await submit(accepting(), x)
      expect(await outcome(owning('removeOwner', a))).to.equal('accepted')
      expect(await people()).to.deep.equal([keysOf([x]), []])
      // who takes it over is shown not to have published what was there
      await submit(publishing('1.0.1'), x)
      const publishers = [await release('1.0.0'), await release('1.0.1')]
      expect(publishers.map((one) => one?.publisher)).to.deep.equal(keysOf([a, x]))
    })

    it('withdraw offers, all of which end when an owner goes', async () => {
      await submit(owning('addOwner', b))
      await submit(owning('removeOwner', b))
      expect(await outcome(accepting(), b)).to.equal('Unauthorized')
      await admit(b)
      // by whom it was made does not matter
      await submit(owning('addOwner', c), b)
      await submit(owning('addOwner', x))
      await submit(owning('removeOwner', c))
      expect(await people()).to.deep.equal([keysOf([a, b]), keysOf([x])])
      await submit(owning('addOwner', c), b)
      await submit(owning('removeOwner', b))
      expect(await people()).to.deep.equal([keysOf([a]), []])
      for (const who of [b, c, x]) expect(await outcome(accepting(), who)).to.equal('Unauthorized')
      // by itself, too; and who comes back brings no offer back
      await admit(b)
      expect(await people()).to.deep.equal([keysOf([a, b]), []])
      await submit(owning('addOwner', c), b)
      await submit(owning('removeOwner', b), b)
      expect(await people()).to.deep.equal([keysOf([a]), []])
      expect(await outcome(accepting(), c)).to.equal('Unauthorized')
    })

    it('are one at least, and eight with offers', async () => {
      expect(await outcome(owning('removeOwner', a))).to.equal('LastOwner')
      expect(await outcome(owning('removeOwner', b))).to.equal('accepted')
      const others = crowd(7)
      for (const who of [b, c, ...others.slice(0, 5)]) await submit(owning('addOwner', who))
      expect(await outcome(owning('addOwner', x))).to.equal('LimitExceeded')
      // neither who has an offer nor who accepted counts twice
      expect(await outcome(owning('addOwner', c))).to.equal('accepted')
      await submit(accepting(), c)
      expect(await outcome(owning('addOwner', x))).to.equal('LimitExceeded')
      expect(await outcome(owning('addOwner', c))).to.equal('accepted')
      expect((await record()).revision).to.equal(9n)
      // the first offer takes the place of one that was accepted, the last that of one that was withdrawn
      const [one = x, two = x, three = x, four = x, five = x] = others
      expect(await people()).to.deep.equal([
        keysOf([a, c]),
        keysOf([b, one, two, three, four, five]),
      ])
      await submit(owning('removeOwner', one))
      expect(await people()).to.deep.equal([keysOf([a, c]), keysOf([b, five, two, three, four])])
      await submit(owning('addOwner', x))
      await submit(accepting(), x)
      expect(await people()).to.deep.equal([keysOf([a, c, x]), keysOf([five, two, three, four, b])])
      await submit(owning('removeOwner', a), c)
      expect(await people()).to.deep.equal([keysOf([x, c]), []])
    })

    it('[21] have no weak keys', async () => {
      const identity = PublicKey.from(Uint8Array.of(1, ...new Uint8Array(31)))
      const weak: Signer = { publicKey: identity, sign: () => new Uint8Array(64) }
      expect(await outcome(owning('addOwner', weak))).to.equal('WeakKey')
      const message = await p.signed(creationOf(), { nonce: 0n }, weak)
      expect(await p.send(message)).to.equal('PackageExists')
      const subject = derivePackageId(identity, NAME)
      expect(await p.send(await p.signed(creationOf(), { nonce: 0n, subject }, weak))).to.equal(
        'WeakKey',
      )
    })
  })
}
