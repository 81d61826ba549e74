/**
 * What a canister of contexts does as it grows: instructions and cycles of a member more, from 1 member to 100 000, and for one member after as many
 * operations; those of an upgrade with few and
 * with many, and whether every row is there afterwards, under the root that is certified. The committed module runs on the local chain, in this
 * process. It takes a quarter of an hour on a machine that does nothing else; less with `npm run bench icp-upgrade -- --members 10000 --contexts 1000`.
 */
import { parseArgs } from 'node:util'
import { contextOf, creation, ownGroup, person } from '../test/compliance/anchor-support.ts'
import { add } from '../test/support/ethereum-scene.ts'
import { IcpBench, encodeCall, moduleBytes } from '../test/support/icp-contracts.ts'
import { keyOf, Scene } from '../test/support/icp-scene.ts'
import { rootOf } from '../test/support/icp-witness.ts'
import { ingressCost } from '../src/devnet/icp/cycles.ts'
import { FEES } from '../src/devnet/icp/parameters.ts'
import type { Signer } from '../src/node/anchor/anchor.ts'
import type { Operation } from '../src/node/anchor/operations.ts'
import { isStrongKey } from '../src/node/crypto/sign.ts'
import { equalBytes, utf8 } from '../src/node/primitives/bytes.ts'
import { sha256 } from '../src/node/primitives/hash.ts'
import { type ContextId, type GroupId, PublicKey } from '../src/node/primitives/ids.ts'
import { value } from './support.ts'

/** Members that one operation adds at most. */
const BATCH = 16
/** Members of the last group: as many as fit, so that the last figure is of a group that is nearly full. */
const LAST = 65_000
/** Operations that a figure is the mean of: neighbours in the tree differ. */
const SAMPLES = 16
/** Members whose proofs are asked for after an upgrade. */
const PROOFS = 500
/** Contexts and members of the canister that the large one is compared with. */
const FEW = 100

const { values } = parseArgs({
  options: {
    contexts: { type: 'string', default: '10000' },
    members: { type: 'string', default: '100000' },
  },
})

const most = Number(values.members)
const MODULE = moduleBytes('contexts')

/** What an operation took. */
interface Cost {
  readonly instructions: number
  readonly cycles: number
}

/** A canister that is filled. */
class Grown {
  readonly scene: Scene
  members = 0
  contexts = 0
  operations = 0
  readonly keys: { readonly group: GroupId; readonly key: PublicKey }[] = []
  #group: GroupId | undefined
  #groups = 0
  #owner: Signer | undefined
  #nonce = 0n
  #seed = 0

  constructor() {
    const bench = new IcpBench()
    const daily = 1_000_000
    this.scene = new Scene(
      bench,
      bench.deploy('contexts', { wasm: MODULE, daily, cycles: 10n ** 18n }),
    )
  }

  /** Sends a request of the owner of the group. */
  async #send(operation: Operation, subject: GroupId | ContextId): Promise<Cost> {
    const { scene } = this
    const [canister, signer] = [scene.bench.canister(scene.id), this.#owner ?? scene.a]
    const request = { subject: subject as GroupId, nonce: this.#nonce }
    const { envelope, signature } = await scene.signed(signer, operation, request)
    const { cycles } = canister
    scene.must(scene.deliver({ envelope, signature }))
    const took = cycles - canister.cycles
    const fees = FEES.message + ingressCost('apply', encodeCall('apply', envelope, signature))
    this.#nonce += 1n
    this.operations += 1
    return { instructions: Number(took - fees), cycles: Number(took) }
  }

  /** A group with nobody but its owner. */
  async #begin(): Promise<GroupId> {
    const owner = person(`owner ${this.contexts}`)
    const context = contextOf(owner)
    this.#owner = owner
    this.#nonce = 0n
    await this.#send(creation(), context)
    this.#nonce = 1n << 32n
    this.members += 1
    this.contexts += 1
    this.#groups += 1
    return (this.#group = ownGroup(context))
  }

  #fresh(): PublicKey {
    for (;;) {
      const key = sha256(utf8(`member ${this.#seed++}`))
      if (isStrongKey(key)) return PublicKey.from(key)
    }
  }

