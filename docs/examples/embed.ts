/** A node inside another program: run with `node docs/examples/embed.ts`. */
import { mkdtemp } from 'node:fs/promises'
import { createNode, utf8, fromUtf8 } from '../../src/node/index.ts'
import { localAnchor, startLocalChain } from '../../src/chains/local/index.ts'

const home = await mkdtemp('merogate-')
await using chain = await startLocalChain({ port: 0 })
await using node = await createNode({
  home,
  anchors: [localAnchor({ url: chain.url })],
  network: { listen: ['/ip4/127.0.0.1/tcp/0'] },
})
await node.start()
const { id: application } = await node.applications.installFile(
  'apps/kv-store-rs/dist/kv-store.mpk',
)
const { context } = await node.contexts.create({ application })
await node.contexts.execute({ context, method: 'set', input: utf8('{"key":"a","value":"1"}') })
const { output } = await node.contexts.execute({
  context,
  method: 'get',
  input: utf8('{"key":"a"}'),
})
console.log(output && fromUtf8(output))
