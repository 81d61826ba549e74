import { expect } from 'chai'
import {
  encodePushFrame,
  MAX_HELLO_ADDRESSES,
  WIRE_VERSION,
} from '../../../src/node/codec/push-frames.ts'
import {
  encodeRequest,
  type SyncRequest,
  WIRE_ERRORS,
} from '../../../src/node/codec/sync-frames.ts'
import {
  MAX_FAILED_JOINS,
  MAX_IN_FLIGHT,
  PUSH_PROTOCOL,
  SYNC_PROTOCOL,
} from '../../../src/node/sync/limits.ts'
import { concat, utf8 } from '../../../src/node/primitives/bytes.ts'
import type { ContextId, DeltaId } from '../../../src/node/primitives/ids.ts'
import { rejectionCode as codeOf } from '../../support/error-code.ts'
import { endOfBytes, type RawPeer, withRawPeer } from '../../support/raw-peer.ts'
import { newContext } from '../../support/stub-replica.ts'
import { blobIdOf } from '../../support/stub-blobs.ts'
import { eventually, share, type SyncNode, withNodes } from '../../support/sync-node.ts'

/** Two members with a context that has a delta, a key and a blob; and a raw peer. */
async function withStranger(
  run: (world: {
    a: SyncNode
    b: SyncNode
    context: ContextId
    peer: RawPeer
    alice: Uint8Array
    blob: Uint8Array
    admit: () => void
  }) => Promise<void>,
): Promise<void> {
  await withNodes(2, async (nodes, anchor) => {
    const [a, b] = nodes as [SyncNode, SyncNode]
    const context = newContext()
    const [alice] = await share(context, nodes)
    a.replica.addEpoch(context, 0)
    const blob = utf8('the application')
    a.replica.allowBlob(context, (await a.blobs.put(blob)).id)
    const first = a.replica.write(context, utf8('first'))
    await b.applied(context, first)
    await withRawPeer(async (peer) => {
      await run({
        a,
        b,
        context,
        peer,
        alice: alice as Uint8Array,
        blob: blobIdOf(blob),
        admit: () => anchor.admit(context, peer.signer.publicKey),
      })
    })
    // whatever the stranger did, the members go on
    const last = a.replica.write(context, utf8('last'))
    await b.applied(context, last)
  })
}

