import { expect } from 'chai'
import { localAnchor } from '../../../src/chains/local/index.ts'
import { type Cut, cutAnchor } from '../../support/cut-anchor.ts'
import { failure, rejectionCode } from '../../support/error-code.ts'
import { type Lie, lyingAnchor } from '../../support/lying-anchor.ts'
import {
  admit,
  becomes,
  call,
  converged,
  hasStatus,
  infoOf,
  newContext,
  nodeWorld,
  set,
} from '../../support/real-node.ts'

describe('contexts that share a group', () => {
  it('have the same members and keys, and both replicate', async () => {
    await using world = await nodeWorld()
    const [a, b] = [await world.node('a'), await world.node('b')]
    const first = await newContext(a)
    const second = await newContext(a, { group: first.group })
    expect(second.group).to.deep.equal(first.group)
    expect(second.member).to.deep.equal(first.member)
    await set(a, second.context, 'before')

    const invitee = await b.identities.create()
    const invitation = await a.contexts.invite({ context: first.context, invitee })
    await b.contexts.join(invitation.text)
    await b.contexts.waitReady(first.context)
    // a member of the group needs no second admission, only the way to the other context
    const again = await a.contexts.invite({ context: second.context, invitee })
    await b.contexts.join(again.text)
    await b.contexts.waitReady(second.context)
    for (const { context } of [first, second]) {
      await set(a, context, 'from-a')
      await set(b, context, 'from-b')
      await converged([a, b], context)
      const { group } = await infoOf(b, context)
      expect(group).to.deep.equal(first.group)
      expect(await call(b, context, 'entries')).to.include({
        'from-a': 'from-a',
        'from-b': 'from-b',
      })
      expect(await b.contexts.members(context)).to.have.lengthOf(2)
    }
    expect(await call(b, second.context, 'get', { key: 'before' })).to.equal('before')
    expect(await call(b, first.context, 'get', { key: 'before' })).to.equal(null)

    // one removal ends both
    await a.contexts.removeMembers(first.context, [invitee])
    await Promise.all([first, second].map(({ context }) => hasStatus(b, context, 'left')))
  })

  it('can be joined at the same time', async () => {
    await using world = await nodeWorld()
    const [a, b] = [await world.node('a'), await world.node('b')]
    const first = await newContext(a)
    const contexts = [first]
    for (let i = 0; i < 3; i++) contexts.push(await newContext(a, { group: first.group }))
    const invitee = await b.identities.create()
    const invitations = []
    for (const { context } of contexts) {
      invitations.push(await a.contexts.invite({ context, invitee }))
    }
    await Promise.all(invitations.map(({ text }) => b.contexts.join(text)))
    for (const { context } of contexts) {
      await b.contexts.waitReady(context)
      await set(b, context, 'from-b')
      await converged([a, b], context)
      expect(await call(a, context, 'entries')).to.deep.equal({ 'from-b': 'from-b' })
    }
    // and the rows hold what the memory does
    await b.stop()
    const again = await world.node('b')
    for (const { context } of contexts) {
      expect(await call(again, context, 'entries')).to.deep.equal({ 'from-b': 'from-b' })
    }
  })

  it('are joined once however often the same invitation is used', async () => {
    await using world = await nodeWorld()
    const [a, b] = [await world.node('a'), await world.node('b')]
    const { context } = await newContext(a)
    const invitee = await b.identities.create()
    const { text } = await a.contexts.invite({ context, invitee })
    await Promise.all([text, text, text].map((each) => b.contexts.join(each)))
    await b.contexts.waitReady(context)
    await set(b, context, 'from-b')
    await converged([a, b], context)
    expect(await b.contexts.list()).to.have.lengthOf(1)
    expect(await call(b, context, 'entries')).to.deep.equal({ 'from-b': 'from-b' })
  })
})

