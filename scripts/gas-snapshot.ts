/**
 * What the Ethereum contracts cost: measures every operation on a chain in this process and writes `contracts/ethereum/gas.json`. The same
 * code gives the same figures to the last unit of gas. `node scripts/gas-snapshot.ts`; with `--check` it compares instead, and fails when a
 * figure changed. It measures what is built: `node scripts/build-contracts.ts` first.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { CONTRACT_NAMES } from '../src/chains/ethereum/contracts/artifacts.ts'
import { abiOf, hex } from '../src/chains/ethereum/contracts/codec.ts'
import { CAPABILITIES, type Signer } from '../src/node/anchor/anchor.ts'
import { envelopeCodec } from '../src/node/anchor/envelope.ts'
import { MIGRATION_SECONDS } from '../src/node/anchor/limits.ts'
import type { Operation, Subject } from '../src/node/anchor/operations.ts'
import {
  application,
  contextOf,
  creation,
  ownGroup,
  person,
} from '../test/compliance/anchor-support.ts'
import { PackageScene } from '../test/support/ethereum-packages.ts'
import { ContractBench, creationCode, GENESIS } from '../test/support/ethereum-contracts.ts'
import {
  accountOf,
  bind,
  binding,
  claimOf,
  type Door,
  DOORS,
  proved,
  revocationOf,
  termsOf,
} from '../test/support/ethereum-proofs.ts'
import { measurePackages } from './support/package-gas.ts'
import { report } from './support/report.ts'

const ROOT = join(import.meta.dirname, '..')
const FILE = join(ROOT, 'contracts/ethereum/gas.json')

/**
 * What things may cost (docs/deploying.md, Costs). Those of operations hold for the account's own transaction and for its signature; there is
 * none for ed25519, which is a way out and not the way.
 */
const CEILINGS: Readonly<Record<string, number>> = {
  bind: 750_000,
  createOwnGroup: 201_000,
  createGivenGroup: 176_000,
  addOne: 89_000,
  addSixteenEach: 51_000,
  hasMember: 2_600,
}

/** Gas of whole transactions, by how they are proved. */
type ByDoor = Partial<Record<Door, number>>

interface Snapshot {
  readonly note: string
  /** Of each contract: gas of the transaction that makes it, bytes that stay. */
  readonly deployment: Readonly<Record<string, { readonly gas: number; readonly bytes: number }>>
  readonly operations: Readonly<Record<string, ByDoor>>
  /** Execution alone, as another contract pays for it. */
  readonly views: Readonly<Record<string, number>>
  readonly ceilings: Readonly<Record<string, number>>
  /** What costs more than it may: `operation.door` or the view, and its gas. */
  readonly exceeded: Readonly<Record<string, number>>
}

const NOTE =
  'Written by scripts/gas-snapshot.ts. operations: whole transactions by door, "Each" per identity; views: execution alone. Every identity that is added or bound is shown to be a point of the curve, for 4,700; of who goes a slot is kept that was cleared, which is a refund of 4,800 less.'

const author = person('A')
const context = contextOf(author)
const group = ownGroup(context)
/** May invite, and has no account. */
const unbound = person('unbound')
const claimants = [person('claimant 0'), person('claimant 1')] as const

/** People of their own for every figure, so that none makes another cheaper. */
function people(label: string, count: number): Signer[] {
  return Array.from({ length: count }, (_, index) => person(`${label} ${index}`))
}

function members(kind: 'addMembers' | 'removeMembers', list: readonly Signer[]): Operation {
  return { kind, ids: list.map(({ publicKey }) => publicKey), role: 'writer', mayReturn: false }
}

function capabilities(kind: 'grant' | 'revoke', { publicKey: identity }: Signer): Operation {
  return { kind, changes: [{ identity, capabilities: CAPABILITIES.manageMembers }] }
}

/** A chain on which the operations are measured by one door, in an order that makes each of them possible. */
class Meter {
  readonly gas: Record<string, number> = {}
  readonly #bench: ContractBench
  readonly #door: Door
  #now = GENESIS + 1000n

