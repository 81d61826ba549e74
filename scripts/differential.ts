/**
 * `npm run differential [-- --sequences N]`: every contract against the reference model, the long way: N random sequences of requests for each, 200 when nothing is said, and ten
 * damaged envelopes for each of them. Some ten minutes on two cores; `npm test` has a share of it. With `--seed N` those of another seed.
 */
import { spawnSync } from 'node:child_process'
import { globSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

const ROOT = join(import.meta.dirname, '..')

const { values } = parseArgs({
  options: { sequences: { type: 'string', default: '200' }, seed: { type: 'string' } },
})
const sequences = Number(values.sequences)
if (!Number.isSafeInteger(sequences) || sequences < 1) {
  console.error(`expected a number of sequences, got ${values.sequences}`)
  process.exit(2)
}
const { status } = spawnSync(
  process.execPath,
  ['scripts/test.ts', ...globSync('test/contracts/**/*differential.test.ts', { cwd: ROOT }).sort()],
  {
    cwd: ROOT,
    stdio: 'inherit',
    env: {
      ...process.env,
      MEROGATE_TEST_SEQUENCES: String(sequences),
      MEROGATE_TEST_MUTATIONS: String(sequences * 10),
      ...(values.seed === undefined ? {} : { MEROGATE_TEST_SEED: values.seed }),
    },
  },
)
process.exitCode = status ?? 1
