/**
 * `npm run demo [-- --chain local|ethereum]`: the whole thing at once, as separate processes on this machine. First act: a chain and two nodes start
 * with fresh homes; an app is installed, a context made, a member admitted; both write at once; one node is killed in the middle of a
 * burst and comes back without losing anything it had acknowledged. Second act: members of a contract on a local Ethereum chain. With
 * `--chain ethereum` the first act is on Ethereum too. Ends with the line `demo: ok`; a step that fails is named, and the exit code is 1.
 */
import { parseArgs } from 'node:util'
import { membershipAct } from './demo/membership.ts'
import { replicationAct } from './demo/replication.ts'
import { currentStep } from './demo/stage.ts'

const { values } = parseArgs({ options: { chain: { type: 'string', default: 'local' } } })
const { chain } = values
if (chain !== 'local' && chain !== 'ethereum') {
  console.error(`demo: expected --chain local or --chain ethereum, got ${JSON.stringify(chain)}`)
  process.exit(2)
}
try {
  await replicationAct(chain)
  await membershipAct()
  console.log('demo: ok')
} catch (error) {
  console.error(`demo: failed at "${currentStep()}":`, error)
  process.exitCode = 1
}
