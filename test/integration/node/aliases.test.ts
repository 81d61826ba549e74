import { expect } from 'chai'
import { type ContextId, idText, type Node } from '../../../src/node/index.ts'
import { EMPTY } from '../../../src/node/primitives/bytes.ts'
import { failure } from '../../support/error-code.ts'
import { nodeWorld } from '../../support/real-node.ts'
import { WatData, watModule } from '../../support/wat.ts'

const IMPORTS = [
  'input',
  'read_register',
  'register_len',
  'context_create',
  'context_resolve_alias',
  'commit',
  'value_return',
] as const

/** `make` asks for a context of the application in its input under the alias `child`; `find` returns who has that, nothing when nobody does. */
function namingModule(): Uint8Array {
  const data = new WatData()
  const given = data.room(32)
  const givenTo = data.descriptor(given, 32)
  const returned = data.struct(0, given, 32)
  const [root, artifact] = [data.buffer(new Uint8Array(32).fill(9)), data.buffer('artifact')]
  const [protocol, nothing, alias] = [data.buffer('local'), data.buffer(''), data.buffer('child')]
  const find = `
    (if (call $context_resolve_alias (i64.const ${alias}) (i64.const 1))
      (then (drop (call $read_register (i64.const 1) (i64.const ${givenTo})))
            (call $value_return (i64.const ${returned}))))`
  const commit = `(call $commit (i64.const ${root}) (i64.const ${artifact}))`
  return watModule(
    IMPORTS,
    data,
    `(func (export "init") ${commit})
     (func (export "__calimero_sync_next") ${commit})
     (func (export "make")
       (call $input (i64.const 0))
       (drop (call $read_register (i64.const 0) (i64.const ${givenTo})))
       (call $context_create (i64.const ${protocol}) (i64.const ${givenTo})
                             (i64.const ${nothing}) (i64.const ${alias})))
     (func (export "find") ${find})`,
  )
}

async function find(node: Node, context: ContextId): Promise<string | undefined> {
  const { output } = await node.contexts.execute({ context, method: 'find', input: EMPTY })
  return output === undefined ? undefined : idText(output)
}

/** Resolves with the next context that the node has and these are not. */
function nextContext(node: Node, known: readonly ContextId[]): Promise<ContextId> {
  const texts = new Set(known.map(idText))
  return new Promise((resolve) => {
    const off = node.events.on('context:changed', ({ context, status }) => {
      if (status !== 'ready' || texts.has(idText(context))) return
      off()
      resolve(context)
    })
  })
}

describe('an alias that an application gives to a context it makes', () => {
  it('is resolved by its calls from then on, after a restart too, and by no other context', async function () {
    this.timeout(60_000)
    await using world = await nodeWorld()
    const node = await world.node('a')
    const { id: application } = await node.applications.installBytes(namingModule(), 'test')
    const { context } = await node.contexts.create({ application })
    const { context: other } = await node.contexts.create({ application })
    expect(await find(node, context)).to.equal(undefined)
    const made = nextContext(node, [context, other])
    await node.contexts.execute({ context, method: 'make', input: application })
    const child = await made
    expect(await find(node, context)).to.equal(idText(child))
    expect(await find(node, other)).to.equal(undefined)
    expect(await find(node, child)).to.equal(undefined)

    const taken = await failure(
      node.contexts.execute({ context, method: 'make', input: application }),
    )
    expect(taken.details).to.deep.include({ data: { type: 'AliasAlreadyExists', data: 'child' } })
    await node.stop()
    const again = await world.node('a')
    expect(await find(again, context)).to.equal(idText(child))
    await again.contexts.delete(child)
    expect(await find(again, context)).to.equal(undefined)
  })
})
