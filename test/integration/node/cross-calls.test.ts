import { expect } from 'chai'
import { type ContextFailure, type ContextId, idText, type Node } from '../../../src/node/index.ts'
import { EMPTY, toHex } from '../../../src/node/primitives/bytes.ts'
import { abiOf, asking, callingModule, type Declared } from '../../support/calling-app.ts'
import { manifestFor, writeBundle } from '../../support/bundles.ts'
import { nodeWorld } from '../../support/real-node.ts'

const OPEN: Declared = { any: ['take', 'bounce', 'fail'] }
const NOBODY = '00'.repeat(32)

interface Caller {
  readonly node: Node
  readonly context: ContextId
}

async function contextOf(
  node: Node,
  wasm: Uint8Array,
  options: { group?: Caller } = {},
): Promise<Caller> {
  const { id: application } = await node.applications.installBytes(wasm, 'test')
  const { context } = await node.contexts.create({
    application,
    ...(options.group === undefined
      ? {}
      : { group: (await node.contexts.get(options.group.context))?.group as never }), // just made
  })
  return { node, context }
}

async function run(caller: Caller, method: string, input: Uint8Array = EMPTY): Promise<void> {
  await caller.node.contexts.execute({ context: caller.context, method, input })
}

/** Who called last, and how often somebody did. */
async function last({ node, context }: Caller): Promise<{ caller: string; count: number }> {
  const { output = EMPTY } = await node.contexts.execute({
    context,
    method: 'last',
    input: EMPTY,
    readOnly: true,
  })
  const bytes = output.length === 40 ? output : new Uint8Array(40)
  const count = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(32, true))
  return { caller: toHex(bytes.subarray(0, 32)), count }
}

/** Resolves with the next failures of a context. */
function failuresOf({ node, context }: Caller, count = 1): Promise<readonly ContextFailure[]> {
  const seen: ContextFailure[] = []
  return new Promise((resolve) => {
    const off = node.events.on('context:failed', ({ context: id, failure }) => {
      if (idText(id) !== idText(context)) return
      if (seen.push(failure) < count) return
      off()
      resolve(seen)
    })
  })
}

/** Resolves when a context's state has changed so often. */
function changed({ node, context }: Caller, count = 1): Promise<void> {
  let left = count
  return new Promise((resolve) => {
    const off = node.events.on('state:mutation', ({ context: id }) => {
      if (idText(id) !== idText(context) || --left > 0) return
      off()
      resolve()
    })
  })
}

