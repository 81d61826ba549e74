/** Entries on Stellar that lapse, are changed by others, or are many: whatever a transaction was to touch when it was tried out. */
import { expect } from 'chai'
import { DAY_LEDGERS } from '../../../src/chains/stellar/constants.ts'
import {
  viewAccount,
  viewCode,
  viewContract,
  viewRows,
} from '../../../src/chains/stellar/rpc/entries.ts'
import { simulate } from '../../../src/chains/stellar/rpc/simulate.ts'
import type { StellarService } from '../../../src/chains/stellar/service.ts'
import { invoke } from '../../../src/chains/stellar/xdr/operations.ts'
import { CAPABILITIES } from '../../../src/node/anchor/anchor.ts'
import { concat } from '../../../src/node/primitives/bytes.ts'
import { laterBy, given, SENDING, StellarFaults } from '../../support/stellar-faults.ts'
import { bits, crowd, remove } from '../anchor-bench.ts'
import { creation, ownGroup, person } from '../anchor-support.ts'

/** Ledgers of a year, and those for which the contracts keep alive what is touched. */
const [YEAR, HORIZON] = [365 * DAY_LEDGERS, 120 * DAY_LEDGERS]

describe('anchor: stellar, entries', () => {
  const t = new StellarFaults()
  t.hooks()

  /** Stroops that the account of a node has. */
  const balance = async (service: StellarService): Promise<bigint> => {
    const address = service.sender?.address ?? ''
    return (await service.rpc.run((endpoint) => viewAccount(endpoint, address)))?.balance ?? 0n
  }

  it('[76] are read and changed after a year without anybody, and nothing is lost', async () => {
    const people = crowd(20)
    const before = await t.withContext()
    await before.submit(
      t.group,
      { kind: 'addMembers', ids: people.map(keyOf), role: 'reader' },
      t.a,
    )
    await t.chain.devnet.moveLedgers(YEAR)
    const clock = laterBy(YEAR)
    const service = t.service([t.chain.url], { clock })
    const anchor = await t.over(service, { clock })
    const list = await anchor.readMembers(t.group)
    expect(list?.value.members).to.have.lengthOf(21)
    expect((await anchor.readContext(t.context))?.value.applicationRevision).to.equal(1n)
    await anchor.submit(t.group, t.adding(t.b), t.a)
    const gone = people.slice(0, 12)
    await anchor.submit(t.group, remove(...gone), t.a)
    const now = (await anchor.readMembers(t.group))?.value.members ?? []
    expect(now).to.have.lengthOf(10)
    expect(await t.isMember(anchor, t.b)).to.equal(true)
  })

  it('[76] are kept alive by anybody, who pays', async () => {
    await t.withContext()
    const stranger = t.service([t.chain.url], { key: t.chain.key(3) })
    const address = t.chain.deployment.contracts.contexts.address
    // the header of the group
    const header = concat(Uint8Array.of(2), t.group)
    /** Ledgers that the contract's entry, its code and the header live on. */
    const left = async (): Promise<number[]> => {
      const { rpc } = stranger
      const found = await rpc.run((endpoint) => viewContract(endpoint, address))
      const code = await rpc.run((endpoint) => viewCode(endpoint, found?.codeHash ?? ''))
      const { rows } = await rpc.run((endpoint) => viewRows(endpoint, address, [header]))
      const now = await t.chain.devnet.sequence()
      return [found, code, rows[0]].map((entry) => (entry?.liveUntil ?? 0) - now)
    }
    await t.chain.devnet.moveLedgers(HORIZON - 100)
    expect((await left()).every((ledgers) => ledgers < 101)).to.equal(true)
    const call = invoke(address, 'keep_alive', [[header]])
    const simulated = await stranger.rpc.run((endpoint) => simulate(endpoint, call))
    if (!('prepared' in simulated)) throw new RangeError(simulated.reason)
    const clock = laterBy(HORIZON)
    const payer = t.service([t.chain.url], { key: t.chain.key(3), clock })
    expect((await payer.sender?.send(simulated.prepared))?.succeeded).to.equal(true)
    const [contract = 0, code = 0, row = 0] = await left()
    expect([contract, row].every((ledgers) => ledgers > HORIZON - 100)).to.equal(true)
    expect(code, 'the code’s is another call').to.be.below(HORIZON - 100)
  })

  it('that lapse between trying out and sending are restored by another try', async () => {
    await t.withContext()
    await t.chain.devnet.moveLedgers(HORIZON - 4)
    const clock = laterBy(HORIZON - 4)
    const endpoint = await t.endpoint()
    const anchor = await t.over(t.service([endpoint], { clock }), { clock })
    endpoint.rules({
      method: SENDING,
      times: 1,
      before: () => t.chain.devnet.close(10),
      fault: { kind: 'answer', make: (asked, forward) => forward(asked) },
    })
    await anchor.submit(t.group, t.adding(t.b), t.a)
    expect(endpoint.count(SENDING)).to.equal(2)
    expect(await t.isMember(anchor, t.b)).to.equal(true)
  })

  it('that lapse while a transaction waits are restored by another one', async () => {
    await t.withContext()
    await t.chain.devnet.moveLedgers(HORIZON - 4)
    const clock = laterBy(HORIZON - 4)
    const endpoint = await t.endpoint()
    const anchor = await t.over(t.service([endpoint], { clock }), { clock })
    await t.chain.devnet.setLedgers('manual')
    const sending = anchor.submit(t.group, t.adding(t.b), t.a)
    await endpoint.seen(SENDING, 1)
    await t.chain.devnet.moveLedgers(10)
    await t.chain.devnet.setLedgers('instant')
    await sending
    expect(endpoint.count(SENDING)).to.equal(2)
    expect(await t.isMember(anchor, t.b)).to.equal(true)
  })

  it('that somebody else changes meanwhile are looked at again', async () => {
    const honest = await t.withContext()
    const [last, next] = [person('last'), person('next')]
    await honest.submit(t.group, t.adding(t.b), t.a)
    await honest.submit(t.group, t.adding(t.c), t.a)
    await honest.submit(t.group, t.adding(last), t.a)
    await honest.submit(t.group, bits('grant', [t.b, CAPABILITIES.manageMembers]), t.a)
    const endpoint = await t.endpoint()
    const anchor = await t.over(t.service([endpoint]))
    // who is last takes the place of who goes, and is another by then
    endpoint.rules({
      method: SENDING,
      times: 1,
      before: async () => void (await honest.submit(t.group, t.adding(next), t.b)),
      fault: { kind: 'answer', make: (asked, forward) => forward(asked) },
    })
    await anchor.submit(t.group, remove(t.c), t.a)
    expect(endpoint.count(SENDING)).to.equal(2)
    expect(new Set(given(endpoint.asked)).size).to.equal(2)
    const list = (await honest.readMembers(t.group))?.value.members ?? []
    expect(list.map(({ identity }) => identity)).to.have.deep.members(
      [t.a, t.b, last, next].map(keyOf),
    )
  })

  it('are within the limits of a transaction: nine members are removed at once, sixteen added', async () => {
    const people = crowd(20)
    const anchor = await t.over(t.service([t.chain.url]))
    await anchor.submit(t.context, creation(), t.a)
    const before = await t.used()
    await anchor.submit(
      t.group,
      { kind: 'addMembers', ids: people.map(keyOf), role: 'writer' },
      t.a,
    )
    expect((await t.used()) - before).to.equal(2n)
    await anchor.submit(t.group, remove(...people), t.a)
    expect((await t.used()) - before).to.equal(5n)
    expect((await anchor.readGroup(t.group))?.value.memberCount).to.equal(1)
  })

  it('[44] costs the same for one member as for a hundred', async () => {
    const service = t.service([t.chain.url])
    const anchor = await t.over(service)
    await anchor.submit(t.context, creation(), t.a)
    const measure = async (name: string): Promise<number> => {
      const before = await balance(service)
      await anchor.submit(ownGroup(t.context), t.adding(person(name)), t.a)
      return Number(before - (await balance(service)))
    }
    await measure('first')
    const alone = await measure('one')
    const people = crowd(100).map(keyOf)
    await anchor.submit(t.group, { kind: 'addMembers', ids: people, role: 'writer' }, t.a)
    expect(await measure('two')).to.be.within(alone * 0.95, alone * 1.05)
  })
})

function keyOf({ publicKey }: ReturnType<typeof person>): ReturnType<typeof person>['publicKey'] {
  return publicKey
}
