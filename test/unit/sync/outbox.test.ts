import { expect } from 'chai'
import type { FramedStream } from '../../../src/node/network/network.ts'
import { MAX_OUTBOX_BYTES } from '../../../src/node/sync/limits.ts'
import { Outbox } from '../../../src/node/sync/push/outbox.ts'

/** A stream that takes frames while it is open wide. */
function stubStream(): {
  stream: FramedStream
  sent: number[]
  aborted: Error[]
  hold(): void
  release(): Promise<void>
} {
  const sent: number[] = []
  const aborted: Error[] = []
  let held = false
  let wake: (() => void)[] = []
  const stream: FramedStream = {
    peer: 'peer',
    protocol: '/test',
    queued: 0,
    send: (frame) => {
      sent.push(frame[0] as number)
      return !held
    },
    drained: () => (held ? new Promise((resolve) => wake.push(resolve)) : Promise.resolve()),
    read: () => Promise.resolve(undefined),
    async *[Symbol.asyncIterator]() {},
    close: () => Promise.resolve(),
    abort: (error) => aborted.push(error),
    closed: Promise.resolve(),
  }
  return {
    stream,
    sent,
    aborted,
    hold: () => (held = true),
    release: async () => {
      held = false
      for (const call of wake) call()
      wake = []
      await new Promise((resolve) => setImmediate(resolve))
    },
  }
}

const frame = (mark: number, size: number): Uint8Array => new Uint8Array(size).fill(mark)

describe('outbox', () => {
  it('sends at once while the peer reads, and in order after it did not', async () => {
    const { stream, sent, hold, release } = stubStream()
    const outbox = new Outbox(stream, {
      onDrained: () => expect.fail('nothing was dropped'),
      onOverflow: () => expect.fail('no overflow'),
    })
    outbox.push(frame(1, 10))
    hold()
    for (const mark of [2, 3, 4]) outbox.push(frame(mark, 10), 'context')
    expect(sent).to.deep.equal([1, 2])
    expect(outbox.bytes).to.equal(20)
    await release()
    expect(sent).to.deep.equal([1, 2, 3, 4])
    expect(outbox.bytes).to.equal(0)
  })

  it('drops every queued delta one past the limit, keeps the rest, and asks for Heads once drained', async () => {
    const { stream, sent, aborted, hold, release } = stubStream()
    const drained: string[][] = []
    let overflows = 0
    const outbox = new Outbox(stream, {
      onDrained: (contexts) => drained.push([...contexts]),
      onOverflow: () => overflows++,
    })
    hold()
    outbox.push(frame(0, 1))
    outbox.push(frame(1, MAX_OUTBOX_BYTES - 10), 'a')
    outbox.push(frame(2, 10))
    expect(overflows).to.equal(0)
    outbox.push(frame(3, 1), 'b')
    expect(overflows).to.equal(1)
    expect(outbox.bytes).to.equal(10)
    outbox.push(frame(4, 1), 'a') // of a context that is being dropped: Heads will tell
    outbox.push(frame(5, 1), 'c')
    await release()
    expect(sent).to.deep.equal([0, 2, 5])
    expect(drained).to.deep.equal([['a', 'b']])
    expect(aborted).to.deep.equal([])
  })

  it('gives up a peer that lets even other frames pile up', () => {
    const { stream, aborted, hold } = stubStream()
    const outbox = new Outbox(stream, { onDrained: () => {}, onOverflow: () => {} })
    hold()
    outbox.push(frame(0, 1))
    for (let i = 0; i < 4; i++) outbox.push(frame(i, MAX_OUTBOX_BYTES / 4))
    expect(aborted).to.have.lengthOf(0)
    outbox.push(frame(9, 1))
    expect(aborted).to.have.lengthOf(1)
    expect(outbox.bytes).to.equal(0)
  })
})
