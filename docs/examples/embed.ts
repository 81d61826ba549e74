/** A node inside another program: run with `node docs/examples/embed.ts`. Installed from npm, the two imports are `merogate` and `merogate/chains/local`. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createNode, utf8, fromUtf8 } from '../../src/index.ts'
import { localAnchor, startLocalChain } from '../../src/chains/local/index.ts'

const home = await mkdtemp(join(tmpdir(), 'merogate-'))
try {
  await using chain = await startLocalChain({ port: 0 })
  await using node = await createNode({
    home,
    anchors: [localAnchor({ url: chain.url })],
    network: { listen: ['/ip4/127.0.0.1/tcp/0'] },
  })
  await node.start()
  const { id: application } = await node.applications.installFile(
    join(import.meta.dirname, '../../apps/kv-store-rs/dist/kv-store.mpk'),
  )
  const { context } = await node.contexts.create({ application })
  await node.contexts.execute({ context, method: 'set', input: utf8('{"key":"a","value":"1"}') })
  const { output } = await node.contexts.execute({
    context,
    method: 'get',
    input: utf8('{"key":"a"}'),
  })
  console.log(output && fromUtf8(output))
} finally {
  await rm(home, { recursive: true })
}
