import { expect } from 'chai'
import type { Evidence, MemberRecord, ReadOptions } from '../../../src/node/anchor/anchor.ts'
import { SECOND_LOOK_MS, VIEW_DOUBT_RETRY_MS } from '../../../src/node/context/limits.ts'
import type { SigningKey } from '../../../src/node/crypto/sign.ts'
import { bytesOf, keyOf } from '../../support/craft-delta.ts'
import { recordLogger } from '../../support/record-logger.ts'
import { replicaKit, type ReplicaKit } from '../../support/replica-kit.ts'

const [me, friend, gone] = [keyOf('me'), keyOf('friend'), keyOf('gone')]
const FAR = 1n << 63n

/** What one endpoint says of the members. */
interface Word {
  readonly revision: bigint
  readonly height: bigint
  readonly members: readonly SigningKey[]
  readonly joined?: bigint
  readonly block?: string
  readonly isBehind?: boolean
}

function record({ publicKey }: SigningKey, joinedRevision: bigint): MemberRecord {
  return { identity: publicKey, role: 'writer', capabilities: 0, nonce: 0n, joinedRevision }
}

interface World extends ReplicaKit {
  /** What each endpoint says from now on; the first that says something is asked first. */
  says(...words: readonly (Word | undefined)[]): void
  /** How each reading was asked for. */
  readonly asked: ReadOptions[]
  readonly warnings: () => string[]
  /** Reads, and lets the pauses pass. */
  read(isReset?: boolean): Promise<void>
  /** Lets a moment pass. */
  pass(): Promise<void>
  readonly names: () => string[]
}

/** A node whose view has three writers, of revision 5 at height 100. */
async function world(given?: ReplicaKit): Promise<World> {
  const logger = recordLogger()
  const kit = given ?? (await replicaKit({ own: [me], members: [[me, 'writer']], logger }))
  const asked: ReadOptions[] = []
  let words: readonly (Word | undefined)[] = []
  kit.anchor.readMembers = async (_group, options = {}) => {
    asked.push(options)
    const named = words.flatMap((word, i) =>
      word === undefined ? [] : [{ ...word, source: `endpoint ${i}` }],
    )
    const found = named.find(({ source }) => source !== options.besides) ?? named[0]
    if (found === undefined) throw new TypeError('nobody answers')
    const { height, source, block, isBehind, revision, members, joined = 1n } = found
    const evidence: Evidence = {
      ...{ height, source, finality: 'final', certified: false },
      ...(block === undefined ? {} : { block }),
      ...(isBehind === undefined ? {} : { isBehind }),
    }
    return { value: { revision, members: members.map((key) => record(key, joined)) }, evidence }
  }
  const known = [me, friend, gone].map(({ publicKey }) => String(publicKey))
  const words3 = ['me', 'friend', 'gone']
  const made: World = {
    ...kit,
    asked,
    says: (...next) => void (words = next),
    warnings: () =>
      logger.lines.filter(({ level }) => level === 'warn').map(({ message }) => message),
    async read(isReset = false) {
      const reading = kit.group.refresh({ isReset })
      await made.pass()
      await reading
    },
    async pass() {
      for (let i = 0; i < 20; i++) {
        await new Promise((resolve) => setImmediate(resolve))
        kit.clock.advance(SECOND_LOOK_MS / 10)
      }
    },
    names: () =>
      kit.group
        .members()
        .map(({ identity }) => words3[known.indexOf(String(identity))] ?? '?')
        .sort(),
  }
  if (given === undefined) {
    made.says({
      revision: 5n,
      height: 100n,
      members: [me, friend, gone],
      joined: 2n,
      block: '0xaa',
    })
    await made.read()
  }
  return made
}

const TRUTH: Word = { revision: 6n, height: 120n, members: [me, friend], joined: 2n, block: '0xbb' }
/** What an endpoint invents: somebody who was removed is in, at a revision that no chain reaches. */
const LIE: Word = { revision: FAR, height: 110n, members: [me, friend, gone], joined: 2n }

