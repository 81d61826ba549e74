import { expect } from 'chai'
import type { MigrationRecord } from '../../../src/node/anchor/anchor.ts'
import { keyOf } from '../../support/craft-delta.ts'
import { recordLogger } from '../../support/record-logger.ts'
import { replicaKit, type ReplicaKit } from '../../support/replica-kit.ts'

const me = keyOf('me')
const PLAN = { successor: new Uint8Array(20).fill(7), movesAt: 1_900_000_000n }
const MOVES = 'group moves to another contract'
const STAYS = 'group stays: its move to another contract was called off'
const THERE = 'group is in another contract'

interface World extends ReplicaKit {
  /** What the anchor says of the group from now on, and what is told of it. */
  says(migration: MigrationRecord | undefined, contract?: string, height?: bigint): Promise<void>
  readonly warnings: () => string[]
  /** Times that it was told that something moved. */
  readonly told: () => number
}

async function world(given?: ReplicaKit, logger = recordLogger()): Promise<World> {
  const kit = given ?? (await replicaKit({ own: [me], members: [[me, 'writer']], logger }))
  let told = 0
  kit.group.events.on('moved', () => told++)
  return {
    ...kit,
    told: () => told,
    warnings: () =>
      logger.lines.filter(({ level }) => level === 'warn').map(({ message }) => message),
    async says(migration, contract, height = 9n) {
      kit.anchor.readGroup = async (id) => ({
        value: {
          ...{ id, migration, membersRevision: 1n, capabilitiesRevision: 1n },
          ...{ memberCount: 1, sealed: false },
        },
        evidence: {
          ...{ height, finality: 'final', certified: false },
          ...(contract === undefined ? {} : { contract }),
        },
      })
      await kit.group.refresh()
    },
  }
}

describe('the move of a group', () => {
  it('is shown, and told once, over restarts too', async () => {
    const kit = await world()
    await kit.says(undefined)
    expect([kit.group.migration, kit.group.contract]).to.deep.equal([undefined, 'stub'])
    await kit.says(PLAN)
    await kit.says(PLAN)
    expect([kit.group.migration, kit.group.contract]).to.deep.equal([PLAN, 'stub'])
    expect([kit.warnings(), kit.told()]).to.deep.equal([[MOVES], 1])
    const logger = recordLogger()
    const again = await world(await kit.reopen({ logger }), logger)
    expect(again.group.migration, 'without asking').to.deep.equal(PLAN)
    await again.says(PLAN)
    expect([again.warnings(), again.told()]).to.deep.equal([[], 0])
  })

  it('is told when it is another, when it is called off and when it is done', async () => {
    const kit = await world()
    await kit.says(PLAN)
    await kit.says({ ...PLAN, movesAt: PLAN.movesAt + 1n })
    await kit.says(undefined)
    await kit.says(PLAN)
    await kit.says(undefined, 'next')
    expect(kit.warnings()).to.deep.equal([MOVES, MOVES, STAYS, MOVES, THERE])
    expect([kit.group.migration, kit.group.contract, kit.told()]).to.deep.equal([
      ...[undefined, 'next', 5],
    ])
  })

  it('is not taken from an endpoint that lags', async () => {
    const kit = await world()
    const readMembers = kit.anchor.readMembers.bind(kit.anchor)
    kit.anchor.readMembers = async (...args) => {
      const read = await readMembers(...args)
      return read && { ...read, evidence: { ...read.evidence, height: 9n } }
    }
    await kit.says(PLAN)
    await kit.says(undefined, undefined, 8n)
    expect(kit.group.migration).to.deep.equal(PLAN)
  })
})
