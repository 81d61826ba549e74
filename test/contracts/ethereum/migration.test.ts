/** A group moves from one contract to another, as the model's does, and nobody takes it on the way. */
import { expect } from 'chai'
import { abiOf, hex } from '../../../src/chains/ethereum/contracts/codec.ts'
import { CAPABILITIES, type Signer } from '../../../src/node/anchor/anchor.ts'
import { deriveContextId, envelopeCodec } from '../../../src/node/anchor/envelope.ts'
import { MIGRATION_SECONDS } from '../../../src/node/anchor/limits.ts'
import type { Operation } from '../../../src/node/anchor/operations.ts'
import { fromHex } from '../../../src/node/primitives/bytes.ts'
import type { ContextId } from '../../../src/node/primitives/ids.ts'
import { application, contextOf, creation, person, salt } from '../../compliance/anchor-support.ts'
import { type ContractEvent, creationCode, type Outcome } from '../../support/ethereum-contracts.ts'
import { claimOf, DOORS, proved, termsOf } from '../../support/ethereum-proofs.ts'
import { add, grant, nameOf, remove, Scene } from '../../support/ethereum-scene.ts'

const { manageMembers, proxy } = CAPABILITIES
const NOBODY = `0x${'00'.repeat(32)}`
const abi = abiOf('ContextAnchor')
const NONE: ContractEvent = { name: 'none', args: {} }

function moveTo(address: string): Operation {
  return { kind: 'migrateTo', contract: fromHex(address.slice(2).toLowerCase()) }
}
const STAY: Operation = { kind: 'migrateTo', contract: new Uint8Array(0) }