  constructor(bench: ContractBench, door: Door) {
    this.#bench = bench
    this.#door = door
  }

  async run(): Promise<void> {
    const [one = unbound] = people('one', 1)
    const last = people('last', 1)
    const sixteen = people('sixteen', 16)
    await this.#apply('createOwnGroup', creation(), { subject: context, nonce: 0n })
    await this.#apply('createGivenGroup', creation(2, group), { subject: contextOf(author, 2) })
    await this.#apply('addOne', members('addMembers', [one]))
    await this.#apply('addSixteenEach', members('addMembers', sixteen), { each: 16 })
    await this.#apply(undefined, members('addMembers', last))
    await this.#apply('removeLast', members('removeMembers', last))
    await this.#apply('removeOne', members('removeMembers', [one]))
    await this.#apply('removeSixteenEach', members('removeMembers', sixteen), { each: 16 })
    await this.#apply(undefined, members('addMembers', [one, unbound]))
    await this.#apply('grant', capabilities('grant', one))
    await this.#apply('revoke', capabilities('revoke', one))
    await this.#apply(undefined, capabilities('grant', unbound))
    const update: Operation = { kind: 'updateApplication', application: application(7) }
    await this.#apply('updateApplication', update, { subject: context })
    await this.#apply('setRole', { kind: 'setRole', ids: [one.publicKey], role: 'reader' })
    await this.#claim('claimFromBound', claimants[0], author, 'account')
    await this.#claim('claimFromUnbound', claimants[1], unbound, 'ed25519')
    const notAfter = GENESIS + 50_000n
    const other = termsOf(this.#bench, {
      ...{ group, inviter: author.publicKey, notAfter, inviteNonce: 9n },
    })
    await this.#apply('revokeInvitation', await revocationOf(this.#bench, other, author, 'account'))
    await this.#apply('voidInvitations', { kind: 'voidInvitations' })
    await this.#apply('setOptions', { kind: 'setOptions', options: { approvers: 'members' } })
    await this.#apply('bumpNonce', { kind: 'bumpNonce', to: 5n << 32n })
    await this.#apply('migrateTo', { kind: 'migrateTo', contract: new Uint8Array(20).fill(7) })
    await this.#apply('leave', { kind: 'leave' }, { signer: claimants[0] })
    await this.#apply('seal', { kind: 'seal' })
  }

  async #claim(
    name: string,
    signer: Signer,
    inviter: Signer,
    by: 'account' | 'ed25519',
  ): Promise<void> {
    const notAfter = GENESIS + 50_000n
    const membership = await this.#membershipOf(inviter)
    const given = { group, inviter: inviter.publicKey, notAfter, membership }
    const terms = termsOf(this.#bench, given)
    const claim = await claimOf(this.#bench, terms, signer.publicKey, inviter, by)
    await this.#apply(name, claim, { signer, nonce: 0n })
  }

  /** Applies an operation, and keeps its cost under its name. */
  async #apply(
    name: string | undefined,
    operation: Operation,
    fields: { signer?: Signer; subject?: Subject; nonce?: bigint; each?: number } = {},
  ): Promise<void> {
    const { signer = author, subject = group, each = 1 } = fields
    const { nonce = await this.#nonceOf(signer) } = fields
    this.#now += 10n
    const envelope = envelopeCodec.encode({
      domain: this.#bench.domain(),
      subject,
      signer: signer.publicKey,
      nonce,
      validUntil: this.#now + 600n,
      operation,
    })
    await this.#bench.setNext(this.#now)
    const outcome = await this.#bench.send(await proved(this.#bench, envelope, this.#door, signer))
    if (outcome.error !== undefined) throw new RangeError(`${name}: ${outcome.error}`)
    if (name !== undefined) this.gas[name] = Math.ceil(outcome.gas / each)
  }

  async #nonceOf(who: Signer): Promise<bigint> {
    return (await this.#recordOf(who)).nonce
  }

  async #membershipOf(who: Signer): Promise<bigint> {
    return (await this.#recordOf(who)).joinedRevision
  }

  async #recordOf({ publicKey }: Signer): Promise<{ nonce: bigint; joinedRevision: bigint }> {
    const [record] = await this.#bench.view('member', [hex(group), hex(publicKey)])
    return record as { nonce: bigint; joinedRevision: bigint } // the ABI says uint64
  }
}

