import { expect } from 'chai'
import type { Anchor } from '../../../src/node/anchor/anchor.ts'
import { envelopeAnchor } from '../../../src/node/anchor/envelope-anchor.ts'
import { localAuthority, type LocalAuthority } from '../../../src/chains/local/model/authority.ts'
import type { EnvelopeService, SuccessorService } from '../../../src/node/anchor/service.ts'
import { systemClock, systemRandom } from '../../../src/node/primitives/clock.ts'
import { ContextId } from '../../../src/node/primitives/ids.ts'
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

  /** One that says, as long as it lies, that the group moved long ago. */
  const lying = (isLying: () => boolean): EnvelopeService['readGroup'] => {
    return async (id, options) => {
      const answer = await authority.readGroup(id, options)
      if (answer.value === undefined || !isLying()) return answer
      const migration = { successor: new Uint8Array(20).fill(7), movesAt: 1n }
      return { ...answer, value: { ...answer.value, migration } }
    }
  }

  it('asks again where a group is, when it is said to be where nobody is', async () => {
    let isLying = true
    const anchor = over({ readGroup: lying(() => isLying) })
    expect(await anchor.readMember(group, a.publicKey).catch(() => 'nobody is there')).to.equal(
      'nobody is there',
    )
    isLying = false
    expect(valueOf(await anchor.readMember(group, a.publicKey)).identity).to.equal(a.publicKey)
  })

  it('asks nothing of a contract that could not be started', async () => {
    const asked: string[] = []
    const stopped: string[] = []
    const successor = intercept(authority, {
      lifecycle: {
        status: 'stopped',
        start: () => Promise.reject(new RangeError('not now')),
        stop: async () => void stopped.push('stopped'),
      },
      readContext: async () => {
        asked.push('context')
        throw new RangeError('it never started')
      },
      adoptGroup: async () => {},
      adoptContext: async () => {},
    } as Partial<SuccessorService>) as SuccessorService
    let isLying = true
    const readGroup = lying(() => isLying)
    const anchor = over({ readGroup, successor: async () => successor })
    expect(await anchor.readMember(group, a.publicKey).catch(() => 'not now')).to.equal('not now')
    expect(stopped).to.deep.equal(['stopped'])
    isLying = false
    expect(await anchor.readContext(ContextId.from(new Uint8Array(32).fill(9)))).to.equal(undefined)
    expect(asked).to.deep.equal([])
  })
})
