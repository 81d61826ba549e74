import { expect } from 'chai'
import { localAnchor } from '../../../src/chains/local/index.ts'
import { decodeInvitation, encodeInvitation } from '../../../src/node/context/invitation.ts'
import type { ContextId, IntentInfo, Node, PublicKey } from '../../../src/node/index.ts'
import { type Cut, cutAnchor } from '../../support/cut-anchor.ts'
import { failure, rejectionCode } from '../../support/error-code.ts'
import {
  admit,
  becomes,
  call,
  converged,
  hasStatus,
  newContext,
  nodeWorld,
  set,
} from '../../support/real-node.ts'

/** The only join or claim of a node. */
/** What is to be done, but for applications: they are fetched as soon as there are rows of the context. */
function intentsOf(node: Node): readonly IntentInfo[] {
  return node.contexts.intents().filter(({ kind }) => kind !== 'application')
}

function onlyIntent(node: Node): IntentInfo {
  const [intent, ...others] = intentsOf(node)
  if (intent === undefined || others.length > 0) throw new RangeError('expected one intent')
  return intent
}

/** A context of one node and an invitation to it for another. */
async function invited(
  host: Node,
  guest: Node,
): Promise<{ context: ContextId; invitee: PublicKey; text: string }> {
  const { context } = await newContext(host)
  await set(host, context, 'k')
  const invitee = await guest.identities.create()
  const { text } = await host.contexts.invite({ context, invitee })
  return { context, invitee, text }
}

describe('a join whose inviter is away', () => {
  it('is kept, shown with its reason, and done when the inviter is there, over a restart', async () => {
    await using world = await nodeWorld()
    const [host, guest] = [await world.node('host'), await world.node('guest')]
    const listen = host.addresses().map((address) => address.replace(/\/p2p\/.*$/, ''))
    const { context, invitee, text } = await invited(host, guest)
    await host.stop()

    expect(await guest.contexts.join(text)).to.deep.equal({ context, member: invitee })
    await becomes('it was tried', () => onlyIntent(guest).tries > 1)
    const { id, kind, reason, nextMs, state } = onlyIntent(guest)
    expect({ kind, code: reason?.code, state }).to.deep.equal({
      kind: 'join',
      code: 'SYNC_NO_PEER',
      state: 'waiting',
    })
    expect(nextMs).to.be.a('number')
    await guest.stop()

    const again = await world.node('guest')
    expect(onlyIntent(again)).to.include({ id, kind: 'join' })
    expect(onlyIntent(again).tries).to.be.greaterThan(0)
    await world.node('host', { network: { listen } })
    await again.contexts.waitReady(context, { signal: AbortSignal.timeout(15_000) })
    expect(await call(again, context, 'get', { key: 'k' })).to.equal('k')
    await becomes('nothing is left to do', () => again.contexts.intents().length === 0)
  })

  it('is done with an invitation that is made again when its inviter has moved', async () => {
    await using world = await nodeWorld()
    const [host, guest] = [await world.node('host'), await world.node('guest')]
    const { context, invitee, text } = await invited(host, guest)
    await host.stop()
    await guest.contexts.join(text)
    const moved = await world.node('host') // at another port
    expect(moved.addresses()).to.not.deep.equal(decodeInvitation(text).addresses)
    const again = await moved.contexts.invite({ context, invitee })
    expect(await guest.contexts.join(again.text)).to.deep.equal({ context, member: invitee })
    await guest.contexts.waitReady(context, { signal: AbortSignal.timeout(15_000) })
    expect(await moved.contexts.members(context)).to.have.lengthOf(2)
    await becomes('nothing is left to do', () => guest.contexts.intents().length === 0)
  })

  it('goes through any other member that was online when the invitation was made', async () => {
    await using world = await nodeWorld()
    const [host, other] = [await world.node('host'), await world.node('other')]
    const { context } = await newContext(host)
    await admit(host, other, context)
    await set(host, context, 'k')
    await converged([host, other], context)
    const guest = await world.node('guest')
    const invitee = await guest.identities.create()
    const { text } = await host.contexts.invite({ context, invitee })
    const { addresses } = decodeInvitation(text)
    expect(addresses[0]).to.match(new RegExp(`/p2p/${host.peerId}$`))
    expect(addresses.at(-1)).to.match(new RegExp(`/p2p/${other.peerId}$`))
    await host.stop()
    await guest.contexts.join(text)
    await guest.contexts.waitReady(context, { signal: AbortSignal.timeout(15_000) })
    expect(await call(guest, context, 'get', { key: 'k' })).to.equal('k')
  })

  it('is done by whatever member connects, with no address at all', async () => {
    await using world = await nodeWorld()
    const [host, guest] = [await world.node('host'), await world.node('guest')]
    const { context, text } = await invited(host, guest)
    const nowhere = encodeInvitation({ ...decodeInvitation(text), addresses: [] })
    await guest.contexts.join(nowhere)
    await becomes('it was tried', () => onlyIntent(guest).tries > 0)
    await host.peers.dial(guest.addresses()) // not even by itself
    await guest.contexts.waitReady(context, { signal: AbortSignal.timeout(15_000) })
  })

  it('ends when the context is deleted, or the intent withdrawn', async () => {
    await using world = await nodeWorld()
    const [host, guest] = [await world.node('host'), await world.node('guest')]
    const { context, text } = await invited(host, guest)
    const nowhere = encodeInvitation({ ...decodeInvitation(text), addresses: [] })
    await guest.contexts.join(nowhere)
    expect(await guest.contexts.withdraw(onlyIntent(guest).id)).to.equal(true)
    expect(intentsOf(guest)).to.deep.equal([])
    await guest.contexts.join(nowhere)
    expect(onlyIntent(guest).context).to.deep.equal(context)
    expect(await guest.contexts.delete(context)).to.equal(true)
    expect(guest.contexts.intents()).to.deep.equal([])
    await guest.stop()
    const again = await world.node('guest')
    expect(again.contexts.intents()).to.deep.equal([])
    expect(await again.contexts.list()).to.deep.equal([])
  })
})