/** Gas of the execution of a view. */
async function executionOf(
  bench: ContractBench,
  name: string,
  args: readonly unknown[],
): Promise<number> {
  const data = abiOf('ContextAnchor').encodeFunctionData(name, [...args])
  const trace = await bench.request('debug_traceCall', { to: bench.anchor, data }, 'latest')
  const { gas } = trace as { gas: string | number }
  const bytes = Buffer.from(data.slice(2), 'hex')
  const zeros = bytes.filter((byte) => byte === 0).length
  // what a transaction costs before anything is executed, and for its bytes
  return Number(gas) - 21_000 - 4 * zeros - 16 * (bytes.length - zeros)
}

async function measureViews(bench: ContractBench): Promise<Record<string, number>> {
  const crowd = people('crowd', 112)
  const views: Record<string, number> = {}
  let nonce = 1n << 32n
  const send = async (operation: Operation, subject: Subject, at: bigint): Promise<void> => {
    const envelope = envelopeCodec.encode({
      ...{ domain: bench.domain(), subject, signer: author.publicKey, nonce: at, operation },
      validUntil: (await bench.now()) + 600n,
    })
    const outcome = await bench.send(await proved(bench, envelope, 'ed25519', author))
    if (outcome.error !== undefined) throw new RangeError(outcome.error)
  }
  await send(creation(), context, 0n)
  for (let from = 0; from < crowd.length; from += 16) {
    await send(members('addMembers', crowd.slice(from, from + 16)), group, nonce++)
  }
  await send(creation(2, group), contextOf(author, 2), nonce++)
  const [id, stranger] = [hex(author.publicKey), hex(unbound.publicKey)]
  const other = hex(contextOf(author, 2))
  views['hasMember'] = await executionOf(bench, 'hasMember', [hex(group), id])
  views['hasMemberStranger'] = await executionOf(bench, 'hasMember', [hex(group), stranger])
  views['hasMemberOfContext'] = await executionOf(bench, 'hasMember', [other, id])
  views['member'] = await executionOf(bench, 'member', [hex(group), id])
  views['group'] = await executionOf(bench, 'group', [hex(group)])
  views['context'] = await executionOf(bench, 'context', [hex(context)])
  views['pageOf100'] = await executionOf(bench, 'members', [hex(group), 0, 100])
  return views
}

/** What it costs to take over a group of 113 members, by each of them, and a context. */
async function measureAdoption(bench: ContractBench): Promise<Readonly<Record<string, ByDoor>>> {
  const { nonce } = (await bench.view('member', [hex(group), hex(author.publicKey)]))[0] as {
    nonce: bigint // the ABI says uint64
  }
  const next = await bench.create(creationCode('ContextAnchor', bench.registry, bench.anchor))
  bench.know(next, abiOf('ContextAnchor'))
  const operation = { kind: 'migrateTo', contract: bench.domain(next).contract } as const
  const request = { domain: bench.domain(), subject: group, signer: author.publicKey, operation }
  const validUntil = (await bench.now()) + 600n
  const envelope = envelopeCodec.encode({ ...request, nonce, validUntil })
  await bench.send(await proved(bench, envelope, 'ed25519', author))
  await bench.mineAt((await bench.now()) + MIGRATION_SECONDS)
  const gasOf = async (name: string, args: readonly unknown[]): Promise<number> => {
    const data = abiOf('ContextAnchor').encodeFunctionData(name, args)
    const outcome = await bench.send({ to: next, data })
    if (outcome.error !== undefined) throw new RangeError(`${name}: ${outcome.error}`)
    return outcome.gas
  }
  const count = 113
  const adoptEach = Math.ceil((await gasOf('adopt', [hex(group), count])) / count)
  const adoptContext = await gasOf('adoptContext', [hex(context)])
  return { adoptEach: { sender: adoptEach }, adoptContext: { sender: adoptContext } }
}