describe('ethereum contracts: a move to another contract', function () {
  this.timeout(60_000)
  let t: Scene
  let next: string
  let back: () => Promise<void>

  before(async () => {
    t = await Scene.start()
    next = await successorOf(t.bench.anchor)
  })
  after(async () => t.bench[Symbol.asyncDispose]())
  beforeEach(async () => {
    back = await t.bench.snapshot()
  })
  afterEach(async () => back())

  async function successorOf(predecessor: string, registry = t.bench.registry): Promise<string> {
    const made = await t.bench.create(creationCode('ContextAnchor', registry, predecessor))
    t.bench.know(made, abi)
    return made
  }

  /** Plans the move; the second at which it happens. */
  async function plan(to = next): Promise<bigint> {
    const [event = NONE] = await t.must(await t.send(t.a, moveTo(to)))
    const { movesAt = 0n } = event.args as { movesAt?: bigint } // the ABI says uint64
    return movesAt
  }

  async function move(to = next): Promise<void> {
    await t.bench.mineAt(await plan(to))
  }

  async function adopt(id: Uint8Array, count = 100, to = next): Promise<Outcome> {
    const data = abi.encodeFunctionData('adopt', [hex(id), count])
    return t.bench.send({ to, data })
  }

  async function adoptContext(id: Uint8Array, to = next): Promise<Outcome> {
    return t.bench.send({ to, data: abi.encodeFunctionData('adoptContext', [hex(id)]) })
  }

  /** An operation at the successor, which is what is signed for there. */
  async function sendNext(
    signer: Signer,
    operation: Operation,
    fields: { subject?: ContextId; nonce: bigint },
    to = next,
  ): Promise<string> {
    const envelope = envelopeCodec.encode({
      domain: t.bench.domain(to),
      subject: fields.subject ?? t.group,
      signer: signer.publicKey,
      nonce: fields.nonce,
      validUntil: (await t.bench.now()) + 600n,
      operation,
    })
    return nameOf(
      await t.bench.send({ ...(await proved(t.bench, envelope, 'ed25519', signer)), to }),
    )
  }

  async function describeGroup(to: string): Promise<unknown> {
    const plain = (value: unknown): unknown =>
      Array.isArray(value) ? [...(value as unknown[])].map(plain) : value
    const [header] = await t.bench.view('group', [hex(t.group)], to)
    const { membersRevision, capabilitiesRevision, count, managers, approvers, isSealed } =
      header as Record<string, unknown> // by the ABI
    return {
      header: [membersRevision, capabilitiesRevision, count, managers, approvers, isSealed],
      page: plain(await t.bench.view('members', [hex(t.group), 0, 100], to)),
    }
  }

  it('hands over members, options and contexts as they are, by anybody’s calls', async () => {
    const { a, b, c, bench } = t
    await t.begin(b, c)
    await t.must(await t.send(a, grant(b, manageMembers)))
    await t.must(await t.send(a, { kind: 'setRole', ids: [c.publicKey], role: 'reader' }))
    await t.must(await t.send(b, { kind: 'voidInvitations' }))
    await t.must(await t.send(a, { kind: 'setOptions', options: { approvers: 'members' } }))
    const second = contextOf(a, 2)
    await t.must(await t.send(a, creation(2, t.group), { subject: second }))
    const update = { kind: 'updateApplication', application: application(8) } as const
    await t.must(await t.send(a, update, { subject: second }))
    await move()
    const before = await describeGroup(bench.anchor)
    // one by one; it does not exist before the last one is here
    for (let left = 2; left > 0; left--) {
      expect(await t.must(await adopt(t.group, 1))).to.deep.equal([])
      for (const [name, args] of [
        ['group', [hex(t.group)]],
        ['members', [hex(t.group), 0, 100]],
        ['member', [hex(t.group), hex(a.publicKey)]],
        ['hasMember', [hex(t.group), hex(a.publicKey)]],
      ] as const) {
        const outcome = await bench.call({ to: next, data: abi.encodeFunctionData(name, args) })
        expect(nameOf(outcome), name).to.equal('ContextNotFound')
      }
      const early = await sendNext(a, add(t.x), { nonce: await t.nonceOf(a) })
      expect(early).to.equal('ContextNotFound')
      expect(nameOf(await adoptContext(t.context))).to.equal('ContextNotFound')
    }
    expect(await t.must(await adopt(t.group, 1))).to.deep.equal([told('GroupAdopted', t.group, 3n)])
    expect(await describeGroup(next)).to.deep.equal(before)
    expect(nameOf(await adopt(t.group))).to.equal('ContextExists')
    for (const [id, revision] of [
      [second, 2n],
      [t.context, 1n],
    ] as const) {
      const events = await t.must(await adoptContext(id))
      expect(events).to.deep.equal([told('ContextAdopted', id, revision)])
      const there = await bench.view('context', [hex(id)], next)
      expect(there).to.deep.equal(await bench.view('context', [hex(id)]))
      expect(nameOf(await adoptContext(id))).to.equal('ContextExists')
    }
    const [isMember] = await bench.view('hasMember', [hex(second), hex(c.publicKey)], next)
    expect(isMember).to.equal(true)
    // life goes on there, with everybody's rights, and only there
    const nonce = await t.nonceOf(b)
    expect(await sendNext(b, add(t.x), { nonce })).to.equal('accepted')
    expect(await sendNext(c, { kind: 'leave' }, { nonce: await t.nonceOf(c) })).to.equal('accepted')
    expect(await t.outcome(b, add(t.x))).to.equal('Moved')
  })

  it('moves on from there, up to the contract after the next', async () => {
    const { a } = t
    const third = await successorOf(next)
    await t.begin()
    await move()
    await t.must(await adopt(t.group))
    const nonce = await t.nonceOf(a)
    expect(await sendNext(a, moveTo(third), { nonce })).to.equal('accepted')
    await t.bench.mineAt((await t.bench.now()) + MIGRATION_SECONDS)
    await t.must(await adopt(t.group, 9, third))
    // a context that was not taken over on the way is taken over after it
    expect(nameOf(await adoptContext(t.context, third))).to.equal('ContextNotFound')
    await t.must(await adoptContext(t.context))
    await t.must(await adoptContext(t.context, third))
    expect(await sendNext(a, add(t.b), { nonce: nonce + 1n }, third)).to.equal('accepted')
  })

  it('changes nothing of a group from its second on, by any door', async () => {
    const { a, b, x, bench } = t
    await t.begin(b)
    const second = contextOf(a, 2)
    const notAfter = (await bench.now()) + MIGRATION_SECONDS + 900n
    const terms = termsOf(bench, { group: t.group, inviter: a.publicKey, notAfter })
    const claim = await claimOf(bench, terms, x.publicKey, a, 'account')
    const at = await plan()
    const update = { kind: 'updateApplication', application: application(8) } as const
    const everything: readonly (readonly [Signer, Operation, object?])[] = [
      [a, add(x)],
      [a, remove(b)],
      [a, grant(b, 1)],
      [a, { kind: 'seal' }],
      [a, STAY],
      [a, moveTo(next)],
      [a, update, { subject: t.context }],
      [a, creation(2, t.group), { subject: second }],
      [b, { kind: 'leave' }],
      [b, { kind: 'bumpNonce', to: (2n << 32n) + 4n }],
      [b, { kind: 'voidInvitations' }],
      [x, claim],
    ]
    for (const door of DOORS) {
      const restore = await bench.snapshot()
      const validUntil = at + 600n
      await bench.mineAt(at - 100n)
      for (const [signer, operation, fields] of everything) {
        const call = await t.signed(signer, operation, { ...fields, door, validUntil })
        const one = await bench.snapshot()
        await bench.setNext(at - 1n)
        expect(nameOf(await bench.send(call)), operation.kind).to.equal('accepted')
        await one()
        const other = await bench.snapshot()
        await bench.setNext(at)
        expect(nameOf(await bench.send(call)), operation.kind).to.equal('Moved')
        await other()
      }
      await restore()
    }
    // what is not of the group goes on
    await bench.mineAt(at)
    expect(await t.outcome(a, creation(5), { subject: contextOf(a, 5), nonce: 0n })).to.equal(
      'accepted',
    )
  })

  it('is planned anew, called off, and ends with a seal', async () => {
    const { a, b, bench } = t
    await t.begin(b)
    await t.must(await t.send(a, grant(b, manageMembers | proxy)))
    const other = await successorOf(bench.anchor)
    const first = await plan()
    // signed a while before, and in its last second here, however long this machine takes
    await bench.mineAt(first - 60n)
    await bench.setNext(first - 1n)
    const again = await plan(other)
    expect(again).to.equal(first - 1n + MIGRATION_SECONDS)
    await bench.mineAt(first + 5n)
    expect(nameOf(await adopt(t.group))).to.equal('ContextNotFound')
    const [called] = await t.must(await t.send(b, STAY))
    expect(called?.args).to.include({ successor: '0x', movesAt: 0n })
    expect(await t.must(await t.send(b, STAY))).to.deep.equal([])
    await bench.mineAt(again + 5n)
    expect(nameOf(await adopt(t.group, 9, other))).to.equal('ContextNotFound')
    await plan()
    await t.must(await t.send(a, { kind: 'seal' }))
    await bench.mineAt((await bench.now()) + MIGRATION_SECONDS)
    expect(nameOf(await adopt(t.group))).to.equal('ContextNotFound')
    expect(await t.outcome(a, moveTo(next))).to.equal('Sealed')
  })

  it('is taken over at its second, and no second sooner', async () => {
    const { bench } = t
    await t.begin(t.b)
    const at = await plan()
    await bench.setNext(at - 1n)
    expect(nameOf(await adopt(t.group))).to.equal('ContextNotFound')
    await bench.setNext(at)
    await t.must(await adopt(t.group))
  })

  it('goes nowhere but where it was planned to, and to nothing that is no contract', async () => {
    const { a, b, bench } = t
    await t.begin(b)
    const other = await successorOf(bench.anchor)
    const alone = await bench.create(creationCode('ContextAnchor', bench.registry))
    bench.know(alone, abi)
    await move()
    for (const to of [other, alone]) {
      expect(nameOf(await adopt(t.group, 9, to))).to.equal('ContextNotFound')
      expect(nameOf(await adoptContext(t.context, to))).to.equal('ContextNotFound')
    }
    // a group that nobody has
    expect(nameOf(await adopt(new Uint8Array(32).fill(1)))).to.equal('ContextNotFound')
    expect(nameOf(await adoptContext(new Uint8Array(32).fill(1)))).to.equal('ContextNotFound')
    await back()
    back = await bench.snapshot()
    await t.begin(b)
    const own = bench.domain().contract
    for (const contract of [own, new Uint8Array(20), own.subarray(1), new Uint8Array(21).fill(1)]) {
      const outcome = await t.outcome(a, { kind: 'migrateTo', contract })
      expect(outcome, hex(contract)).to.equal('Malformed')
    }
    const long: Operation = { kind: 'migrateTo', contract: new Uint8Array(65).fill(1) }
    expect(await t.outcome(a, long)).to.equal('LimitExceeded')
  })

  it('is made with the registry of the contract before, or not at all', async () => {
    const { bench } = t
    const registry = await bench.create(creationCode('IdentityRegistry', ''))
    const code = creationCode('ContextAnchor', registry, bench.anchor)
    expect(nameOf(await bench.send({ data: code }))).to.equal(
      '0x' + abi.getError('WrongDomain')?.selector.slice(2),
    )
  })

  it('lets nobody take an id there before it comes, not even its author', async () => {
    const { a, bench } = t
    // with the salt of a context that there will be, and with that of one that there is
    const id = contextOf(a)
    const own = deriveContextId(a.publicKey, salt(1), bench.domain(next).contract)
    for (const isThere of [false, true]) {
      if (isThere) await t.begin()
      const taken = await sendNext(a, creation(1), { subject: id, nonce: 0n })
      expect(taken).to.equal('ContextIdMismatch')
    }
    expect(await sendNext(a, creation(1), { subject: own, nonce: 0n })).to.equal('accepted')
    await move()
    await t.must(await adopt(t.group))
    await t.must(await adoptContext(t.context))
    expect(await sendNext(a, creation(1), { subject: id, nonce: 0n })).to.equal('ContextExists')
  })

  it('takes nothing there that was signed for the contract before: no operation, ticket or claim', async () => {
    const { a, b, x, bench } = t
    await t.begin(b)
    const notAfter = (await bench.now()) + MIGRATION_SECONDS + 900n
    const terms = termsOf(bench, { group: t.group, inviter: a.publicKey, notAfter, maxUses: 9 })
    const claim = await claimOf(bench, terms, x.publicKey, a, 'account')
    const joins = await claimOf(bench, terms, person('Y').publicKey, a, 'account')
    await t.must(await t.send(x, claim))
    await t.must(await t.send(a, remove(x)))
    await move()
    await t.must(await adopt(t.group))
    const validUntil = (await bench.now()) + 600n
    for (const [signer, operation] of [
      [a, add(x)],
      [x, claim],
    ] as const) {
      const call = await t.signed(signer, operation, { validUntil })
      expect(nameOf(await bench.send({ ...call, to: next }))).to.equal('WrongDomain')
    }
    // in an envelope for the successor
    expect(await sendNext(x, claim, { nonce: 0n })).to.equal('WrongDomain')
    expect(await sendNext(person('Y'), joins, { nonce: 0n })).to.equal('WrongDomain')
  })
})

/** An event that nobody signs. */
function told(name: string, id: Uint8Array, revision: bigint): ContractEvent {
  return { name, args: { subject: hex(id), signer: NOBODY, nonce: 0n, revision } }
}