  /** So many members more. */
  async add(count: number): Promise<Cost> {
    const isOpen = this.#groups === 2 || this.members < most - LAST || most <= LAST
    const group = isOpen ? (this.#group ?? (await this.#begin())) : await this.#begin()
    const keys = Array.from({ length: count }, () => this.#fresh())
    const cost = await this.#send(
      add(...keys.map((publicKey) => ({ ...this.scene.a, publicKey }))),
      group,
    )
    this.members += count
    this.keys.push(...keys.map((key) => ({ group, key })))
    return cost
  }

  /** A context more, in the group. */
  async addContext(): Promise<void> {
    const group = this.#group ?? (await this.#begin())
    const owner = this.#owner ?? this.scene.a
    await this.#send(creation(this.contexts + 2, group), contextOf(owner, this.contexts + 2))
    this.contexts += 1
  }

  /** As many operations as that, without a member more: the canister remembers them. */
  async work(operations: number): Promise<void> {
    const group = this.#group ?? (await this.#begin())
    while (this.operations < operations) {
      const approvers = this.operations % 2 === 0 ? 'govern' : 'members'
      await this.#send({ kind: 'setOptions', options: { approvers } }, group)
    }
  }

  /** What one member more takes. */
  async sample(): Promise<Cost> {
    let [instructions, cycles] = [0, 0]
    for (let at = 0; at < SAMPLES; at++) {
      const cost = await this.add(1)
      instructions += cost.instructions / SAMPLES
      cycles += cost.cycles / SAMPLES
    }
    return { instructions, cycles }
  }

  async fill(contexts: number, members: number): Promise<void> {
    while (this.contexts < contexts) await this.addContext()
    while (this.members < members) await this.add(Math.min(BATCH, members - this.members))
  }

  /** Instructions of an upgrade; fails unless every row and proof is there afterwards. */
  upgrade(): number {
    const { scene } = this
    const before = scene.stored()
    const instructions = scene.bench.upgrade(scene.id, MODULE)
    const after = scene.stored()
    for (const [key, row] of before) {
      if (after.get(key) !== row) throw new RangeError(`the row ${key} is not what it was`)
    }
    const { certifiedData } = scene.bench.canister(scene.id)
    if (before.size !== after.size || !equalBytes(rootOf(after), certifiedData)) {
      throw new RangeError('the rows are not those that are certified')
    }
    const step = Math.max(1, Math.floor(this.keys.length / PROOFS))
    for (let at = 0; at < this.keys.length; at += step) {
      const { group, key } = this.keys[at] ?? { group: scene.group, key: scene.a.publicKey }
      const row = scene.prove('member', group, key).get(keyOf('members', group, key))
      if (row === undefined) throw new RangeError('a member is not proven')
    }
    const { contexts, members } = this
    value('icp-upgrade rows', after.size, 'rows', { contexts, members })
    value('icp-upgrade upgrade', Number(instructions), 'instructions', { contexts, members })
    return Number(instructions)
  }
}

/** How far values lie apart, percent of the smallest. */
function spread(all: readonly number[]): number {
  return (100 * (Math.max(...all) - Math.min(...all))) / Math.min(...all)
}

const few = new Grown()
await few.fill(FEW, 2 * FEW)
const upgrades = [few.upgrade()]

async function sampled(grown: Grown): Promise<Cost> {
  const { members, operations } = grown
  const cost = await grown.sample()
  const { cycles } = cost
  value('icp-upgrade apply', cost.instructions, 'instructions', { members, operations, cycles })
  return cost
}

const many = new Grown()
const costs: Cost[] = []
for (let size = 1; size <= most; size *= 10) {
  await many.fill(0, size)
  costs.push(await sampled(many))
}
// the rows of what was done are in the tree as well, whoever it was about
const busy = new Grown()
await busy.work(many.operations)
const alike = [await sampled(busy), ...costs.slice(-1)]
await many.fill(Number(values.contexts), most)
upgrades.push(many.upgrade())
value('icp-upgrade apart', spread(upgrades), 'percent', { of: 'instructions of an upgrade' })
for (const unit of ['instructions', 'cycles'] as const) {
  const all = costs.map((cost) => cost[unit])
  value('icp-upgrade apart', spread(all), 'percent', { of: `${unit} of apply` })
  const same = spread(alike.map((cost) => cost[unit]))
  value('icp-upgrade apart', same, 'percent', { of: `${unit} of apply, after as many operations` })
}