describe('a call into another context', () => {
  it('is made as one of its members, and tells it which context calls, whatever the parameters claim', async () => {
    await using world = await nodeWorld()
    const node = await world.node('a')
    const wasm = callingModule(OPEN)
    const [a, b] = [await contextOf(node, wasm), await contextOf(node, wasm)]
    const made = changed(b)
    // the parameters begin with the id of the called context: no claim of them is believed
    await run(a, 'ask', asking(b.context, 'take'))
    await made
    expect(await last(b)).to.deep.equal({ caller: toHex(a.context), count: 1 })
    await run(b, 'take', a.context)
    expect(await last(b)).to.deep.equal({ caller: NOBODY, count: 2 })
  })

  it('reaches only what is declared, by the module itself or by its bundle, and never init', async () => {
    await using world = await nodeWorld()
    const node = await world.node('a')
    const wasm = callingModule()
    const bundle = await writeBundle([
      ['manifest.json', JSON.stringify(manifestFor(wasm, { abi: { path: 'abi.json' } }))],
      ['app.wasm', wasm],
      ['abi.json', JSON.stringify(abiOf(OPEN))],
    ])
    const a = await contextOf(node, callingModule(OPEN))
    for (const b of [await contextOf(node, callingModule(OPEN)), await contextOf(node, bundle)]) {
      for (const method of ['hidden', 'init', 'last']) {
        const failed = failuresOf(a)
        await run(a, 'ask', asking(b.context, method))
        const [failure] = await failed
        expect(failure).to.include({ what: 'call', code: 'CALL_NOT_DECLARED', method, tries: 1 })
        expect(failure?.target).to.deep.equal(b.context)
        expect(failure).not.to.have.property('nextTryMs')
      }
      expect(await last(b)).to.deep.equal({ caller: NOBODY, count: 0 })
      const made = changed(b)
      await run(a, 'ask', asking(b.context, 'take'))
      await made
    }
  })

  it('reaches an entry point for the same application from no other', async () => {
    await using world = await nodeWorld()
    const node = await world.node('a')
    const narrow = callingModule({ sameApplication: ['take'] })
    const [b, same] = [await contextOf(node, narrow), await contextOf(node, narrow)]
    const other = await contextOf(node, callingModule(OPEN))
    const failed = failuresOf(other)
    await run(other, 'ask', asking(b.context, 'take'))
    expect((await failed)[0]).to.include({ code: 'CALL_OTHER_APPLICATION' })
    const made = changed(b)
    await run(same, 'ask', asking(b.context, 'take'))
    await made
    expect(await last(b)).to.deep.equal({ caller: toHex(same.context), count: 1 })
  })

  it('reaches everything of an application that declares nothing, from its group alone', async () => {
    await using world = await nodeWorld()
    const node = await world.node('a')
    const wasm = callingModule()
    const b = await contextOf(node, wasm)
    const [sibling, stranger] = [
      await contextOf(node, wasm, { group: b }),
      await contextOf(node, wasm),
    ]
    const failed = failuresOf(stranger)
    await run(stranger, 'ask', asking(b.context, 'hidden'))
    expect((await failed)[0]).to.include({ code: 'CALL_OTHER_GROUP' })
    const made = changed(b)
    await run(sibling, 'ask', asking(b.context, 'hidden'))
    await made
    expect(await last(b)).to.deep.equal({ caller: toHex(sibling.context), count: 1 })
  })

  it('fails where its caller sees it, and keeps none behind it from being made', async () => {
    await using world = await nodeWorld()
    const node = await world.node('a')
    const wasm = callingModule(OPEN)
    const [a, b] = [await contextOf(node, wasm), await contextOf(node, wasm)]
    const [failed, made] = [failuresOf(a), changed(b)]
    await run(a, 'twice', b.context)
    const [failure] = await failed
    expect(failure).to.include({ what: 'call', code: 'RUNTIME_TRAP', method: 'fail', tries: 1 })
    await made
    expect(await last(b)).to.deep.equal({ caller: toHex(a.context), count: 1 })
    expect((await node.contexts.get(a.context))?.lastFailure).to.deep.equal(failure)
    const gone = failuresOf(a)
    await run(a, 'ask', asking(new Uint8Array(32).fill(1) as ContextId, 'take'))
    expect((await gone)[0]).to.include({ what: 'call', code: 'CONTEXT_NOT_FOUND' })
    const unnamed = failuresOf(a)
    await run(a, 'ask', asking(b.context, '__calimero_sync_next'))
    expect((await unnamed)[0]).to.include({ what: 'call', code: 'METHOD_INVALID' })
  })

  it('ends after three in a row, where contexts call each other for ever', async () => {
    await using world = await nodeWorld()
    const node = await world.node('a')
    const wasm = callingModule(OPEN)
    const [a, b] = [await contextOf(node, wasm), await contextOf(node, wasm)]
    const failed = failuresOf(b)
    await run(a, 'bounce', b.context)
    expect((await failed)[0]).to.include({ what: 'call', code: 'CALL_TOO_DEEP', method: 'bounce' })
    // a, b, a, b: the one that began, and three calls
    expect(await last(a)).to.deep.equal({ caller: toHex(b.context), count: 2 })
    expect(await last(b)).to.deep.equal({ caller: toHex(a.context), count: 2 })
    const self = failuresOf(a)
    await run(a, 'bounce', a.context)
    expect((await self)[0]).to.include({ code: 'CALL_TOO_DEEP' })
    expect(await last(a)).to.deep.equal({ caller: toHex(a.context), count: 6 })
  })
})
