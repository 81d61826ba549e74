import { join } from 'node:path'
import { expect } from 'chai'
import { localAuthority, memoryAnchor } from '../../../src/chains/local/index.ts'
import { createNode } from '../../../src/node/index.ts'
import { kvInput, kvOutput } from '../../support/kv-app.ts'
import { KV_BUNDLE } from '../../support/real-node.ts'
import { tempFolder } from '../../support/temp-folder.ts'

const LISTEN = { listen: ['/ip4/127.0.0.1/tcp/0'] }

describe('an authority in the process', () => {
  it('serves two nodes as docs/embedding.md says', async function () {
    this.timeout(30_000)
    await using folder = await tempFolder()
    const authority = localAuthority()
    await authority.start()
    const anchors = [memoryAnchor({ authority })]
    await using node = await createNode({ home: join(folder.path, 'a'), anchors, network: LISTEN })
    await using other = await createNode({ home: join(folder.path, 'b'), anchors, network: LISTEN })
    await Promise.all([node.start(), other.start()])
    const { id } = await node.applications.installFile(KV_BUNDLE)
    const { context } = await node.contexts.create({ application: id })
    await node.contexts.execute({
      ...{ context, method: 'set' },
      input: kvInput({ key: 'k', value: 'v' }),
    })
    const invitee = await other.identities.create()
    const { text } = await node.contexts.invite({ context, invitee })
    await other.contexts.join(text)
    await other.contexts.waitReady(context, { signal: AbortSignal.timeout(20_000) })
    const { output } = await other.contexts.execute({
      ...{ context, method: 'get' },
      input: kvInput({ key: 'k' }),
    })
    expect(kvOutput(output)).to.equal('v')
    await Promise.all([node.stop(), other.stop()])
    await authority.stop()
  })
})
