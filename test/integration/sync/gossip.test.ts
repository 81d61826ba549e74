import { expect } from 'chai'
import { utf8 } from '../../../src/node/primitives/bytes.ts'
import { newContext } from '../../support/stub-replica.ts'
import { eventually, share, type SyncNode, withNodes } from '../../support/sync-node.ts'

describe('gossip plane', () => {
  it('reaches a member without a push stream', async () => {
    await withNodes(2, async (nodes) => {
      const [a, b] = nodes as [SyncNode, SyncNode]
      const context = newContext()
      a.replica.open(context)
      b.replica.open(context)
      await a.network.dial(b.network.addresses()) // connected, but nobody joined
      let last = a.replica.write(context, utf8('nobody subscribed yet'))
      await eventually(() => {
        // a subscription becomes known some time after connecting
        last = a.replica.write(context, utf8('again'))
        return b.replica.counts.received > 0
      }, 'something arrived')
      expect(b.online(context)).to.deep.equal([])
      expect(b.replica.knows(context, last) || b.replica.counts.received > 0).to.equal(true)
    })
  })

  it('is not used while every known member has a push stream', async () => {
    await withNodes(2, async (nodes) => {
      const [a, b] = nodes as [SyncNode, SyncNode]
      const context = newContext()
      await share(context, nodes)
      await eventually(() => a.online(context).length === 1, 'joined')
      let published = 0
      const publish = a.network.publish.bind(a.network)
      a.network.publish = (topic, data) => {
        published++
        return publish(topic, data)
      }
      for (let i = 0; i < 20; i++) await b.applied(context, a.replica.write(context, utf8(`${i}`)))
      expect(published).to.equal(0)
      await b.stop()
      await eventually(() => a.online(context).length === 0, 'b is gone')
      a.replica.write(context, utf8('for whoever listens'))
      await eventually(() => published === 1, 'published')
    })
  })
})
