import { expect } from 'chai'
import { HOST_FUNCTIONS, importSupport } from '../../../src/node/runtime/wasm/host/table.ts'

describe('what an imported function is worth here', () => {
  it('is said of every function that the node offers, with a reason where it does less than its name says', () => {
    const half = [...HOST_FUNCTIONS.keys()].filter((name) => importSupport(name).support === 'half')
    expect(half).to.have.members([
      'approve_proposal',
      'blob_announce_to_context',
      'context_delete',
      'emit_migration_witness',
      'fetch',
      'send_proposal',
    ])
    for (const name of HOST_FUNCTIONS.keys()) {
      const found = importSupport(name)
      if (found.support === 'full') continue
      expect(found.support, name).to.equal('half')
      expect(found.why, name).to.match(/^\S.{10,120}[^.]$/)
    }
  })

  it('is nothing where the node does not know the name', () => {
    for (const name of ['account_id', 'js_crdt_map_new', 'toString', '']) {
      expect(importSupport(name)).to.include({ support: 'none' }).and.have.property('why')
    }
  })
})
