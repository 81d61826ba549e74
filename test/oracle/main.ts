/** `npm run oracle <chain>`: holds a local chain against software of the chain's own. Not part of the tests: it builds that first. */
import { oracleNear } from './near/near.ts'

const [chain, ...args] = process.argv.slice(2)
if (chain === 'near') {
  await oracleNear(args)
} else {
  process.stderr.write('usage: npm run oracle near [-- --sequences 40 --seed 1]\n')
  process.exitCode = 2
}
