/** What no sequence of requests gets to: keys and signatures of every sort, and the ends of what the rules in Rust count. */
import { expect } from 'chai'
import type { Signer } from '../../../src/node/anchor/anchor.ts'
import {
  deriveContextId,
  envelopeCodec,
  envelopeDigest,
} from '../../../src/node/anchor/envelope.ts'
import {
  MAX_LIVE_INVITATIONS,
  MAX_MEMBERS,
  MAX_MEMBERS_REVISION,
  MAX_PACKAGE_REVISION,
  MAX_RELEASES,
  MAX_SERIES,
  MAX_U64,
} from '../../../src/node/anchor/limits.ts'
import type { Operation } from '../../../src/node/anchor/operations.ts'
import type { PackageOperation } from '../../../src/node/anchor/packages/operations.ts'
import { derivePackageId } from '../../../src/node/anchor/packages/envelope.ts'
import {
  bookKey,
  type GroupState,
  headerKey,
  memberKey,
  type MemberState,
} from '../../../src/chains/local/model/groups/state.ts'
import { packageKey, type PackageState } from '../../../src/chains/local/model/packages/state.ts'
import { concat } from '../../../src/node/primitives/bytes.ts'
import { sha256 } from '../../../src/node/primitives/hash.ts'
import { type ContextId, PublicKey } from '../../../src/node/primitives/ids.ts'
import {
  application,
  contextOf,
  creation,
  ownGroup,
  person,
  salt,
} from '../../compliance/anchor-support.ts'
import { creationOf, NAME, publishing } from '../../compliance/package-support.ts'
import { CorePackagePair, CorePair } from './core-pair.ts'

const A = person('A')
const SUBJECT = contextOf(A)
const GROUP = ownGroup(SUBJECT)
const P = 2n ** 255n - 19n
const L = 2n ** 252n + 27742317777372353535851937790883648493n

function littleEndian(number: bigint, length: number = 32): Uint8Array {
  return Uint8Array.from({ length }, (_, at) => Number((number >> BigInt(8 * at)) & 0xffn))
}

/** A group of A's at both. */
class World extends CorePair {
  static async make(): Promise<World> {
    const world = new World()
    expect(await world.by(A, creation(), 0n)).to.equal('accepted')
    return world
  }

  get header(): GroupState {
    const header = this.state.get('groups', headerKey(GROUP))
    if (header === undefined) throw new RangeError('expected a group')
    return header
  }

  get author(): MemberState {
    const member = this.member(GROUP, A.publicKey)
    if (member === undefined) throw new RangeError('expected a member')
    return member
  }

  change(changes: Partial<GroupState>): void {
    this.plant([{ table: 'groups', key: headerKey(GROUP), value: { ...this.header, ...changes } }])
  }

  changeAuthor(changes: Partial<MemberState>): void {
    const value = { ...this.author, ...changes }
    this.plant([{ table: 'members', key: memberKey(GROUP, A.publicKey), value }])
  }

  /** What both say of a request that is signed. */
  async by(
    signer: Signer,
    operation: Operation,
    nonce: bigint = this.author.nonce,
    subject: ContextId = SUBJECT,
  ): Promise<string> {
    const request = { subject, signer: signer.publicKey, nonce, validUntil: this.now + 60n }
    const [name] = await this.submit(
      { ...request, operation },
      { door: 'ed25519', signWith: signer },
    )
    return name
  }
}

/** Bytes of an envelope that is right, and A's signature. */
function rightBytes(world: World): readonly [envelope: Uint8Array, signature: Uint8Array] {
  const envelope = envelopeCodec.encode({
    ...{ domain: world.domain(), subject: SUBJECT, signer: A.publicKey },
    ...{ nonce: world.author.nonce, validUntil: world.now + 60n },
    operation: { kind: 'seal' },
  })
  return [envelope, A.sign(envelopeDigest(envelope))]
}

