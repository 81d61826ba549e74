import { expect } from 'chai'
import type { ContextFailure, Node } from '../../../src/node/index.ts'
import { EMPTY } from '../../../src/node/primitives/bytes.ts'
import { idText } from '../../../src/node/primitives/ids.ts'
import { admit, infoOf, nodeWorld } from '../../support/real-node.ts'
import { panickingApp, PANIC_SHOWN } from '../../support/panicking-app.ts'
import { recordLogger } from '../../support/record-logger.ts'

/** The next failure a node tells of. */
async function nextFailure(node: Node): Promise<ContextFailure> {
  const signal = AbortSignal.timeout(15_000)
  return (await node.events.next('context:failed', { signal })).failure
}

describe('what operators see', () => {
  it('of a guest that panics on somebody else’s delta: text, place, author and the next try', async () => {
    await using world = await nodeWorld()
    const logger = recordLogger()
    const [a, b] = [await world.node('a'), await world.node('b', { logger })]
    const { id: application } = await a.applications.installBytes(panickingApp(), 'panicking.wasm')
    const { context, member: author } = await a.contexts.create({ application })
    await admit(a, b, context)
    const failed = nextFailure(b)
    const { delta } = await a.contexts.execute({ context, method: 'bad', input: EMPTY })

    const failure = await failed
    const { atMs, nextTryMs = 0, ...rest } = failure
    const seen = { what: 'delta', code: 'RUNTIME_PANIC', message: PANIC_SHOWN }
    expect(rest).to.deep.equal({ ...seen, tries: 1, delta, author })
    expect(nextTryMs).to.be.greaterThan(atMs)
    const info = await infoOf(b, context)
    expect(info.deltas.quarantined).to.equal(1)
    expect(info.waitsFor.quarantined).to.deep.equal({ RUNTIME_PANIC: 1 })
    expect(info.lastFailure).to.include(seen)
    const line = logger.lines.find(({ message }) => message.startsWith('quarantined'))
    expect(line?.level).to.equal('warn')
    expect(line?.fields).to.include({
      context: idText(context),
      reason: PANIC_SHOWN,
      author: idText(author),
    })
  })

  it('of what applications log: calls, calls that fail and deltas of others', async () => {
    await using world = await nodeWorld()
    const [ofA, ofB] = [recordLogger(), recordLogger()]
    const a = await world.node('a', { logger: ofA })
    const b = await world.node('b', { logger: ofB })
    const { id: application } = await a.applications.installBytes(panickingApp(), 'panicking.wasm')
    const { context, member: author } = await a.contexts.create({ application })
    await admit(a, b, context)
    const failed = nextFailure(b)
    await a.contexts.execute({ context, method: 'say', input: EMPTY, readOnly: true })
    await a.contexts.execute({ context, method: 'bad', input: EMPTY })
    await failed
    const lines = (logger: typeof ofA): unknown[] =>
      logger.lines
        .filter(({ fields }) => fields['component'] === 'application')
        .map(({ fields }) => [fields['method'], fields['author'], fields['line']])
    const me = idText(author)
    expect(lines(ofA)).to.deep.equal([
      ['say', me, 'said'],
      ['say', me, 'said'],
      ['bad', me, 'said'],
    ])
    // the first delta, and the one that b cannot apply
    expect(lines(ofB).slice(0, 2)).to.deep.equal([
      [undefined, me, 'merging'],
      [undefined, me, 'merging'],
    ])
  })
})
