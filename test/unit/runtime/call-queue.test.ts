import { expect } from 'chai'
import { MAX_QUEUED_CALLS } from '../../../src/node/runtime/limits.ts'
import { CallQueue, contextOf, type Waiting } from '../../../src/node/runtime/wasm/call-queue.ts'
import { thrownCode } from '../../support/error-code.ts'

function call(context: number, bytes = 1): Waiting {
  const job = { kind: 'forget', context } as const
  const nothing = (): void => {}
  return { job, bytes, signal: undefined, onGivenUp: nothing, resolve: nothing, reject: nothing }
}

/** A call of a method, of a module that its digest stands for. */
function execution(context: number, method: string, module = 1): Waiting {
  const digest = new Uint8Array(32).fill(module)
  const of = { context: { number: context }, method, module: digest }
  return { ...call(context), job: { kind: 'execute', call: of } as unknown as Waiting['job'] }
}

/** Contexts of the calls that are posted next. */
function nextOf(queue: CallQueue): number[] {
  return queue.next().map(([, waiting]) => contextOf(waiting))
}

describe('the calls of a thread', () => {
  it('are posted a few at once, those of contexts in turn', () => {
    const queue = new CallQueue(2)
    for (const context of [1, 1, 1]) queue.add(call(context))
    const [first] = queue.next()
    expect(nextOf(queue), 'while two are posted').to.deep.equal([])
    queue.add(call(2))
    queue.take(first?.[0] ?? -1)
    queue.add(call(1))
    expect(nextOf(queue)).to.deep.equal([1])
    expect([...queue.posted.keys()].map((id) => queue.take(id)?.job.kind)).to.have.length(2)
    expect(nextOf(queue)).to.deep.equal([2, 1])
    expect(queue.contexts).to.equal(2)
  })

  it('are posted one by one where contexts take turns', () => {
    const queue = new CallQueue(1)
    for (const context of [1, 1, 1, 2, 3]) queue.add(call(context))
    const order: number[] = []
    for (let due = queue.next(); due.length > 0; due = queue.next()) {
      expect(nextOf(queue), 'while one is posted').to.deep.equal([])
      for (const [id, waiting] of due) {
        order.push(contextOf(waiting))
        queue.take(id)
      }
    }
    expect(order).to.deep.equal([1, 2, 3, 1, 1])
    expect(queue.contexts).to.equal(0)
  })

  it('of one context are taken out together, posted or not, in their order', () => {
    const queue = new CallQueue(1)
    const own = [call(1), call(1)]
    for (const each of own) queue.add(each)
    queue.add(call(2))
    expect(nextOf(queue)).to.deep.equal([1])
    expect(queue.takeOf(1)).to.deep.equal(own)
    expect(queue.countOf(1)).to.equal(0)
    expect(nextOf(queue)).to.deep.equal([2])
  })

  it('that begin contexts with the same module are found, posted or not, and no others', () => {
    const queue = new CallQueue(1)
    const first = execution(1, 'init')
    for (const one of [first, execution(2, 'init'), execution(3, 'init', 2), execution(4, 'get')]) {
      queue.add(one)
    }
    queue.add(execution(5, 'init'))
    queue.next()
    expect(queue.beginningLike(first)).to.deep.equal([2, 5])
    expect(queue.beginningLike(execution(4, 'get'))).to.deep.equal([])
  })

  it('are bounded, posted or not, until they are taken out', () => {
    const queue = new CallQueue(1)
    for (let i = 0; i < MAX_QUEUED_CALLS; i++) queue.add(call(i))
    expect(thrownCode(() => queue.assertRoom(0))).to.equal('RUNTIME_QUEUE_FULL')
    expect(queue.clear()).to.have.length(MAX_QUEUED_CALLS)
    queue.assertRoom(0)
  })
})