describe('the Rust core at the edges', function () {
  this.timeout(120_000)

  it('takes the keys that the model takes', async () => {
    const world = await World.make()
    const ys = [0n, 1n, 2n, 3n, 4n, P - 1n, P, P + 1n, P + 18n, 2n ** 255n - 1n]
    const signed = ys.flatMap((y) => [y, y + 2n ** 255n].map((bits) => littleEndian(bits)))
    const random = Array.from({ length: 120 }, (_, at) => sha256(Uint8Array.of(at)))
    const outcomes = new Set<string>()
    for (const key of [...signed, ...random]) {
      const ids = [PublicKey.from(key)]
      outcomes.add(await world.by(A, { kind: 'addMembers', ids, role: 'reader' }))
    }
    expect([...outcomes].sort()).to.deep.equal(['WeakKey', 'accepted'])
  })

  it('takes the signatures that the model takes, of any length', async () => {
    const world = await World.make()
    const [envelope, signature] = rightBytes(world)
    const [r, s] = [signature.subarray(0, 32), signature.subarray(32)]
    const value = s.reduceRight((sum, byte) => sum * 256n + BigInt(byte), 0n)
    const wrong = [
      ...Array.from({ length: 70 }, (_, length) => new Uint8Array(length)),
      ...[63, 65].map((length) => concat(signature, new Uint8Array(1)).subarray(0, length)),
      concat(r, littleEndian(value + L)),
      concat(r, littleEndian(L)),
      concat(r, littleEndian(2n ** 256n - 1n)),
      ...[0n, 1n, P - 1n, P, P + 1n].map((y) => concat(littleEndian(y), s)),
      ...[0, 31, 32, 63].map((place) =>
        signature.map((byte, at) => (at === place ? byte ^ 1 : byte)),
      ),
    ]
    for (const bytes of wrong) expect(world.judge(envelope, bytes)[0]).to.equal('BadSignature')
    expect(world.judge(envelope, signature)[0]).to.equal('accepted')
  })

  it('gives contexts of a contract with a predecessor ids of its own', async () => {
    const pair = new CorePair({ hasPredecessor: true })
    const send = async (subject: ContextId): Promise<string> => {
      const request = { subject, signer: A.publicKey, nonce: 0n, validUntil: pair.now + 60n }
      const proof = { door: 'ed25519', signWith: A } as const
      return (await pair.submit({ ...request, operation: creation() }, proof))[0]
    }
    expect(await send(SUBJECT)).to.equal('ContextIdMismatch')
    expect(await send(deriveContextId(A.publicKey, salt(), pair.domain().contract))).to.equal(
      'accepted',
    )
  })

  it('counts members, revisions and series as far as the model does', async () => {
    const add = (name: string): Operation => {
      return { kind: 'addMembers', ids: [person(name).publicKey], role: 'writer' }
    }
    const ends: readonly [(world: World) => void, Operation][] = [
      [(world) => world.change({ count: MAX_MEMBERS - 1 }), add('X')],
      [(world) => world.change({ membersRevision: MAX_MEMBERS_REVISION - 1n }), add('X')],
      [
        (world) => world.change({ capabilitiesRevision: MAX_U64 - 1n }),
        { kind: 'revoke', changes: [{ identity: A.publicKey, capabilities: 1 }] },
      ],
      [(world) => world.changeAuthor({ series: MAX_SERIES - 1 }), { kind: 'voidInvitations' }],
    ]
    for (const [prepare, operation] of ends) {
      const world = await World.make()
      prepare(world)
      expect(await world.by(A, operation), operation.kind).to.equal('accepted')
      const again: Operation =
        operation.kind === 'addMembers'
          ? add('Y')
          : operation.kind === 'revoke'
            ? { kind: 'revoke', changes: [{ identity: A.publicKey, capabilities: 4 }] }
            : operation
      expect(await world.by(A, again), operation.kind).to.equal('LimitExceeded')
    }
  })

  it('counts revisions of an application as far as the model does', async () => {
    const world = await World.make()
    const key = headerKey(SUBJECT)
    const context = world.state.get('contexts', key)
    if (context === undefined) throw new RangeError('expected a context')
    const value = { ...context, applicationRevision: MAX_U64 - 1n }
    world.plant([{ table: 'contexts', key, value }])
    for (const [n, outcome] of [
      [2, 'accepted'],
      [3, 'LimitExceeded'],
    ] as const) {
      const operation: Operation = { kind: 'updateApplication', application: application(n) }
      expect(await world.by(A, operation)).to.equal(outcome)
    }
  })

  it('lets a nonce be moved as far as the model does', async () => {
    const world = await World.make()
    world.change({ membersRevision: 5n })
    expect(await world.by(A, { kind: 'bumpNonce', to: (6n << 32n) + 1n })).to.equal('LimitExceeded')
    expect(await world.by(A, { kind: 'bumpNonce', to: 6n << 32n })).to.equal('accepted')
    expect(await world.by(A, { kind: 'bumpNonce', to: 1n })).to.equal('BadNonce')
    world.change({ membersRevision: MAX_MEMBERS_REVISION })
    expect(await world.by(A, { kind: 'bumpNonce', to: MAX_U64 })).to.equal('accepted')
  })

  it('gives each member as many places for invitations as the model does', async () => {
    const world = await World.make()
    const revoke = async (n: number, seconds: bigint): Promise<string> => {
      const notAfter = world.now + seconds
      const given = { group: GROUP, inviter: A.publicKey, notAfter, inviteNonce: BigInt(n) }
      return world.by(A, await world.revocation(world.termsOf(given), A))
    }
    for (let n = 0; n < MAX_LIVE_INVITATIONS; n++) {
      expect(await revoke(n, n === 0 ? 30n : 900n)).to.equal('accepted')
    }
    expect(await revoke(100, 900n)).to.equal('LimitExceeded')
    world.now += 31n
    expect(await revoke(100, 900n)).to.equal('accepted')
    expect(await revoke(101, 900n)).to.equal('LimitExceeded')
  })

  it('gives up as many expired places at a time as the model does', async () => {
    const world = await World.make()
    const revoke = async (n: number): Promise<string> => {
      const given = { group: GROUP, inviter: A.publicKey, notAfter: world.now + 30n }
      const terms = world.termsOf({ ...given, inviteNonce: BigInt(n) })
      return world.by(A, await world.revocation(terms, A))
    }
    for (let n = 0; n < MAX_LIVE_INVITATIONS; n++) expect(await revoke(n)).to.equal('accepted')
    world.now += 31n
    const left: number[] = []
    for (let n = 0; n < 5; n++) {
      expect(await revoke(100 + n)).to.equal('accepted')
      const book = world.state.get('books', bookKey(GROUP, A.publicKey, world.author))
      left.push(book?.length ?? 0)
    }
    expect(left).to.deep.equal([49, 34, 19, 4, 5])
  })

  it('counts releases and changes of a package as far as the model does', async () => {
    const id = derivePackageId(A.publicKey, NAME)
    const at = async (changes: Partial<PackageState>): Promise<readonly string[]> => {
      const pair = new CorePackagePair()
      const { ours: domain } = pair.domains()
      let nonce = 0n
      const send = async (operation: PackageOperation): Promise<string> => {
        const request = { subject: id, signer: A.publicKey, nonce, validUntil: pair.now + 60n }
        const proof = { door: 'ed25519', signWith: A } as const
        const [name] = await pair.submit({ ...request, domain, operation }, proof)
        if (name === 'accepted') nonce++
        return name
      }
      await send(creationOf())
      const key = packageKey(id)
      const header = pair.state.get('packages', key)
      if (header === undefined) throw new RangeError('expected a package')
      pair.plant([{ table: 'packages', key, value: { ...header, ...changes } }])
      return [await send(publishing('1.0.0')), await send(publishing('1.0.1'))]
    }
    expect(await at({ available: MAX_RELEASES - 1 })).to.deep.equal(['accepted', 'LimitExceeded'])
    expect(await at({ revision: MAX_PACKAGE_REVISION - 1n })).to.deep.equal([
      ...['accepted', 'LimitExceeded'],
    ])
  })
})