describe('a stranger on the push plane', () => {
  it('gets no delta and no key, whatever it sends', async () => {
    await withStranger(async ({ a, context, peer }) => {
      const push = await peer.push(a)
      await push.hello(peer.network.addresses() as string[])
      const received = a.replica.counts.received
      push.send({
        type: 'heads',
        context,
        root: new Uint8Array(32),
        heads: [],
        applied: 0n,
        hlc: new Uint8Array(24),
        epoch: 0,
        hash: new Uint8Array(32),
      })
      push.send({ type: 'delta', context, envelope: a.replica.envelope([], utf8('forged')) })
      expect(await push.read()).to.deep.include({ type: 'error', code: WIRE_ERRORS.notMember })
      push.send({ type: 'keys', context, grants: [] })
      expect(await push.read()).to.deep.include({ type: 'error', code: WIRE_ERRORS.notMember })
      a.replica.write(context, utf8('secret'))
      a.replica.addEpoch(context, 1)
      push.send({ type: 'ping', value: 5n })
      expect(await push.read()).to.deep.include({ type: 'pong', value: 5n })
      expect(a.replica.counts.received).to.equal(received)
      expect(a.online(context)).to.have.lengthOf(1)
    })
  })

  it('cannot tell a context that is here from one that is not', async () => {
    await withStranger(async ({ a, context, peer }) => {
      const push = await peer.push(a)
      await push.hello()
      for (const id of [context, newContext()]) {
        push.send(push.joinFrame(id, peer.signer))
        expect(await push.read()).to.deep.equal({
          type: 'error',
          code: WIRE_ERRORS.notMember,
          context: Uint8Array.from(id),
        })
      }
    })
  })

  it('cannot claim to be a member it is not', async () => {
    await withStranger(async ({ a, context, peer, alice }) => {
      const push = await peer.push(a)
      await push.hello()
      for (const id of [context, newContext()]) {
        push.send(push.joinFrame(id, peer.signer, alice))
        expect(await push.read()).to.deep.include({ type: 'error', code: WIRE_ERRORS.badProof })
      }
    })
  })

  it('cannot use a proof a member gave on another stream', async () => {
    await withStranger(async ({ a, context, peer, admit }) => {
      admit()
      const member = await peer.push(a)
      await member.hello()
      const proof = member.joinFrame(context, peer.signer)
      await withRawPeer(async (thief) => {
        const push = await thief.push(a)
        await push.hello()
        push.send(proof)
        expect(await push.read()).to.deep.include({ type: 'error', code: WIRE_ERRORS.badProof })
        // nor with the member's nonce in its own Hello
        const again = await thief.push(a)
        again.send({ type: 'hello', version: WIRE_VERSION, nonce: member.nonce, addresses: [] })
        await again.next('hello')
        again.send(proof)
        expect(await again.read()).to.deep.include({ type: 'error', code: WIRE_ERRORS.badProof })
      })
    })
  })

  it('keeps no node from stopping that says Hello only then', async () => {
    await withStranger(async ({ a, peer }) => {
      const push = await peer.push(a)
      const stopping = a.sync.stop()
      push.send({ type: 'hello', version: WIRE_VERSION, nonce: push.nonce, addresses: [] })
      await stopping
      await a.sync.start()
    })
  })

  it('cannot send our own proof back to us', async () => {
    await withStranger(async ({ a, context, peer, admit }) => {
      admit()
      // a member of old, so that a joins with it unasked
      await a.book.save({
        context,
        identity: peer.signer.publicKey,
        peer: peer.network.peerId,
        addresses: [],
      })
      await a.sync.stop()
      await a.sync.start()
      const push = await peer.push(a)
      await push.hello()
      const ours = await push.next('join')
      push.send(ours)
      expect(await push.next('error')).to.deep.include({ code: WIRE_ERRORS.badProof })
      expect(a.online(context)).to.not.include(peer.network.peerId)
    })
  })

  it('is cut off after too many failed joins', async () => {
    await withStranger(async ({ a, peer }) => {
      const push = await peer.push(a)
      await push.hello()
      for (let i = 0; i < MAX_FAILED_JOINS; i++)
        push.send(push.joinFrame(newContext(), peer.signer))
      let refusals = 0
      const end = await codeOf(
        (async () => {
          for (;;) {
            const frame = await push.read()
            if (frame === undefined) return
            refusals++
          }
        })(),
      )
      expect(end).to.equal('NETWORK_STREAM_CLOSED')
      expect(refusals).to.be.at.least(MAX_FAILED_JOINS)
    })
  })

  const hello = encodePushFrame({
    type: 'hello',
    version: WIRE_VERSION,
    nonce: new Uint8Array(16),
    addresses: [],
  })
  const broken: Record<string, readonly Uint8Array[]> = {
    'a wrong tag': [hello, Uint8Array.of(99)],
    'an empty frame': [hello, new Uint8Array(0)],
    'trailing bytes': [
      hello,
      concat(encodePushFrame({ type: 'ping', value: 1n }), Uint8Array.of(0)),
    ],
    'a truncated frame': [hello, encodePushFrame({ type: 'ping', value: 1n }).subarray(0, 5)],
    'a delta whose length lies': [
      hello,
      concat(Uint8Array.of(3), new Uint8Array(32), Uint8Array.of(255, 255, 255, 255, 1)),
    ],
    'a second Hello': [hello, hello],
    'no Hello first': [encodePushFrame({ type: 'ping', value: 1n })],
    'another version': [
      encodePushFrame({
        type: 'hello',
        version: WIRE_VERSION + 1,
        nonce: new Uint8Array(16),
        addresses: [],
      }),
    ],
    'too many addresses': [
      concat(
        Uint8Array.of(0, 1, 0),
        new Uint8Array(16),
        Uint8Array.of(MAX_HELLO_ADDRESSES + 1, 0, 0, 0),
        new Uint8Array(4 * (MAX_HELLO_ADDRESSES + 1)),
      ),
    ],
  }
  for (const [what, frames] of Object.entries(broken)) {
    it(`is cut off for ${what}, and other streams go on`, async () => {
      await withStranger(async ({ a, peer }) => {
        const { stream } = await peer.push(a)
        for (const frame of frames) stream.send(frame)
        let end: Uint8Array | undefined
        const code = await codeOf(
          (async () => {
            do end = await stream.read({ timeoutMs: 5000 })
            while (end !== undefined)
          })(),
        )
        expect(['NETWORK_STREAM_CLOSED', 'none']).to.include(code)
        await stream.closed
      })
    })
  }

  it('is cut off for a length above the limit before anything is allocated', async () => {
    await withStranger(async ({ a }) => {
      for (const protocol of [PUSH_PROTOCOL, SYNC_PROTOCOL]) {
        // 2^32 - 1, and one byte more than a frame may have
        for (const length of [Uint8Array.of(255, 255, 255, 255), Uint8Array.of(0, 16, 0, 1)]) {
          expect(await endOfBytes(a, protocol, length)).to.equal('reset')
        }
      }
    })
  })
})

