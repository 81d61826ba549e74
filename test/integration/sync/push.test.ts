import { expect } from 'chai'
import { concat, utf8 } from '../../../src/node/primitives/bytes.ts'
import { systemRandom } from '../../../src/node/primitives/clock.ts'
import { type DeltaId, idKey } from '../../../src/node/primitives/ids.ts'
import { memoryAddressBook } from '../../../src/node/sync/address-book.ts'
import { MAX_OUTBOX_BYTES } from '../../../src/node/sync/limits.ts'
import { rejectionCode } from '../../support/error-code.ts'
import { withRawPeer } from '../../support/raw-peer.ts'
import { newContext, StubAnchor } from '../../support/stub-replica.ts'
import { eventually, share, SyncNode, withNodes } from '../../support/sync-node.ts'

type Two = [SyncNode, SyncNode]
type Three = [SyncNode, SyncNode, SyncNode]

function sameHeads(context: Parameters<SyncNode['online']>[0], ...nodes: SyncNode[]): boolean {
  const roots = nodes.map((node) => node.replica.frontier(context)?.root)
  return roots.every((root) => root !== undefined && idKey(root) === idKey(roots[0] as Uint8Array))
}

describe('push plane', () => {
  it('carries deltas both ways between two members, and acknowledges them', async () => {
    await withNodes(2, async (nodes) => {
      const [a, b] = nodes as Two
      const context = newContext()
      const [alice, bob] = (await share(context, nodes)) as [never, never]
      expect(b.sync.membersOnline(context)).to.deep.equal([
        { identity: alice, role: 'writer', peer: a.network.peerId },
      ])
      const one = a.replica.write(context, utf8('one'))
      await b.applied(context, one)
      const two = b.replica.write(context, utf8('two'))
      await a.applied(context, two)
      await eventually(
        () => a.replica.acknowledged(context, bob)?.[0] !== undefined,
        'b acknowledges what it stored',
      )
      expect(a.replica.bodies(context)).to.deep.equal([utf8('one'), utf8('two')])
      expect(b.replica.counts.duplicates).to.equal(0)
    })
  })

  it('brings a joiner everything that was written before', async () => {
    await withNodes(2, async (nodes) => {
      const [a, b] = nodes as Two
      const context = newContext()
      a.replica.open(context)
      let last: DeltaId | undefined
      for (let i = 0; i < 1000; i++)
        last = a.replica.writeSilently(context, concat(utf8(`${i}`), new Uint8Array(600)))
      b.replica.open(context)
      await b.sync.meet(context, a.network.addresses())
      await b.applied(context, last as DeltaId)
      expect(sameHeads(context, a, b)).to.equal(true)
      expect(b.replica.counts).to.include({ received: 1000, duplicates: 0 })
    })
  })

  it('fetches the parents of a delta that came too early', async () => {
    await withNodes(2, async (nodes) => {
      const [a, b] = nodes as Two
      const context = newContext()
      await share(context, nodes)
      for (let i = 0; i < 10; i++) a.replica.writeSilently(context, utf8(`${i}`))
      const last = a.replica.write(context, utf8('last'))
      await b.applied(context, last)
      expect(sameHeads(context, a, b)).to.equal(true)
    })
  })

  it('finds a missed tail by exchanging frontiers, without a new write', async () => {
    await withNodes(2, async (nodes) => {
      const [a, b] = nodes as Two
      const context = newContext()
      await share(context, nodes)
      a.replica.writeSilently(context, utf8('lost on the way'))
      expect(await b.sync.syncNow(context)).to.deep.equal({ peers: 1 })
      expect(sameHeads(context, a, b)).to.equal(true)
      // and the other way round: who is ahead tells it
      b.replica.writeSilently(context, utf8('also lost'))
      await b.sync.syncNow(context)
      await eventually(() => sameHeads(context, a, b), 'a pulls from b')
    })
  })

  it('heals a partition in which both sides wrote', async () => {
    await withNodes(2, async (nodes) => {
      const [a, b] = nodes as Two
      const context = newContext()
      await share(context, nodes)
      const common = a.replica.write(context, utf8('common'))
      await b.applied(context, common)
      await eventually(() => sameHeads(context, a, b), 'equal before')
      const gone = Promise.all([a, b].map(({ network }) => network.events.next('peer:disconnect')))
      await a.network.disconnect(b.network.peerId)
      await gone
      for (let i = 0; i < 100; i++) {
        a.replica.writeSilently(context, utf8(`a${i}`))
        b.replica.writeSilently(context, utf8(`b${i}`))
      }
      // b keeps the connection to a member, so it comes back by itself
      await eventually(() => sameHeads(context, a, b), 'equal after')
      expect(a.replica.frontier(context)?.heads.length).to.equal(2)
    })
  })

  it('goes to whom it refused, once the list of the members shows that one', async () => {
    await withNodes(2, async (nodes, anchor) => {
      const [a, b] = nodes as Two
      const context = newContext()
      a.replica.open(context)
      const bob = b.replica.open(context, { admit: false })
      const meeting = b.sync.meet(context, a.network.addresses())
      expect(await rejectionCode(meeting)).to.equal('SYNC_JOIN_REFUSED')
      const gone = b.network.events.next('peer:disconnect')
      await a.network.disconnect(b.network.peerId)
      await gone
      // of others the list says nothing: they are not dialled
      a.replica.events.emit('members:changed', { context, removed: [] })
      anchor.admit(context, bob)
      a.replica.events.emit('members:changed', { context, removed: [] })
      await eventually(() => b.online(context).includes(a.network.peerId), 'a comes to b')
      const delta = a.replica.write(context, utf8('for both'))
      await b.applied(context, delta)
    })
  })

  it('introduces members to each other, so that none depends on the first', async () => {
    await withNodes(3, async (nodes) => {
      const [a, b, c] = nodes as Three
      const context = newContext()
      await share(context, nodes)
      await eventually(() => b.online(context).includes(c.network.peerId), 'b and c meet')
      await eventually(() => c.online(context).includes(b.network.peerId), 'c and b meet')
      const all = a.replica.write(context, utf8('to all'))
      await Promise.all([b.applied(context, all), c.applied(context, all)])
      await a.stop()
      const rest = b.replica.write(context, utf8('without a'))
      await c.applied(context, rest)
    })
  })

  it('keeps one stream when both open at once, many times over', async () => {
    for (let round = 0; round < 5; round++) {
      const anchor = new StubAnchor()
      const context = newContext()
      const keys = [systemRandom.bytes(32), systemRandom.bytes(32)] as const
      const probe = keys.map((privateKey) => new SyncNode(anchor, { privateKey }))
      const nodes = keys.map(
        (privateKey) => new SyncNode(anchor, { privateKey, book: memoryAddressBook() }),
      ) as Two
      const [a, b] = nodes
      const ids = nodes.map((node) => node.replica.open(context))
      for (const [i, node] of nodes.entries()) {
        const other = 1 - i
        await node.book.save({
          context,
          identity: ids[other] as never,
          peer: (probe[other] as SyncNode).network.peerId,
          addresses: [],
        })
      }
      try {
        await Promise.all(nodes.map((node) => node.start()))
        await a.network.dial(b.network.addresses())
        await eventually(
          () => a.online(context).length === 1 && b.online(context).length === 1,
          'both joined',
        )
        const one = a.replica.write(context, utf8('one'))
        await b.applied(context, one)
        const two = b.replica.write(context, utf8('two'))
        await a.applied(context, two)
      } finally {
        await Promise.all(nodes.map((node) => node.stop()))
      }
    }
  })

  it('finds its members again after a restart, from the address book alone', async () => {
    const anchor = new StubAnchor()
    const context = newContext()
    const a = new SyncNode(anchor)
    const options = { privateKey: systemRandom.bytes(32), book: memoryAddressBook() }
    const b = new SyncNode(anchor, options)
    await Promise.all([a.start(), b.start()])
    await share(context, [a, b])
    await eventually(() => a.online(context).length === 1, 'joined')
    await b.stop()
    const missed = a.replica.write(context, utf8('while b was away'))
    const again = new SyncNode(anchor, { ...options, replica: b.replica })
    try {
      await again.start()
      await again.applied(context, missed)
    } finally {
      await Promise.all([a.stop(), again.stop()])
    }
  })

  it('follows a member to a new peer id and leaves the old stream', async () => {
    await withNodes(3, async (nodes) => {
      const [a, b, c] = nodes as Three
      const context = newContext()
      await share(context, [a, b])
      const signer = b.replica.signer(context)
      if (signer === undefined) throw new TypeError('no signer')
      c.replica.open(context, { signer })
      await c.sync.meet(context, a.network.addresses())
      await eventually(() => a.online(context).length === 1, 'one of the two is left')
      expect(a.online(context)).to.deep.equal([c.network.peerId])
    })
  })

  it('announces what is too large for a frame, and the peer pulls it in parts', async () => {
    await withNodes(2, async (nodes) => {
      const [a, b] = nodes as Two
      const context = newContext()
      await share(context, nodes)
      const body = systemRandom.bytes(3_000_000)
      const large = a.replica.write(context, body)
      await b.applied(context, large)
      expect(b.replica.bodies(context)).to.deep.equal([body])
    })
  })

  it('gives keys to writers and readers, none to relays', async () => {
    await withNodes(3, async (nodes) => {
      const [a, b, c] = nodes as Three
      const context = newContext()
      a.replica.open(context)
      a.replica.addEpoch(context, 0)
      a.replica.write(context, utf8('genesis'))
      b.replica.open(context, { role: 'reader' })
      c.replica.open(context, { role: 'relay' })
      await b.sync.meet(context, a.network.addresses())
      await c.sync.meet(context, a.network.addresses())
      await eventually(() => b.replica.epochs(context).length === 1, 'the reader has the key')
      a.replica.addEpoch(context, 1)
      const next = a.replica.write(context, utf8('next'))
      await Promise.all([b.applied(context, next), c.applied(context, next)])
      await eventually(() => b.replica.epochs(context).length === 2, 'the reader has the new key')
      c.replica.needEpochs = [0, 1]
      c.replica.events.emit('wanted:keys', { context, epochs: [0, 1] })
      await c.sync.syncNow(context)
      expect(c.replica.epochs(context)).to.deep.equal([])
    })
  })

  it('asks for keys that did not come by themselves', async () => {
    await withNodes(2, async (nodes) => {
      const [a, b] = nodes as Two
      const context = newContext()
      await share(context, nodes)
      a.replica.addEpoch(context, 7) // without state there is no frontier, and nothing is pushed
      b.replica.needEpochs = [7]
      b.replica.events.emit('wanted:keys', { context, epochs: [7] })
      await eventually(() => b.replica.epochs(context).includes(7), 'fetched')
    })
  })

  it('stops sending to a removed member at once, and takes nothing from it', async () => {
    await withNodes(3, async (nodes, anchor) => {
      const [a, b, c] = nodes as Three
      const context = newContext()
      const identities = await share(context, nodes)
      await eventually(() => a.online(context).length === 2, 'all there')
      const bob = identities[1] as never
      anchor.remove(context, bob)
      for (const node of [a, c])
        node.replica.events.emit('members:changed', { context, removed: [bob] })
      await eventually(
        () => a.online(context).length === 1 && c.online(context).length <= 1,
        'b is out',
      )
      const before = b.replica.counts.received
      const secret = a.replica.write(context, utf8('not for b'))
      await c.applied(context, secret)
      const forged = b.replica.write(context, utf8('from outside'))
      const end = c.replica.write(context, utf8('end'))
      await a.applied(context, end)
      expect(b.replica.counts.received).to.equal(before)
      expect(a.replica.knows(context, forged)).to.equal(false)
      expect((await a.book.load()).some(({ identity }) => idKey(identity) === idKey(bob))).to.equal(
        false,
      )
    })
  })

  it('tells the others when it stops replicating a context', async () => {
    await withNodes(2, async (nodes) => {
      const [a, b] = nodes as Two
      const context = newContext()
      const other = newContext()
      await share(context, nodes)
      await share(other, nodes)
      b.replica.close(context)
      await eventually(() => a.online(context).length === 0, 'b left the one')
      expect(a.online(other)).to.deep.equal([b.network.peerId])
      const still = a.replica.write(other, utf8('still'))
      await b.applied(other, still)
    })
  })

  it('drops the deltas of a peer that does not read, and sends it Heads when it does', async () => {
    await withNodes(1, async (nodes, anchor) => {
      const [a] = nodes as [SyncNode]
      await withRawPeer(async (peer) => {
        const context = newContext()
        a.replica.open(context)
        anchor.admit(context, peer.signer.publicKey)
        const push = await peer.push(a)
        await push.hello()
        push.send(push.joinFrame(context, peer.signer))
        await push.next('heads')
        const body = new Uint8Array(200_000)
        const count = Math.ceil((3 * MAX_OUTBOX_BYTES) / body.length)
        for (let i = 0; i < count; i++) {
          a.replica.write(context, concat(utf8(`${i}`), body))
          await new Promise((resolve) => setImmediate(resolve)) // writes come one by one, not in one turn
        }
        const [head] = a.replica.frontier(context)?.heads ?? []
        let deltas = 0
        for (;;) {
          const frame = await push.read()
          if (frame?.type === 'delta') deltas++
          if (frame?.type !== 'heads') continue
          if (frame.heads.some((id) => idKey(id) === idKey(head as DeltaId))) break
        }
        expect(deltas).to.be.below(count)
      })
    })
  })

  it('says why it could not join', async () => {
    const anchor = new StubAnchor()
    const [a, b] = [new SyncNode(anchor), new SyncNode(anchor)]
    await Promise.all([a.start(), b.start()])
    try {
      const context = newContext()
      const codeOf = (promise: Promise<unknown>): Promise<string> =>
        promise.then(
          () => 'none',
          (error: { code: string }) => error.code,
        )
      expect(await codeOf(b.sync.meet(context, a.network.addresses()))).to.equal(
        'SYNC_CONTEXT_UNKNOWN',
      )
      b.replica.open(context, { admit: false })
      expect(await codeOf(b.sync.meet(context, ['/ip4/127.0.0.1/tcp/1']))).to.equal('SYNC_NO_PEER')
      expect(await codeOf(b.sync.meet(context, a.network.addresses()))).to.equal(
        'SYNC_JOIN_REFUSED',
      )
      // a is connected now and need not be a member: its no says nothing of those who are
      expect(await codeOf(b.sync.meet(context, ['/ip4/127.0.0.1/tcp/1']))).to.equal('SYNC_NO_PEER')
      expect(await codeOf(b.sync.meet(context, []))).to.equal('SYNC_JOIN_REFUSED')
      const signal = AbortSignal.abort()
      expect(await codeOf(b.sync.meet(context, a.network.addresses(), { signal }))).to.equal(
        'ABORTED',
      )
    } finally {
      await Promise.all([a.stop(), b.stop()])
    }
  })

  it('meets a member among the peers that are connected, without any address', async () => {
    await withNodes(2, async (nodes) => {
      const [a, b] = nodes as Two
      const context = newContext()
      a.replica.open(context)
      b.replica.open(context)
      await b.network.dial(a.network.addresses())
      expect(await b.sync.meet(context, [])).to.deep.equal({ members: 1 })
      expect(a.online(context)).to.deep.equal([b.network.peerId])
    })
  })

  it('asks everybody there is, and counts those who take it for a member', async () => {
    await withNodes(3, async (nodes, anchor) => {
      const [a, b, c] = nodes as [SyncNode, SyncNode, SyncNode]
      const context = newContext()
      a.replica.open(context)
      const bob = b.replica.open(context, { admit: false })
      const addresses = [...a.network.addresses(), ...c.network.addresses()]
      await b.sync.meet(context, addresses).catch(() => {}) // connected now, admitted by nobody
      anchor.admit(context, bob)
      expect(await b.sync.meet(context, addresses)).to.deep.equal({ members: 1 })
      expect(a.online(context)).to.deep.equal([b.network.peerId])
      expect(c.online(context)).to.deep.equal([])
    })
  })

  it('leaves nothing open when it stops, and starts again', async () => {
    const sockets = (): number =>
      process.getActiveResourcesInfo().filter((name) => name.startsWith('TCP')).length
    const before = sockets()
    await withNodes(2, async (nodes) => {
      const [a, b] = nodes as Two
      const context = newContext()
      await share(context, nodes)
      await b.sync.stop()
      await b.sync.stop()
      await eventually(() => a.online(context).length === 0, 'b is gone')
      await b.sync.start()
      await eventually(() => a.online(context).length === 1, 'b is back')
    })
    await eventually(() => sockets() <= before, 'no socket is left')
  })
})