describe('a join whose anchor does not answer', () => {
  it('tells the caller what goes on, and the same call again joins it', async () => {
    await using world = await nodeWorld()
    const cut: Cut = { sent: 0 }
    const anchors = [cutAnchor(localAnchor({ url: world.chain.url }), cut)]
    const [host, guest] = [await world.node('host'), await world.node('guest', { anchors })]
    const { context, invitee, text } = await invited(host, guest)
    cut.read = 'before'
    const { code, details } = await failure(guest.contexts.join(text))
    expect(code).to.equal('ANCHOR_UNREACHABLE')
    const intent = onlyIntent(guest)
    expect(details['pending']).to.include({ intent: intent.id, kind: 'join' })
    expect(await rejectionCode(guest.contexts.join(text))).to.equal('ANCHOR_UNREACHABLE')
    expect(onlyIntent(guest).id).to.equal(intent.id)
    const aborted = await failure(guest.contexts.join(text, { signal: AbortSignal.abort() }))
    expect(aborted.details['pending']).to.include({ intent: intent.id })
    cut.read = undefined
    expect(await guest.contexts.join(text)).to.deep.equal({ context, member: invitee })
    await hasStatus(guest, context, 'ready')
  })

  it('waits while the anchor shows less than the invitation says, and ends when it shows more', async () => {
    await using world = await nodeWorld()
    const [host, guest] = [await world.node('host'), await world.node('guest')]
    const { context, invitee, text } = await invited(host, guest)
    await host.contexts.removeMembers(context, [invitee])
    // the member list is newer than the admission: whoever is not in it now was removed
    expect(await rejectionCode(guest.contexts.join(text))).to.equal('CONTEXT_NOT_A_MEMBER')
    expect(guest.contexts.intents()).to.deep.equal([])
    const later = encodeInvitation({ ...decodeInvitation(text), revision: 99n })
    expect((await failure(guest.contexts.join(later))).code).to.equal('ANCHOR_BEHIND')
    expect(onlyIntent(guest)).to.include({ kind: 'join' })
    await host.contexts.invite({ context, invitee })
    await hasStatus(guest, context, 'ready') // the anchor's change woke it
  })
})

