import { expect } from 'chai'
import { join } from 'node:path'
import { type ContextFailure, type ContextId, idText, type Node } from '../../../src/node/index.ts'
import { toBase58 } from '../../../src/node/primitives/bytes.ts'
import { call, nodeWorld } from '../../support/real-node.ts'

const BUNDLE = join(import.meta.dirname, '../../apps/calls-rs/dist/calls.mpk')
const NONE = { pongs: 0, secrets: 0, hops: 0, caller: '' }

function failed(node: Node, context: ContextId): Promise<ContextFailure> {
  return new Promise((resolve) => {
    const off = node.events.on('context:failed', ({ context: id, failure }) => {
      if (idText(id) !== idText(context)) return
      off()
      resolve(failure)
    })
  })
}

function changed(node: Node, context: ContextId): Promise<void> {
  return new Promise((resolve) => {
    const off = node.events.on('state:mutation', ({ context: id }) => {
      if (idText(id) !== idText(context)) return
      off()
      resolve()
    })
  })
}

describe('an application of the SDK that calls other contexts', () => {
  it('reaches its marked methods, which know who calls, and no others', async function () {
    this.timeout(60_000)
    await using world = await nodeWorld()
    const node = await world.node('a')
    const { id: application } = await node.applications.installFile(BUNDLE)
    const { context: a } = await node.contexts.create({ application })
    const { context: b } = await node.contexts.create({ application })
    const ask = (method: string, from: ContextId): Promise<unknown> =>
      call(node, a, 'ask', { target: toBase58(b), method, from: toBase58(from) })

    const made = changed(node, b)
    await ask('pong', a)
    await made
    expect(await call(node, b, 'counts')).to.deep.equal({ ...NONE, pongs: 1, caller: idText(a) })

    for (const [method, from, code] of [
      ['pong', b, 'RUNTIME_RETURNED_ERROR'], // a claim that is not so
      ['secret', a, 'CALL_NOT_DECLARED'],
    ] as const) {
      const failure = failed(node, a)
      await ask(method, from)
      expect(await failure).to.include({ what: 'call', method, code })
    }
    expect(await call(node, b, 'counts')).to.deep.equal({ ...NONE, pongs: 1, caller: idText(a) })

    const stopped = failed(node, a)
    await call(node, a, 'relay')
    expect(await stopped).to.include({ method: 'relay', code: 'CALL_TOO_DEEP' })
    expect(await call(node, a, 'counts')).to.deep.equal({ ...NONE, hops: 4 })
  })
})
