import { expect } from 'chai'
import { FrameReader } from '../../../src/node/network/frame-reader.ts'
import { MAX_FRAME_BYTES, MAX_GOSSIP_BYTES } from '../../../src/node/network/limits.ts'
import type { FramedStream, Network } from '../../../src/node/network/network.ts'
import { fromUtf8, utf8 } from '../../../src/node/primitives/bytes.ts'
import { rejectionCode as codeOf } from '../../support/error-code.ts'
import { loopbackNetwork, withNetworks } from '../../support/network.ts'

const ECHO = '/test/echo/1'

function echo(network: Network): void {
  network.handle(ECHO, (stream) => {
    void (async () => {
      try {
        for await (const frame of stream) if (!stream.send(frame)) await stream.drained()
        await stream.close()
      } catch {
        // the test ended the stream
      }
    })()
  })
}

describe('libp2p network', () => {
  it('knows its peer id before it starts, the same for the same key', () => {
    const privateKey = new Uint8Array(32).fill(7)
    const one = loopbackNetwork({ privateKey })
    expect(one.peerId).to.match(/^12D3KooW/)
    expect(loopbackNetwork({ privateKey }).peerId).to.equal(one.peerId)
    expect(() => loopbackNetwork({ privateKey: new Uint8Array(31) }))
      .to.throw()
      .with.property('code', 'NETWORK_KEY_INVALID')
  })

  it('carries frames both ways, from none to the largest', async () => {
    await withNetworks(
      2,
      async (a, b) => {
        expect(await a.dial(b.addresses())).to.equal(b.peerId)
        const stream = await a.open(b.peerId, ECHO)
        for (const size of [0, 1, 65_535, MAX_FRAME_BYTES]) {
          const frame = new Uint8Array(size).fill(size & 255)
          stream.send(frame)
          expect(await stream.read({ timeoutMs: 5000 })).to.deep.equal(frame)
        }
        expect(() => stream.send(new Uint8Array(MAX_FRAME_BYTES + 1)))
          .to.throw()
          .with.property('code', 'NETWORK_FRAME_TOO_LARGE')
        await stream.close()
        expect(await stream.read({ timeoutMs: 5000 })).to.equal(undefined)
        await stream.closed
      },
      echo,
    )
  })

  it('keeps order and loses nothing when far more is sent than the windows hold', async () => {
    const arrived = Promise.withResolvers<FramedStream>()
    await withNetworks(
      2,
      async (a, b) => {
        await a.dial(b.addresses())
        const stream = await a.open(b.peerId, ECHO)
        const total = 200
        const send = (async () => {
          for (let i = 0; i < total; i++) {
            const frame = new Uint8Array(100_000)
            new DataView(frame.buffer).setUint32(0, i)
            if (!stream.send(frame)) await stream.drained()
          }
        })()
        // nobody reads at the other side for a while: the sender must come to a halt, not fill memory
        await new Promise((resolve) => setTimeout(resolve, 150))
        expect(stream.queued).to.be.below(2_000_000)
        const served = await arrived.promise
        for (let i = 0; i < total; i++) {
          const frame = await served.read({ timeoutMs: 5000 })
          expect(frame?.length).to.equal(100_000)
          expect(
            new DataView((frame as Uint8Array).buffer, (frame as Uint8Array).byteOffset).getUint32(
              0,
            ),
          ).to.equal(i)
        }
        await send
        await stream.drained()
        expect(stream.queued).to.equal(0)
        stream.abort(new TypeError('done'))
      },
      (network) => network.handle(ECHO, (stream) => arrived.resolve(stream)),
    )
  })

  it('times out a read, and ends one when its signal fires', async () => {
    await withNetworks(
      2,
      async (a, b) => {
        await a.dial(b.addresses())
        const stream = await a.open(b.peerId, ECHO)
        expect(await codeOf(stream.read({ timeoutMs: 20 }))).to.equal('NETWORK_TIMEOUT')
        const controller = new AbortController()
        const read = stream.read({ signal: controller.signal })
        controller.abort()
        expect(await codeOf(read)).to.equal('ABORTED')
        // the stream is as good as before
        stream.send(utf8('still here'))
        expect(fromUtf8((await stream.read({ timeoutMs: 5000 })) as Uint8Array)).to.equal(
          'still here',
        )
      },
      echo,
    )
  })

  it('tells both ends when one aborts, and leaves other streams alone', async () => {
    // a stream is open at this end before the other has heard of it
    const arrived = {
      one: Promise.withResolvers<FramedStream>(),
      two: Promise.withResolvers<FramedStream>(),
    }
    const arrive = async (stream: FramedStream): Promise<void> => {
      const name = fromUtf8((await stream.read({ timeoutMs: 5000 })) as Uint8Array)
      arrived[name as keyof typeof arrived].resolve(stream)
    }
    await withNetworks(
      2,
      async (a, b) => {
        await a.dial(b.addresses())
        const one = await a.open(b.peerId, ECHO)
        one.send(utf8('one'))
        const two = await a.open(b.peerId, ECHO)
        two.send(utf8('two'))
        const far = await arrived.one.promise
        const other = await arrived.two.promise
        one.abort(new TypeError('enough'))
        expect(await codeOf(far.read({ timeoutMs: 5000 }))).to.equal('NETWORK_STREAM_CLOSED')
        expect(await codeOf(one.read())).to.equal('NETWORK_STREAM_CLOSED')
        expect(() => one.send(utf8('x')))
          .to.throw()
          .with.property('code', 'NETWORK_STREAM_CLOSED')
        await Promise.all([one.closed, far.closed])
        two.send(utf8('still here'))
        expect(fromUtf8((await other.read({ timeoutMs: 5000 })) as Uint8Array)).to.equal(
          'still here',
        )
      },
      (network) => network.handle(ECHO, (stream) => void arrive(stream)),
    )
  })

  it('says what to do when the address is in use', async () => {
    await withNetworks(1, async (a) => {
      const taken = (a.addresses()[0] as string).replace(/\/p2p\/.*/, '')
      const other = loopbackNetwork({ listen: [taken] })
      expect(await codeOf(other.start())).to.equal('NETWORK_ADDRESS_IN_USE')
      expect(await codeOf(other.dial(a.addresses()))).to.equal('NETWORK_NOT_STARTED')
      await other.stop()
    })
  })

  it('names failures to dial and to open', async () => {
    await withNetworks(2, async (a, b) => {
      const gone = loopbackNetwork()
      expect(await codeOf(a.dial([`/ip4/127.0.0.1/tcp/1/p2p/${gone.peerId}`]))).to.equal(
        'NETWORK_DIAL_FAILED',
      )
      expect(await codeOf(a.dial(['nonsense']))).to.equal('NETWORK_ADDRESS_INVALID')
      expect(await codeOf(a.dial([]))).to.equal('NETWORK_ADDRESS_INVALID')
      expect(await codeOf(a.dial([`/dns4/${'a'.repeat(300)}/tcp/1`]))).to.equal(
        'NETWORK_ADDRESS_INVALID',
      )
      await a.dial(b.addresses())
      expect(await codeOf(a.open(b.peerId, '/nobody/speaks/this'))).to.equal('NETWORK_OPEN_FAILED')
    })
  })

  it('gossips to subscribers what the validator accepts, and reports recipients', async () => {
    await withNetworks(2, async (a, b) => {
      const seen: string[] = []
      const delivered = new Promise<void>((resolve) => {
        b.subscribe({
          topic: 't',
          validate: (data) => (fromUtf8(data).startsWith('bad') ? 'reject' : 'accept'),
          deliver: (data, from) => {
            seen.push(fromUtf8(data))
            expect(from).to.equal(a.peerId)
            resolve()
          },
        })
      })
      a.subscribe({ topic: 't', validate: () => 'accept', deliver: () => {} })
      expect(await a.publish('t', utf8('nobody'))).to.deep.equal({ recipients: 0 })
      await a.dial(b.addresses())
      let recipients = 0
      for (let i = 0; recipients === 0; i++) {
        // a subscription becomes known some 100 ms after connecting and has no event on the port
        await new Promise((resolve) => setTimeout(resolve, 20))
        recipients = (await a.publish('t', utf8(`bad ${i}`))).recipients
      }
      await a.publish('t', utf8('good'))
      await delivered
      expect(seen).to.deep.equal(['good'])
      expect(await codeOf(a.publish('t', new Uint8Array(MAX_GOSSIP_BYTES + 1)))).to.equal(
        'NETWORK_FRAME_TOO_LARGE',
      )
      b.unsubscribe('t')
    })
  })

  it('dials a kept peer again after it was away', async () => {
    const privateKey = new Uint8Array(32).fill(9)
    await withNetworks(1, async (a) => {
      const first = loopbackNetwork({ privateKey })
      await first.start()
      const addresses = first.addresses()
      const connected = a.events.next('peer:connect')
      await a.keep(first.peerId, addresses)
      await connected
      const gone = a.events.next('peer:disconnect')
      await first.stop()
      await gone
      const again = a.events.next('peer:connect')
      const second = loopbackNetwork({
        privateKey,
        listen: addresses.map((address) => address.replace(/\/p2p\/.*/, '')),
      })
      await second.start()
      expect((await again).peer).to.equal(first.peerId)
      // and no more once it is let go
      await a.disconnect(first.peerId)
      expect(a.isConnected(first.peerId)).to.equal(false)
      await second.stop()
    })
  })

  it('refuses a frame above the limit as soon as its length is there', () => {
    const reader = new FrameReader(MAX_FRAME_BYTES)
    expect(reader.push(Uint8Array.of(0, 0x10, 0))).to.deep.equal([])
    expect(() => reader.push(Uint8Array.of(1)))
      .to.throw()
      .with.property('code', 'NETWORK_FRAME_TOO_LARGE')
    expect(() => new FrameReader(MAX_FRAME_BYTES).push(Uint8Array.of(255, 255, 255, 255)))
      .to.throw()
      .with.property('code', 'NETWORK_FRAME_TOO_LARGE')
  })
})
