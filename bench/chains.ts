/**
 * What membership costs on each chain, on local ones: operations in groups of 1, 100 and 10 000 members, sent by the account of the signer
 * through the adapter, as a node does; time is that of one operation, answer included. The last lines say how far groups of any size lie
 * apart, in percent of the smallest; a table of the costs goes to standard error. Ethereum takes some ten seconds, the others some minutes each, most of it to fill the
 * largest group: `npm run bench chains [-- --chains ethereum,near,icp,stellar --sizes 1,100]`.
 */
import { parseArgs } from 'node:util'
import type { Receipt, Signer } from '../src/node/anchor/anchor.ts'
import { deriveContextId } from '../src/node/anchor/envelope.ts'
import { DEFAULT_GROUP_OPTIONS, type Operation } from '../src/node/anchor/operations.ts'
import { generateSigningKey } from '../src/node/crypto/sign.ts'
import { utf8 } from '../src/node/primitives/bytes.ts'
import { sha256 } from '../src/node/primitives/hash.ts'
import { ApplicationId, BlobId, GroupId, type PublicKey } from '../src/node/primitives/ids.ts'
import { ethereum } from './chains/ethereum.ts'
import { icp } from './chains/icp.ts'
import type { Costs, MeasuredChain } from './chains/measured-chain.ts'
import { near } from './chains/near.ts'
import { stellar } from './chains/stellar.ts'
import { value } from './support.ts'

/** Times each operation is repeated; costs are the largest, time the median. */
const SAMPLES = 5
/** A batch as large as one operation takes. */
const BATCH = 16
const PAGE = 100

const CHAINS: Readonly<Record<string, () => Promise<MeasuredChain>>> = {
  ...{ ethereum, near, icp, stellar },
}

const { values } = parseArgs({
  options: {
    chains: { type: 'string', default: Object.keys(CHAINS).join(',') },
    sizes: { type: 'string', default: '1,100,10000' },
  },
})
const sizes = values.sizes.split(',').map(Number)

/** A key that somebody could have: the contracts refuse bytes that are none. */
function idOf(text: string): PublicKey {
  return generateSigningKey(sha256(utf8(text))).publicKey
}

function creation(salt: string, group?: GroupId): Extract<Operation, { kind: 'createContext' }> {
  const application = {
    id: ApplicationId.from(sha256(utf8('application'))),
    blob: BlobId.from(sha256(utf8('blob'))),
    size: 400_000n,
    source: 'https://example.org/app.mpk',
    metadata: new Uint8Array(),
  }
  return {
    kind: 'createContext',
    salt: sha256(utf8(salt)),
    application,
    options: DEFAULT_GROUP_OPTIONS,
    group,
  }
}

/** One figure of one group: the first unit's largest amount, and the median time. */
interface Compared {
  readonly unit: string
  readonly amount: number
  readonly ms: number
}

class ChainBench {
  readonly #chain: MeasuredChain
  /** What is compared at the end, per figure and size. */
  readonly #rows = new Map<string, Map<number, Compared>>()

  constructor(chain: MeasuredChain) {
    this.#chain = chain
  }

