import { expect } from 'chai'
import { Subscription } from '../../../src/server/ws/subscription.ts'
import { stubNode } from '../../support/stub-node.ts'
import type { StubNode } from '../../support/stub-node.ts'
import type { ContextId } from '../../../src/node/primitives/ids.ts'
import { WS_REPLAY_PAGE } from '../../../src/server/limits.ts'

class Recorder {
  readonly frames: { seq?: number; type: string; skipped?: number }[] = []
  isStuck = false
  #resume: (() => void)[] = []

  isFull = (): boolean => this.isStuck

  drained = (): Promise<void> =>
    this.isStuck ? new Promise((resolve) => this.#resume.push(resolve)) : Promise.resolve()

  send = (text: string): void => {
    const { result } = JSON.parse(text) as {
      result: { seq?: number; type: string; data: { skipped?: number } }
    }
    const { seq, type } = result
    this.frames.push({
      type,
      ...(seq === undefined ? {} : { seq }),
      ...(result.data.skipped === undefined ? {} : { skipped: result.data.skipped }),
    })
  }

  unstick(): void {
    this.isStuck = false
    for (const resume of this.#resume.splice(0)) resume()
  }

  get seqs(): (number | undefined)[] {
    return this.frames.map(({ seq }) => seq)
  }
}

/** Lets everything run that is ready to. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('Subscription', () => {
  let node: StubNode
  let context: ContextId
  let sink: Recorder
  let skipped: bigint[]
  let failures: unknown[]
  /** What is said of the next checks; undefined until it is said. */
  let checks: PromiseWithResolvers<boolean>[]
  let denied: number
  let subscription: Subscription

  beforeEach(() => {
    node = stubNode()
    context = node.addContext()
    sink = new Recorder()
    skipped = []
    failures = []
    checks = []
    denied = 0
    subscription = new Subscription(context, {
      events: node.events,
      sink,
      isAllowed: () => {
        const check = Promise.withResolvers<boolean>()
        checks.push(check)
        return check.promise
      },
      onDenied: () => {
        denied++
        subscription.close()
      },
      onSkipped: (count) => skipped.push(count),
      onFailure: (error) => failures.push(error),
    })
    node.events.on('state:mutation', (mutation) => {
      const frame = JSON.stringify({
        result: { type: 'StateMutation', seq: Number(mutation.seq), data: {} },
      })
      subscription.deliver(mutation.seq, () => frame)
    })
  })

  const mutate = (count: number): void => {
    for (let i = 0; i < count; i++) node.mutate(context)
  }

  it('passes live mutations on', () => {
    mutate(3)
    expect(sink.seqs).to.deep.equal([1, 2, 3])
  })

  it('replays from a sequence number, then goes on live', async () => {
    subscription.close()
    mutate(5)
    subscription = new Subscription(context, {
      events: node.events,
      sink,
      isAllowed: () => {
        const check = Promise.withResolvers<boolean>()
        checks.push(check)
        return check.promise
      },
      onDenied: () => {
        denied++
        subscription.close()
      },
      onSkipped: () => {},
      onFailure: () => {},
    })
    subscription.replayFrom(3n)
    await settle()
    mutate(2)
    expect(sink.seqs.slice(-5)).to.deep.equal([3, 4, 5, 6, 7])
  })

  it('misses and repeats nothing when mutations come while the log is read', async () => {
    let left = 5
    node.onReplay = () => {
      if (left-- > 0) node.mutate(context)
    }
    mutate(2)
    sink.frames.length = 0
    subscription.replayFrom(1n)
    await settle()
    mutate(1)
    expect(sink.seqs).to.deep.equal([1, 2, 3, 4, 5, 6, 7, 8])
  })

  it('reads the log in pages', async () => {
    const count = WS_REPLAY_PAGE * 2 + 1
    mutate(count)
    sink.frames.length = 0
    subscription.replayFrom(1n)
    await settle()
    expect(sink.seqs).to.deep.equal(Array.from({ length: count }, (_, i) => i + 1))
  })

  it('stops at a full sink and continues from the log once it is drained', async () => {
    mutate(1)
    sink.isStuck = true
    mutate(50)
    await settle()
    expect(sink.seqs).to.deep.equal([1])
    sink.unstick()
    await settle()
    expect(sink.seqs).to.deep.equal(Array.from({ length: 51 }, (_, i) => i + 1))
    mutate(1)
    expect(sink.seqs.at(-1)).to.equal(52)
  })

  it('tells how much the log no longer had', async () => {
    mutate(5)
    node.trimLog(context, 3n)
    sink.frames.length = 0
    subscription.replayFrom(1n)
    await settle()
    expect(sink.frames).to.deep.equal([
      { type: 'Lagged', skipped: 3 },
      { type: 'StateMutation', seq: 4 },
      { type: 'StateMutation', seq: 5 },
    ])
    expect(skipped).to.deep.equal([3n])
  })

  it('gives a client that is ahead of the log what comes next', async () => {
    mutate(2)
    sink.frames.length = 0
    subscription.replayFrom(1000n)
    await settle()
    mutate(1)
    expect(sink.seqs).to.deep.equal([3])
  })

  it('says so when the log cannot be read, and ends', async () => {
    node.failNext('events.replay', new Error('disk'))
    subscription.replayFrom(1n)
    await settle()
    mutate(1)
    expect(failures).to.have.length(1)
    expect(sink.frames).to.deep.equal([])
  })

  it('sends nothing once it is closed, not even what it was reading', async () => {
    mutate(2)
    sink.frames.length = 0
    subscription.replayFrom(1n)
    subscription.close()
    await settle()
    mutate(1)
    expect(sink.frames).to.deep.equal([])
  })

  describe('while it is asked whether the client may still see the context', () => {
    it('sends nothing, and then all of it once', async () => {
      mutate(2)
      subscription.recheck()
      mutate(2)
      subscription.recheck()
      checks[0]?.resolve(true)
      await settle()
      expect(sink.seqs, 'the later question is open').to.deep.equal([1, 2])
      mutate(1)
      checks[1]?.resolve(true)
      await settle()
      mutate(1)
      expect(sink.seqs).to.deep.equal([1, 2, 3, 4, 5, 6])
    })

    it('keeps what the client asked for before anything came, and nothing older', async () => {
      mutate(2)
      const late = new Recorder()
      sink = late
      subscription = new Subscription(context, {
        ...{ events: node.events, sink: late, isAllowed: async () => true },
        ...{ onDenied: () => {}, onSkipped: () => {}, onFailure: () => {} },
      })
      subscription.recheck()
      await settle()
      expect(late.seqs, 'no past').to.deep.equal([])
      subscription.recheck()
      mutate(1)
      await settle()
      expect(late.seqs).to.deep.equal([3])
      subscription.recheck()
      subscription.replayFrom(2n)
      await settle()
      expect(late.seqs).to.deep.equal([3, 2, 3])
    })

    it('goes no further when it may not, in the middle of the past as well', async () => {
      mutate(WS_REPLAY_PAGE + 1)
      sink.isStuck = true
      subscription.replayFrom(1n)
      await settle()
      subscription.recheck()
      const { length } = sink.frames
      sink.unstick()
      await settle()
      expect(sink.frames).to.have.length(length)
      checks[0]?.resolve(false)
      await settle()
      mutate(1)
      expect([denied, sink.frames.length]).to.deep.equal([1, length])
    })

    it('is over when it cannot be told', async () => {
      subscription.recheck()
      mutate(1)
      checks[0]?.reject(new TypeError('the disk'))
      await settle()
      expect([failures.length, sink.frames.length]).to.deep.equal([1, 0])
    })
  })
})
