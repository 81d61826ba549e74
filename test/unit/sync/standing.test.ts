import { expect } from 'chai'
import {
  afterHeads,
  afterJoin,
  afterProof,
  partyOf,
  type Standing,
  UNKNOWN,
  withParty,
} from '../../../src/node/sync/push/standing.ts'
import type { Party } from '../../../src/node/sync/replica.ts'
import { keyOf } from '../../support/craft-delta.ts'

const writer: Party = { identity: keyOf('peer').publicKey, role: 'writer' }
const reader: Party = { ...writer, role: 'reader' }
const asked: Standing = { name: 'asked' }
const proven: Standing = { name: 'proven', party: writer }
const crossed: Standing = { name: 'crossed', party: writer }
const joined: Standing = { name: 'joined', party: writer }
const ALL = [UNKNOWN, asked, proven, crossed, joined]

describe('the standing of two ends in a context', () => {
  it('sends our Join once, whoever comes first', () => {
    expect(ALL.map(afterJoin)).to.deep.equal([asked, undefined, crossed, undefined, undefined])
  })

  it('takes a proof in any state, and renews the party by it', () => {
    expect(ALL.map((standing) => afterProof(standing, reader))).to.deep.equal([
      { name: 'proven', party: reader },
      { name: 'crossed', party: reader },
      { name: 'proven', party: reader },
      { name: 'crossed', party: reader },
      { name: 'joined', party: reader },
    ])
  })

  it('is joined by Heads only when both have proved themselves, and once', () => {
    expect(ALL.map(afterHeads)).to.deep.equal([undefined, undefined, undefined, joined, undefined])
  })

  it('has a party from the proof on, which a change of its role renews', () => {
    expect(ALL.map(partyOf)).to.deep.equal([undefined, undefined, writer, writer, writer])
    expect(ALL.map((standing) => withParty(standing, reader))).to.deep.equal([
      undefined,
      undefined,
      ...[proven, crossed, joined].map((standing) => ({ ...standing, party: reader })),
    ])
  })
})