  async inGroupOf(size: number): Promise<void> {
    const { anchor, name, views } = this.#chain
    const author: Signer = generateSigningKey(sha256(utf8(`author ${size}`)))
    const create = (salt: string, group?: GroupId): Promise<Receipt> => {
      const operation = creation(salt, group)
      return anchor.submit(deriveContextId(author.publicKey, operation.salt), operation, author)
    }
    await create('first') // on Ethereum the first operation of an identity binds it as well
    const group = GroupId.from(deriveContextId(author.publicKey, creation('first').salt))
    const add = (ids: readonly PublicKey[]): Promise<Receipt> =>
      anchor.submit(group, { kind: 'addMembers', ids, role: 'writer' }, author)
    const remove = (ids: readonly PublicKey[]): Promise<Receipt> =>
      anchor.submit(group, { kind: 'removeMembers', ids, mayReturn: false }, author)
    const some = (what: string, count: number): PublicKey[] =>
      Array.from({ length: count }, (_, index) => idOf(`${size} ${what} ${index}`))

    const crowd = some('member', size - 1)
    const began = performance.now()
    for (let at = 0; at < crowd.length; at += BATCH * 64) {
      const ids = crowd.slice(at, at + BATCH * 64)
      await add(ids)
      if (size >= 1000) console.error(`${name}: ${at + ids.length} of ${crowd.length} members`)
    }
    if (crowd.length > 0) {
      value(`chains/${name}/fill`, (performance.now() - began) / 1000, 's', { members: size })
    }
    await this.#measure('create/own-group', size, (sample) => create(`own ${sample}`))
    await this.#measure('create/given-group', size, (sample) => create(`given ${sample}`, group))
    await this.#measure('add-1', size, (sample) => add(some(`one ${sample}`, 1)))
    // not the newest: the member in the last slot moves into the hole
    await this.#measure('remove-1', size, (sample) => remove(some(`one ${sample}`, 1)))
    await this.#measure('add-16', size, (sample) => add(some(`batch ${sample}`, BATCH)))
    await this.#measure('remove-16', size, (sample) => remove(some(`batch ${sample}`, BATCH)))
    if (views !== undefined) {
      // a whole page in every group
      if (size < PAGE) await add(some('page', PAGE - size))
      for (const [view, ask] of Object.entries(views(group, author.publicKey))) {
        await this.#measure(view, size, ask)
      }
    }
    await this.#measure('read-member', size, async () => {
      await anchor.readMember(group, author.publicKey)
      return {}
    })
  }

  /** Runs something some times; what it returns are its costs, or the transaction that has them. */
  async #measure(
    what: string,
    members: number,
    run: (sample: number) => Promise<Costs | Receipt>,
  ): Promise<void> {
    const largest = new Map<string, number>()
    const ms: number[] = []
    await this.#chain.begin?.()
    for (let sample = 0; sample < SAMPLES; sample++) {
      const began = performance.now()
      const result = await run(sample)
      ms.push(performance.now() - began)
      const costs = isReceipt(result) ? await this.#chain.costOf(result) : result
      for (const [unit, amount] of Object.entries(costs)) {
        largest.set(unit, Math.max(amount, largest.get(unit) ?? -Infinity))
      }
    }
    const figure = `chains/${this.#chain.name}/${what}`
    for (const [unit, amount] of largest) value(figure, amount, unit, { members, n: SAMPLES })
    const p50 = ms.sort((a, b) => a - b)[Math.floor(ms.length / 2)] ?? NaN
    value(figure, p50, 'ms', { members, n: ms.length })
    const perSize = this.#rows.get(figure) ?? new Map<number, Compared>()
    const [[unit, amount] = ['', NaN]] = largest
    this.#rows.set(figure, perSize.set(members, { unit, amount, ms: p50 }))
  }

  compare(): void {
    for (const [figure, perSize] of this.#rows) {
      const [smallest = NaN, ...amounts] = [...perSize.values()].map(({ amount }) => amount)
      if (Number.isNaN(smallest)) continue // nobody pays for it
      const spread = Math.max(0, ...amounts.map((each) => Math.abs(each / smallest - 1)))
      value(`${figure}/spread`, spread * 100, 'percent', { sizes })
    }
  }

  /** A line per figure: amounts by size, and the time of the largest group. */
  table(): readonly (readonly string[])[] {
    return [...this.#rows].map(([figure, perSize]) => {
      const cells = [...perSize.values()]
      const unit = cells[0]?.unit ?? ''
      const amounts = cells.map(({ amount }) =>
        Number.isNaN(amount) ? '-' : String(Number(amount.toPrecision(4))),
      )
      return [
        figure.slice('chains/'.length),
        unit,
        ...amounts,
        (cells.at(-1)?.ms ?? NaN).toFixed(1),
      ]
    })
  }
}

function isReceipt(result: Costs | Receipt): result is Receipt {
  return typeof result['transaction'] === 'string'
}

const lines: (readonly string[])[] = [['operation', 'unit', ...sizes.map(String), 'ms']]
for (const name of values.chains.split(',')) {
  const start = CHAINS[name]
  if (start === undefined) {
    console.error(`there is no chain ${name}: expected ${Object.keys(CHAINS).join(', ')}`)
    process.exitCode = 2
    break
  }
  const chain = await start()
  try {
    const bench = new ChainBench(chain)
    for (const size of sizes) await bench.inGroupOf(size)
    bench.compare()
    lines.push(...bench.table())
  } finally {
    await chain.stop()
  }
}
const widths = (lines[0] ?? []).map((_, at) =>
  Math.max(...lines.map((line) => line[at]?.length ?? 0)),
)
for (const line of lines) {
  console.error(line.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join('  '))
}