describe('a member that is removed', () => {
  it('gets nothing from then on, and what it writes is applied by nobody', async () => {
    await using world = await nodeWorld()
    const [a, b, c] = [await world.node('a'), await world.node('b'), await world.node('c')]
    const { context } = await newContext(a)
    await admit(a, b, context)
    const gone = await admit(a, c, context)
    await set(a, context, 'together')
    await converged([a, b, c], context)

    await a.contexts.removeMembers(context, [gone])
    await hasStatus(c, context, 'left')
    await becomes('both remaining members know', async () => {
      const lists = await Promise.all([a, b].map((node) => node.contexts.members(context)))
      return lists.every((list) => list.length === 2)
    })
    expect(await rejectionCode(set(c, context, 'late'))).to.equal('CONTEXT_LEFT')
    const before = await infoOf(c, context)
    await set(a, context, 'without-c')
    await set(b, context, 'b-too')
    await converged([a, b], context)
    expect(await rejectionCode(c.contexts.sync(context))).to.equal('SYNC_CONTEXT_UNKNOWN')
    expect((await infoOf(c, context)).deltas).to.deep.equal(before.deltas)
    expect(await call(a, context, 'entries')).to.have.all.keys('together', 'without-c', 'b-too')

    // taken back it catches up, with the key that was made without it
    const { text } = await a.contexts.invite({ context, invitee: gone })
    await c.contexts.join(text)
    await converged([a, b, c], context)
    await set(c, context, 'back')
    await converged([a, b, c], context)
    expect(await call(b, context, 'get', { key: 'back' })).to.equal('back')
    expect(await call(c, context, 'get', { key: 'without-c' })).to.equal('without-c')
  })
})

describe('a node that leaves with an old view of the members', () => {
  it('leaves as whoever of it is in, though another of its identities was removed meanwhile', async () => {
    await using world = await nodeWorld()
    const cut: Cut = { sent: 0 }
    const anchors = [cutAnchor(localAnchor({ url: world.chain.url }), cut)]
    const [host, guest] = [await world.node('host'), await world.node('guest', { anchors })]
    const { context } = await newContext(host)
    const gone = await admit(host, guest, context)
    await admit(host, guest, context)
    cut.read = 'before'
    await host.contexts.removeMembers(context, [gone])
    await guest.contexts.leave(context)
    expect(await guest.contexts.list()).to.deep.equal([])
    await becomes('nobody but the host is in it', async () => {
      return (await host.contexts.members(context)).length === 1
    })
    // and once more there is nothing to leave
    expect(await rejectionCode(guest.contexts.leave(context))).to.equal('CONTEXT_NOT_FOUND')
  })
})

describe('a member that is removed and does not believe it', () => {
  it('learns nothing new and is heard by nobody, until it is taken back', async () => {
    await using world = await nodeWorld()
    const lie: Lie = {}
    const anchors = [lyingAnchor(localAnchor({ url: world.chain.url }), lie)]
    const [a, b] = [await world.node('a'), await world.node('b')]
    const liar = await world.node('liar', { anchors })
    const { context } = await newContext(a)
    await admit(a, b, context)
    const gone = await admit(a, liar, context)
    await converged([a, b, liar], context)
    lie.member = gone
    await a.contexts.removeMembers(context, [gone])
    await becomes('both remaining members know', async () => {
      const lists = await Promise.all([a, b].map((node) => node.contexts.members(context)))
      return lists.every((list) => list.length === 2)
    })
    await set(liar, context, 'late')
    await Promise.all([set(a, context, 'from-a'), set(b, context, 'from-b')])
    await liar.contexts.sync(context)
    await becomes('both have both', async () => {
      const entries = await Promise.all([a, b].map((node) => call(node, context, 'entries')))
      return entries.every((each) => Object.keys(each as object).length === 2) // our app's answer
    })
    expect(await call(liar, context, 'entries')).to.deep.equal({ late: 'late' })
    for (const node of [a, b]) {
      expect(await call(node, context, 'entries')).to.deep.equal({
        'from-a': 'from-a',
        'from-b': 'from-b',
      })
    }

    // what it signed meanwhile is valid again with its author: nothing is lost, and all agree
    const { text } = await a.contexts.invite({ context, invitee: gone })
    await liar.contexts.join(text)
    await converged([a, b, liar], context)
    expect(await call(a, context, 'entries')).to.have.all.keys('from-a', 'from-b', 'late')
  })
})