describe('a view that was no truth', () => {
  it('does not stick: who was removed meanwhile is removed, and the next key is owed', async () => {
    const kit = await world()
    kit.says(LIE)
    await kit.read()
    expect(kit.group.membersRevision).to.equal(FAR)
    await kit.group.makeKey(bytesOf('made under the lie'))
    expect(kit.group.isRotating).to.equal(false)
    kit.says(TRUTH)
    await kit.read()
    expect([kit.group.membersRevision, kit.names()]).to.deep.equal([6n, ['friend', 'me']])
    expect(kit.group.hasDeparted(gone.publicKey)).to.equal(true)
    expect(kit.group.isRotating, 'whom the lie let in may hold the key').to.equal(true)
    await kit.group.makeKey(bytesOf('made after it'))
    expect([kit.group.isRotating, kit.group.sealFrom]).to.deep.equal([false, 6n])
    expect(kit.group.shownView).to.deep.include({ height: 120n, block: '0xbb', doubt: undefined })
    expect(kit.group.shownView.replacedAtMs).to.be.a('number')
    expect(kit.warnings()).to.have.lengthOf(1)
  })

  it('is replaced after a restart too, and keys that were made under it cover nothing', async () => {
    const kit = await world()
    kit.says(LIE)
    await kit.read()
    await kit.group.makeKey(bytesOf('made under the lie'))
    const again = await world(await kit.reopen())
    again.says(TRUTH)
    await again.read()
    expect([again.group.membersRevision, again.names()]).to.deep.equal([6n, ['friend', 'me']])
    expect(again.group.isRotating).to.equal(true)
    const third = await kit.reopen()
    expect([third.group.membersRevision, third.group.isRotating]).to.deep.equal([6n, true])
  })

  it('gives way to a list of the same revision when a reorganisation took its block away', async () => {
    const kit = await world()
    const other = { ...TRUTH, revision: 5n, height: 100n, block: '0xcc' }
    kit.says(other)
    await kit.read()
    expect(kit.names()).to.deep.equal(['friend', 'me'])
    expect(kit.group.isRotating).to.equal(true)
  })

  it('gives way to a newer list with somebody who had joined before it', async () => {
    const kit = await world()
    kit.says({ ...TRUTH, members: [me, friend], revision: 6n })
    await kit.read()
    await kit.group.makeKey(bytesOf('after the departure'))
    // the removal was undone, and somebody else's took its place
    kit.says({ ...TRUTH, members: [me, gone], revision: 7n, height: 121n })
    await kit.read()
    expect(kit.names()).to.deep.equal(['gone', 'me'])
    expect(kit.group.sealFrom).to.equal(7n)
    expect(kit.warnings()).to.have.lengthOf(1)
  })

  it('stays as long as an endpoint merely lags', async () => {
    const kit = await world()
    kit.says(TRUTH)
    await kit.read()
    const lagging = { revision: 5n, height: 119n, members: [me, friend, gone], joined: 2n }
    kit.says(lagging)
    await kit.read()
    expect(kit.names()).to.deep.equal(['friend', 'me'])
    expect([kit.warnings(), kit.group.doubt]).to.deep.equal([[], undefined])
    expect(kit.asked.at(-1)?.since).to.deep.include({ height: 120n })
  })

  it('gives way at a lower height that is later than it by the word of the anchor', async () => {
    const kit = await world()
    kit.says({ ...LIE, height: FAR })
    await kit.read()
    kit.says({ ...TRUTH, isBehind: true })
    await kit.read()
    expect(kit.group.membersRevision, 'it may lag').to.equal(FAR)
    kit.says({ ...TRUTH, isBehind: false })
    await kit.read()
    expect([kit.group.membersRevision, kit.group.shownView.height]).to.deep.equal([6n, 120n])
  })

  it('stays, in doubt, while one endpoint speaks against it and another for it', async () => {
    const kit = await world()
    const current = { revision: 5n, height: 130n, members: [me, friend, gone], joined: 2n }
    kit.says({ ...LIE, revision: 4n, members: [me, gone], height: 130n }, current)
    await kit.read()
    await kit.read()
    expect(kit.names()).to.deep.equal(['friend', 'gone', 'me'])
    expect(kit.group.doubt).to.include({ revision: 4n, height: 130n, source: 'endpoint 0' })
    expect(kit.warnings(), 'told once').to.have.lengthOf(1)
    kit.says(current)
    const before = kit.asked.length
    kit.clock.advance(VIEW_DOUBT_RETRY_MS)
    await kit.pass()
    expect(kit.asked.length, 'looked at again by itself').to.be.greaterThan(before)
    expect(kit.group.doubt).to.equal(undefined)
  })

  it('stays when the same endpoint says something else a moment later', async () => {
    const kit = await world()
    kit.says({ ...LIE, revision: 4n, members: [me, gone], height: 130n })
    const reading = kit.read()
    await new Promise((resolve) => setImmediate(resolve))
    kit.says({ revision: 5n, height: 131n, members: [me, friend, gone], joined: 2n })
    await reading
    expect(kit.names()).to.deep.equal(['friend', 'gone', 'me'])
    expect(kit.group.doubt?.revision).to.equal(4n)
  })

  it('is replaced at once by an operator’s word', async () => {
    const kit = await world()
    kit.says({ ...TRUTH, height: 3n })
    await kit.read()
    expect(kit.group.membersRevision).to.equal(6n)
    kit.says({ ...LIE, revision: 2n, height: 2n, members: [me] })
    await kit.read()
    expect(kit.group.membersRevision, 'an older endpoint').to.equal(6n)
    const reads = kit.asked.length
    await kit.read(true)
    expect([kit.names(), kit.group.membersRevision]).to.deep.equal([['me'], 2n])
    expect(kit.asked.length - reads).to.equal(1)
    expect(kit.group.isRotating).to.equal(true)
  })

  it('leaves nothing behind of a key that came while it was being replaced', async () => {
    const kit = await world()
    kit.says(LIE)
    await kit.read()
    kit.says(TRUTH)
    const replacing = kit.read()
    // given by somebody who is a member by the lie alone
    const standing = { madeAt: FAR, coversTo: FAR }
    const held = kit.store.batch
    let isFirst = true
    kit.store.batch = async (...args) => {
      if (isFirst) {
        isFirst = false
        await kit.group.addKey(1, bytesOf('of the one who is gone'), standing)
      }
      return held.apply(kit.store, args)
    }
    await replacing
    expect(kit.group.isRotating).to.equal(true)
    const again = await kit.reopen()
    expect(again.group.isRotating).to.equal(true)
  })
})