describe('a claim whose answer is lost', () => {
  for (const when of ['before', 'after'] as const) {
    it(`is made once, cut off ${when} the anchor heard of it`, async () => {
      await using world = await nodeWorld()
      const cut: Cut = { sent: 0 }
      const anchors = [cutAnchor(localAnchor({ url: world.chain.url }), cut)]
      const [host, guest] = [await world.node('host'), await world.node('guest', { anchors })]
      const { context } = await newContext(host)
      const { text } = await host.contexts.inviteOpen({ context, maxUses: 1 })
      cut.submit = when
      const { code, details } = await failure(guest.contexts.joinOpen(text))
      expect(code).to.equal('ANCHOR_UNREACHABLE')
      expect(details['pending']).to.include({ kind: 'claim' })
      cut.submit = undefined
      const { member } = await guest.contexts.joinOpen(text)
      await hasStatus(guest, context, 'ready')
      expect(await guest.identities.owned()).to.deep.equal([member])
      expect(await host.contexts.members(context)).to.have.lengthOf(2)
      expect(cut.sent).to.equal(1)
      // and once more, when all of it is done: the ticket is used up, by us
      expect(await guest.contexts.joinOpen(text)).to.deep.equal({ context, member })
      expect(await host.contexts.members(context)).to.have.lengthOf(2)
    })

    it(`is finished by a restart, cut off ${when} the anchor heard of it`, async () => {
      await using world = await nodeWorld()
      const cut: Cut = { sent: 0 }
      const honest = localAnchor({ url: world.chain.url })
      const host = await world.node('host')
      const guest = await world.node('guest', { anchors: [cutAnchor(honest, cut)] })
      const { context } = await newContext(host)
      const { text } = await host.contexts.inviteOpen({ context, maxUses: 1 })
      cut.submit = when
      await failure(guest.contexts.joinOpen(text))
      await guest.stop()
      const again = await world.node('guest')
      await hasStatus(again, context, 'ready')
      expect(await host.contexts.members(context)).to.have.lengthOf(2)
      await becomes('nothing is left to do', () => again.contexts.intents().length === 0)
    })
  }

  it('is not made again by the same identity while the anchor shows less than it took', async () => {
    await using world = await nodeWorld()
    const cut: Cut = { sent: 0 }
    const anchors = [cutAnchor(localAnchor({ url: world.chain.url }), cut)]
    const [host, guest] = [await world.node('host'), await world.node('guest', { anchors })]
    const { context } = await newContext(host)
    const identity = await guest.identities.create()
    const { text } = await host.contexts.inviteOpen({ context, maxUses: 1 })
    cut.unseen = identity
    const join = (): Promise<unknown> => guest.contexts.joinOpen(text, { identity })
    expect((await failure(join())).code).to.equal('ANCHOR_BEHIND')
    const again = await failure(join())
    expect(again.code).to.equal('ANCHOR_BEHIND')
    expect(again.details['pending']).to.include({ kind: 'join' })
    cut.unseen = undefined
    expect(await join()).to.deep.equal({ context, member: identity })
    await hasStatus(guest, context, 'ready')
    expect(cut.sent).to.equal(1)
    // nor after the context was deleted here: of the claim only its identity is left
    await guest.contexts.delete(context)
    cut.unseen = identity
    expect((await failure(join())).code).to.equal('ANCHOR_BEHIND')
    cut.unseen = undefined
    expect(await join()).to.deep.equal({ context, member: identity })
  })

  it('is taken for the own one after a restart that cut it off, while the anchor shows less than it took', async () => {
    await using world = await nodeWorld()
    const cut: Cut = { sent: 0 }
    const anchors = [cutAnchor(localAnchor({ url: world.chain.url }), cut)]
    const [host, guest] = [await world.node('host'), await world.node('guest', { anchors })]
    const { context } = await newContext(host)
    const identity = await guest.identities.create()
    const { text } = await host.contexts.inviteOpen({ context, maxUses: 1 })
    cut.submit = 'endless'
    const joining = failure(guest.contexts.joinOpen(text, { identity }))
    await becomes(
      'the anchor heard of it',
      async () => (await host.contexts.members(context)).length === 2,
    )
    await guest.stop()
    await joining
    Object.assign(cut, { submit: undefined, unseen: identity, refusal: 'InvitationUsed' })
    const again = await world.node('guest', { anchors })
    await becomes('it was refused once', () => onlyIntent(again).tries > 0)
    expect(onlyIntent(again)).to.include({ kind: 'claim', state: 'waiting' })
    const { code, details } = await failure(again.contexts.joinOpen(text, { identity }))
    expect(code).to.equal('ANCHOR_BEHIND')
    expect(details['pending']).to.include({ kind: 'claim' })
    cut.unseen = undefined
    await hasStatus(again, context, 'ready')
    expect(await again.contexts.joinOpen(text, { identity })).to.deep.equal({
      context,
      member: identity,
    })
  })

  it('is over when the member is removed before it was there', async () => {
    await using world = await nodeWorld()
    const cut: Cut = { sent: 0 }
    const anchors = [cutAnchor(localAnchor({ url: world.chain.url }), cut)]
    const [host, guest] = [await world.node('host'), await world.node('guest', { anchors })]
    const { context } = await newContext(host)
    const identity = await guest.identities.create()
    const { text } = await host.contexts.inviteOpen({ context, maxUses: 1 })
    cut.unseen = identity
    expect((await failure(guest.contexts.joinOpen(text, { identity }))).code).to.equal(
      'ANCHOR_BEHIND',
    )
    await host.contexts.removeMembers(context, [identity])
    // it is in nobody's view any more, and that view is newer than the claim
    cut.unseen = undefined
    await becomes('it is refused', () => onlyIntent(guest).state === 'refused')
    expect(onlyIntent(guest).reason?.code).to.equal('CONTEXT_NOT_A_MEMBER')
  })

  it('is over too when the member had come back with the same ticket', async () => {
    await using world = await nodeWorld()
    const [host, guest] = [await world.node('host'), await world.node('guest')]
    const { context } = await newContext(host)
    const identity = await guest.identities.create()
    const { text } = await host.contexts.inviteOpen({ context, maxUses: 1 })
    const alone = encodeInvitation({ ...decodeInvitation(text), addresses: [] })
    await guest.contexts.joinOpen(alone, { identity })
    await guest.contexts.delete(context) // and with it at which height the ticket was used
    await guest.contexts.joinOpen(alone, { identity })
    await host.contexts.removeMembers(context, [identity])
    await becomes('it is refused', () => onlyIntent(guest).state === 'refused')
    expect(onlyIntent(guest).reason?.code).to.equal('CONTEXT_NOT_A_MEMBER')
  })

  it('leaves nothing when the ticket is refused', async () => {
    await using world = await nodeWorld()
    const [host, a, b] = [await world.node('host'), await world.node('a'), await world.node('b')]
    const { context } = await newContext(host)
    const { text } = await host.contexts.inviteOpen({ context, maxUses: 1 })
    await a.contexts.joinOpen(text)
    const { code, details } = await failure(b.contexts.joinOpen(text))
    expect({ code, pending: details['pending'] }).to.deep.equal({
      code: 'ANCHOR_REJECTED',
      pending: undefined,
    })
    expect(b.contexts.intents()).to.deep.equal([])
    // nor is it another one's to use again who is a member already, by another way
    const invitee = await b.identities.create()
    await b.contexts.join((await host.contexts.invite({ context, invitee })).text)
    expect((await failure(b.contexts.joinOpen(text))).code).to.equal('ANCHOR_REJECTED')
  })
})
