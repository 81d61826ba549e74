/** `npm run oracle <chain>`: holds a local chain against software of the chain's own. Not part of the tests: it builds that first. */
import { oracleIcp } from './icp/icp.ts'
import { oracleNear } from './near/near.ts'
import { oracleStellarContracts } from './stellar/host.ts'
import { oracleStellar } from './stellar/stellar.ts'

const [chain, ...args] = process.argv.slice(2)
if (chain === 'near') {
  await oracleNear(args)
} else if (chain === 'icp') {
  await oracleIcp(args)
} else if (chain === 'stellar') {
  await oracleStellar(args)
} else if (chain === 'stellar-contracts') {
  await oracleStellarContracts()
} else {
  const near = 'near [-- --sequences 40 --seed 1]'
  const icp = 'icp [-- --url http://127.0.0.1:4943 --sequences 10 --seed 1 --no-suite]'
  process.stderr.write(
    `usage: npm run oracle ${near} | ${icp} | stellar [-- --help] | stellar-contracts\n`,
  )
  process.exitCode = 2
}