describe('a stranger on the request plane', () => {
  it('is answered 2 to everything, joined or not', async () => {
    await withStranger(async ({ a, context, peer, blob }) => {
      const requests = await peer.requests(a)
      const none = { type: 'error', code: WIRE_ERRORS.notMember, retryAfterMs: 0 }
      const heads = a.replica.frontier(context)?.heads as DeltaId[]
      const all: SyncRequest[] = [
        { type: 'heads', context },
        { type: 'deltas', context, want: [...heads], have: [], maxBytes: 1_000_000 },
        { type: 'keys', context, epochs: [] },
        { type: 'members', context },
        { type: 'blobHave', context, blob },
        { type: 'blobGet', context, blob, offset: 0n },
      ]
      for (const request of all) expect(await requests.ask(request)).to.deep.equal(none)
      await requests.hello()
      expect(await requests.join(context, peer.signer)).to.deep.equal(none)
      expect(await requests.join(newContext(), peer.signer)).to.deep.equal(none)
      for (const request of all) expect(await requests.ask(request)).to.deep.equal(none)
    })
  })

  it('cannot join as somebody else, nor before Hello', async () => {
    await withStranger(async ({ a, context, peer, alice, admit }) => {
      admit()
      const requests = await peer.requests(a)
      const bad = { type: 'error', code: WIRE_ERRORS.badProof, retryAfterMs: 0 }
      expect(await requests.join(context, peer.signer)).to.deep.equal(bad)
      await requests.hello()
      expect(await requests.join(context, peer.signer, alice)).to.deep.equal(bad)
      expect(await requests.join(context, peer.signer)).to.deep.equal({ type: 'joined' })
      expect((await requests.ask({ type: 'heads', context })).type).to.equal('heads')
    })
  })

  it('is told that reserved and unknown kinds are not supported', async () => {
    await withStranger(async ({ a, peer }) => {
      const requests = await peer.requests(a)
      for (const tag of [6, 7, 8, 9, 15, 200]) {
        requests.stream.send(Uint8Array.of(7, 0, 0, 0, tag, 1, 2, 3))
        expect(await requests.read()).to.deep.equal({
          id: 7,
          answer: { type: 'error', code: WIRE_ERRORS.unsupported, retryAfterMs: 0 },
        })
      }
    })
  })

  const heads = encodeRequest(1, { type: 'heads', context: new Uint8Array(32) })
  const broken: Record<string, Uint8Array> = {
    'a frame without an id': Uint8Array.of(1, 2),
    'trailing bytes': concat(heads, Uint8Array.of(0)),
    'a truncated frame': heads.subarray(0, 20),
  }
  for (const [what, frame] of Object.entries(broken)) {
    it(`is told and cut off for ${what}`, async () => {
      await withStranger(async ({ a, peer }) => {
        const requests = await peer.requests(a)
        requests.stream.send(frame)
        expect(await requests.read()).to.deep.include({
          answer: { type: 'error', code: WIRE_ERRORS.malformed, retryAfterMs: 0 },
        })
        expect(await codeOf(requests.stream.read({ timeoutMs: 5000 }))).to.equal(
          'NETWORK_STREAM_CLOSED',
        )
      })
    })
  }

  it('may have eight requests in flight, not nine; and a cancelled one makes room', async () => {
    await withStranger(async ({ a, context, peer, admit }) => {
      admit()
      const requests = await peer.requests(a)
      await requests.hello()
      await requests.join(context, peer.signer)
      let stopped = 0
      a.replica.read = async function* (_context, { signal }) {
        await new Promise((resolve) => signal?.addEventListener('abort', resolve))
        stopped++
        yield { end: { more: false, unknown: [], pruned: [] } }
      }
      const request: SyncRequest = { type: 'deltas', context, want: [], have: [], maxBytes: 1 }
      const ids = Array.from({ length: MAX_IN_FLIGHT }, () => requests.send(request))
      expect(await requests.ask(request)).to.deep.equal({
        type: 'error',
        code: WIRE_ERRORS.busy,
        retryAfterMs: 100,
      })
      requests.stream.send(encodeRequest(ids[0] as number, { type: 'cancel' }))
      await eventually(() => stopped === 1, 'stopped serving')
      expect((await requests.ask({ type: 'heads', context })).type).to.equal('heads')
    })
  })

  it('is let in on two request streams, not three', async () => {
    await withStranger(async ({ a, peer }) => {
      const streams = [await peer.requests(a), await peer.requests(a)]
      for (const stream of streams) await stream.hello()
      const third = await peer.requests(a)
      expect(await codeOf(third.hello())).to.equal('NETWORK_STREAM_CLOSED')
      for (const stream of streams) {
        expect((await stream.ask({ type: 'heads', context: newContext() })).type).to.equal('error')
      }
    })
  })

  it('loses what it was being served when it is removed', async () => {
    await withNodes(1, async (nodes, anchor) => {
      const [a] = nodes as [SyncNode]
      await withRawPeer(async (peer) => {
        const context = newContext()
        a.replica.open(context)
        a.replica.write(context, utf8('x'))
        anchor.admit(context, peer.signer.publicKey)
        const requests = await peer.requests(a)
        await requests.hello()
        await requests.join(context, peer.signer)
        expect((await requests.ask({ type: 'heads', context })).type).to.equal('heads')
        anchor.remove(context, peer.signer.publicKey)
        a.replica.events.emit('members:changed', { context, removed: [peer.signer.publicKey] })
        await new Promise((resolve) => setImmediate(resolve))
        expect(await requests.ask({ type: 'heads', context })).to.deep.include({
          code: WIRE_ERRORS.notMember,
        })
      })
    })
  })
})
