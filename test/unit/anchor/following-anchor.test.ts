import { expect } from 'chai'
import type { Anchor } from '../../../src/node/anchor/anchor.ts'
import { envelopeAnchor } from '../../../src/node/anchor/envelope-anchor.ts'
import { localAuthority, type LocalAuthority } from '../../../src/chains/local/model/authority.ts'
import type { EnvelopeService } from '../../../src/node/anchor/service.ts'
import { systemClock, systemRandom } from '../../../src/node/primitives/clock.ts'
import { silentLogger } from '../../../src/node/primitives/logger.ts'
import { intercept } from '../../support/intercept.ts'
import { add, crowd } from '../../compliance/anchor-bench.ts'
import {
  application,
  contextOf,
  creation,
  ownGroup,
  person,
  valueOf,
} from '../../compliance/anchor-support.ts'

const a = person('A')
const context = contextOf(a)
const group = ownGroup(context)
const components = { clock: systemClock, random: systemRandom, logger: silentLogger }

describe('anchor that follows groups', () => {
  let authority: LocalAuthority

  const over = (methods: Partial<EnvelopeService> = {}): Anchor =>
    envelopeAnchor({
      protocol: 'local',
      network: 'local',
      contract: 'local',
      service: intercept(authority, {
        successor: () => Promise.reject(new RangeError('nothing moves here')),
        ...methods,
      }),
    })(components)

  beforeEach(async () => {
    authority = localAuthority({}, components)
    await authority.start()
    await over().submit(context, creation(), a)
  })

  afterEach(async () => {
    await authority.stop()
  })

  it('asks in the order of its callers, though it looks up first where a group is', async () => {
    let asked = 0
    const late = async (): Promise<void> => {
      // the first answer comes last
      const ms = Math.max(0, 40 - 10 * asked++)
      await new Promise<void>((resolve) => systemClock.after(ms, resolve))
    }
    const anchor = over({
      readGroup: async (id, options) => {
        await late()
        return authority.readGroup(id, options)
      },
      readContext: async (id, options) => {
        await late()
        return authority.readContext(id, options)
      },
    })
    const people = crowd(4)
    await Promise.all([
      anchor.submit(context, { kind: 'updateApplication', application: application(5) }, a),
      ...people.map((who) => anchor.submit(group, add(who), a)),
      anchor.submit(context, { kind: 'updateApplication', application: application(6) }, a),
    ])
    for (const [index, who] of people.entries()) {
      const record = valueOf(await anchor.readMember(group, who.publicKey))
      expect(record).to.include({ joinedRevision: BigInt(index) + 2n })
    }
    expect(valueOf(await anchor.readContext(context)).application).to.deep.equal(application(6))
  })
})
