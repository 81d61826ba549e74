import { expect } from 'chai'
import { identityPool } from '../../../src/node/context/groups/identities.ts'
import { atRest } from '../../../src/node/crypto/at-rest.ts'
import { GroupId } from '../../../src/node/primitives/ids.ts'
import { groupRows } from '../../../src/node/store/repositories/groups.ts'
import { bytesOf } from '../../support/craft-delta.ts'
import { rejectionCode } from '../../support/error-code.ts'
import { failingStore } from '../../support/failing-store.ts'
import { seededRandom } from '../../support/hand-clock.ts'
import { memoryStore } from '../../support/memory-store.ts'

const GROUP = GroupId.from(bytesOf('group'))

describe('identities of a node', () => {
  it('are bound to a group once the disk has it: otherwise a restart would not know', async () => {
    const store = failingStore(memoryStore())
    const random = seededRandom('identities')
    const parts = { store, rows: groupRows(store), atRest: atRest(bytesOf('seed'), random), random }
    const pool = identityPool(parts)
    const { publicKey } = await pool.create()
    store.failAt = 1
    expect(await rejectionCode(pool.bind(publicKey, GROUP))).to.equal('STORE_FAILED')
    expect(pool.groupOf(publicKey)).to.equal(undefined)
    expect(pool.boundTo(GROUP)).to.deep.equal([])
    await pool.bind(publicKey, GROUP)
    const restarted = identityPool(parts)
    await restarted.load()
    expect(restarted.groupOf(publicKey)).to.deep.equal(GROUP)
    const batches = store.batches
    await restarted.bind(publicKey, GROUP)
    expect(store.batches).to.equal(batches)
    const other = GroupId.from(bytesOf('another'))
    expect(await rejectionCode(restarted.bind(publicKey, other))).to.equal('CONTEXT_EXISTS')
  })
})
