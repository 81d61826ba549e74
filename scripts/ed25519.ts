/**
 * `npm run ed25519 -- --cases N`: compares the contracts' ed25519 with node:crypto on random and edge cases, on a chain in this process. Ends with one
 * line, `ed25519: N cases, N differ`; the exit code is 1 when one differs.
 */
import { parseArgs } from 'node:util'
import { hex } from '../src/chains/ethereum/contracts/codec.ts'
import { cases, KINDS } from '../test/contracts/ethereum/ed25519/cases.ts'
import { compare } from '../test/contracts/ethereum/ed25519/compare.ts'
import { ContractBench } from '../test/support/ethereum-contracts.ts'

const HELP = `npm run ed25519 -- [--cases N] [--seed S]
Compares the contracts' ed25519 with node:crypto: signatures that are right, with a bit changed, with S out of range, with keys and R of small
order, with parts of it, off the curve, and any bytes. What the contracts refuse on purpose is counted apart. A hundred thousand take some minutes.

  --cases N    how many (100000)
  --seed S     which ones (1)`

/** Cases between two lines of progress. */
const STRIDE = 6_400

const { values } = parseArgs({
  options: {
    cases: { type: 'string', default: '100000' },
    seed: { type: 'string', default: '1' },
    help: { type: 'boolean', short: 'h' },
  },
})
if (values.help === true) {
  console.log(HELP)
  process.exit(0)
}
const [count, seed] = [Number(values.cases), Number(values.seed)]
await using bench = await ContractBench.start()
const start = performance.now()
const secondsSince = (): number => Math.round((performance.now() - start) / 1000)
const { taken, stricter, differences, ...found } = await compare(
  bench,
  cases(count, seed),
  (done) => {
    if (done % STRIDE === 0) console.log(`${done} of ${count}, ${secondsSince()} s`)
  },
)
for (const kind of KINDS) console.log(`${kind}: ${taken.get(kind) ?? 0} taken`)
for (const [rule, times] of stricter) console.log(`refused on purpose, ${rule}: ${times}`)
for (const { kind, question, expected, publicKey, message, r, s } of differences) {
  const bytes = [publicKey, message, r, s].map(hex).join(' ')
  console.log(`${question} of ${kind}: expected ${String(expected)}: ${bytes}`)
}
console.log(`ed25519: ${found.cases} cases, ${differences.length} differ`)
process.exitCode = differences.length > 0 ? 1 : 0