/** What making a contract costs; those after the registry are told its address. */
async function measureDeployment(bench: ContractBench): Promise<Snapshot['deployment']> {
  const deployment: Record<string, { gas: number; bytes: number }> = {}
  for (const name of CONTRACT_NAMES) {
    const made = await bench.send({ data: creationCode(name, bench.registry) })
    if (made.error !== undefined || made.created === undefined) {
      throw new RangeError(`expected ${name}, got ${made.error}`)
    }
    const code = String(await bench.request('eth_getCode', made.created, 'latest'))
    deployment[name] = { gas: made.gas, bytes: (code.length - 2) / 2 }
  }
  return deployment
}

async function measure(): Promise<Snapshot> {
  await using bench = await ContractBench.start()
  const deployment = await measureDeployment(bench)
  const restored = await bench.snapshot()
  const views = await measureViews(bench)
  const adoption = await measureAdoption(bench)
  await restored()
  const operations: Record<string, ByDoor> = { bind: {} }
  for (const door of DOORS) {
    const back = await bench.snapshot()
    await bench.mineAt(GENESIS + 500n)
    const { address: from } = accountOf(author)
    // who sends by itself has consented
    const call =
      door === 'sender'
        ? { ...(await binding(bench, author, { consent: '0x' })), from }
        : await binding(bench, author)
    const bound = await bench.send(call)
    if (bound.error !== undefined) throw new RangeError(`bind: ${bound.error}`)
    if (door !== 'ed25519') operations['bind'] = { ...operations['bind'], [door]: bound.gas }
    await bind(bench, ...claimants)
    const scene = await PackageScene.on(bench)
    await bind(bench, scene.b)
    const meter = new Meter(bench, door)
    await meter.run()
    const packages = await measurePackages(scene, door, GENESIS + 2000n)
    for (const [name, gas] of Object.entries({ ...meter.gas, ...packages })) {
      operations[name] = { ...operations[name], [door]: gas }
    }
    await back()
  }
  Object.assign(operations, adoption)
  const figures: readonly (readonly [name: string, label: string, gas: number | undefined])[] = [
    ...Object.entries(operations).flatMap(([name, { sender, account }]) => [
      [name, `${name}.sender`, sender] as const,
      [name, `${name}.account`, account] as const,
    ]),
    ...Object.entries(views).map(([name, gas]) => [name, name, gas] as const),
  ]
  const exceeded: Record<string, number> = {}
  for (const [name, label, gas = 0] of figures) {
    const ceiling = CEILINGS[name]
    if (ceiling !== undefined && gas > ceiling) exceeded[label] = gas
  }
  return { note: NOTE, deployment, operations, views, ceilings: CEILINGS, exceeded }
}

/** Where two snapshots differ, by the path of the figure. */
function differences(before: unknown, after: unknown, path: string = ''): string[] {
  if (
    typeof before !== 'object' ||
    typeof after !== 'object' ||
    before === null ||
    after === null
  ) {
    return before === after ? [] : [`${path}: ${String(before)} is now ${String(after)}`]
  }
  const [old, now] = [before as Record<string, unknown>, after as Record<string, unknown>] // objects, by the line above
  const names = [...new Set([...Object.keys(old), ...Object.keys(now)])]
  return names.flatMap((name) =>
    differences(old[name], now[name], path === '' ? name : `${path}.${name}`),
  )
}

const measured = await measure()
const before: unknown = existsSync(FILE) ? JSON.parse(readFileSync(FILE, 'utf8')) : {}
const changed = differences(before, measured)
if (process.argv.includes('--check')) {
  report('gas', changed, 'Run `node scripts/gas-snapshot.ts` and look at what it writes.')
} else {
  writeFileSync(FILE, `${JSON.stringify(measured, null, 2)}\n`)
  for (const change of changed) console.log(change)
  for (const [label, gas] of Object.entries(measured.exceeded)) {
    console.log(`${label}: ${gas} is above its ceiling`)
  }
  console.log('gas: ok')
}
