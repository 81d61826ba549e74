import { join } from 'node:path'
import { expect } from 'chai'
import { isMerogateError } from '../../../src/node/errors.ts'
import { becomes, call, newContext, nodeWorld, set } from '../../support/real-node.ts'
import { smallDisk } from '../../support/small-disk.ts'

describe('a node whose disk is full', function () {
  this.timeout(60_000)

  it('says so, recovers when there is room, and loses nothing that it acknowledged', async function () {
    await using disk = await smallDisk(8)
    if (disk === undefined) {
      console.log('      not run: no file system can be mounted here (needs root and tmpfs)')
      this.skip()
    }
    await using world = await nodeWorld()
    const home = join(disk.path, 'home')
    const node = await world.node('a', { home })
    const { context } = await newContext(node)
    const written: string[] = []
    const codes = new Set<string>()
    const write = async (key: string): Promise<void> => {
      try {
        await set(node, context, key)
        written.push(key)
      } catch (error) {
        codes.add(isMerogateError(error) ? error.code : String(error))
      }
    }
    for (let i = 0; i < 20; i++) await write(`before ${i}`)
    disk.fill()
    for (let i = 0; i < 20; i++) await write(`full ${i}`)
    expect([...codes]).to.deep.equal(['STORE_FAILED', 'STORE_UNAVAILABLE'])
    const { checks, reasons } = await node.health()
    expect(checks['storage']).to.equal(false)
    expect(reasons['storage']).to.include('No space left on device')
    expect(await call(node, context, 'get', { key: 'before 3' })).to.equal('before 3')

    await disk.free()
    await becomes(
      'it recovers by itself',
      async () => (await node.health()).checks['storage'] === true,
    )
    codes.clear()
    for (let i = 0; i < 60; i++) await write(`after ${i}`)
    const identity = await node.identities.create()
    const second = await newContext(node)
    await set(node, second.context, 'k')
    expect([...codes]).to.deep.equal([])
    await node.stop()

    const again = await world.node('a', { home })
    const entries = await call(again, context, 'entries')
    expect(Object.keys(entries as object).sort()).to.deep.equal(written.toSorted()) // our app's answer
    expect(written.length).to.be.at.least(80)
    expect(await again.identities.owned()).to.deep.include(identity)
    expect(await call(again, second.context, 'get', { key: 'k' })).to.equal('k')
    await again.stop()
  })
})