describe('an open invitation', () => {
  it('admits as many as it says, and not one more', async () => {
    await using world = await nodeWorld()
    const [a, b, c] = [await world.node('a'), await world.node('b'), await world.node('c')]
    const { context } = await newContext(a)
    await set(a, context, 'k')
    const { text } = await a.contexts.inviteOpen({ context, maxUses: 1 })
    const { member } = await b.contexts.joinOpen(text)
    await b.contexts.waitReady(context)
    expect(await call(b, context, 'get', { key: 'k' })).to.equal('k')
    expect((await a.contexts.members(context)).map(({ identity }) => identity)).to.deep.include(
      member,
    )
    expect(await rejectionCode(c.contexts.joinOpen(text))).to.equal('ANCHOR_REJECTED')
    expect(await c.contexts.list()).to.deep.equal([])
  })

  it('lets a group move, or stay, by who may, and tells every member where to', async () => {
    await using world = await nodeWorld()
    const [a, b] = [await world.node('a'), await world.node('b')]
    const { context } = await newContext(a)
    await admit(a, b, context)
    const successor = new Uint8Array(20).fill(7)
    expect(await a.contexts.migration(context)).to.equal(undefined)
    await a.contexts.migrate(context, successor)
    const plan = await a.contexts.migration(context)
    expect(plan).to.deep.include({ successor })
    const shown = async (): Promise<unknown> => (await infoOf(b, context)).migration
    await becomes('the other member sees it', async () => (await shown()) !== undefined)
    expect(await shown()).to.deep.equal(plan)
    await a.contexts.migrate(context, undefined)
    expect(await a.contexts.migration(context)).to.equal(undefined)
    await becomes('it sees that the group stays', async () => (await shown()) === undefined)
  })

  it('ends when its inviter voids it, and brings nobody in who was removed', async () => {
    await using world = await nodeWorld()
    const [a, b] = [await world.node('a'), await world.node('b')]
    const { context } = await newContext(a)
    const voided = await a.contexts.inviteOpen({ context, maxUses: 9 })
    await a.contexts.voidInvitations(context)
    const refused = await failure(b.contexts.joinOpen(voided.text))
    expect(refused.details['error']).to.deep.include({ name: 'InvitationInvalid' })
    const { text } = await a.contexts.inviteOpen({ context, maxUses: 9 })
    // also who was none: a ticket must not make it a member afterwards
    const identity = await b.identities.create()
    await a.contexts.removeMembers(context, [identity])
    const barred = await failure(b.contexts.joinOpen(text, { identity }))
    expect(barred.details['error']).to.deep.include({ name: 'Barred' })
    // by name it may come
    const named = await a.contexts.invite({ context, invitee: identity })
    await b.contexts.join(named.text)
    await b.contexts.waitReady(context)
  })

  it('gives the role it says', async () => {
    await using world = await nodeWorld()
    const [a, b] = [await world.node('a'), await world.node('b')]
    const { context } = await newContext(a)
    const { text } = await a.contexts.inviteOpen({ context, role: 'reader', maxUses: 2 })
    await b.contexts.joinOpen(text)
    await b.contexts.waitReady(context)
    expect(await rejectionCode(set(b, context, 'k'))).to.equal('CONTEXT_READ_ONLY')
    // the other use of it: a second identity of the same node
    const second = await b.contexts.joinOpen(text)
    expect(await b.identities.owned(context)).to.deep.include(second.member)
  })
})

describe('two identities of one node in a context', () => {
  it('are told apart, and must be named', async () => {
    await using world = await nodeWorld()
    const [a, b] = [await world.node('a'), await world.node('b')]
    const { context } = await newContext(a)
    const first = await admit(a, b, context)
    const second = await admit(a, b, context)
    expect(await b.identities.owned(context)).to.have.deep.members([first, second])
    expect(await rejectionCode(set(b, context, 'k'))).to.equal('IDENTITY_AMBIGUOUS')
    for (const [i, identity] of [first, second].entries()) {
      const event = a.events.next('state:mutation', { signal: AbortSignal.timeout(10_000) })
      await call(b, context, 'set', { key: `k${i}`, value: 'v' }, identity)
      expect((await event).author).to.deep.equal(identity)
    }
    await call(b, context, 'incr', {}, first)
    await call(b, context, 'incr', {}, second)
    await converged([a, b], context)
    expect(await call(a, context, 'hits')).to.equal(2)
    // with one of them gone the other goes on
    await a.contexts.removeMembers(context, [first])
    await becomes('one is left', async () => (await b.identities.owned(context)).length === 1)
    await set(b, context, 'alone')
    await converged([a, b], context)
  })
})
