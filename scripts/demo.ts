/**
 * `npm run demo [-- --chain local|ethereum]`: the whole thing at once, as separate processes on this machine. First act: a chain and two nodes start
 * with fresh homes; an app is installed, a context made, a member admitted; both write at once; one node is killed in the middle of a
 * burst and comes back without losing anything it had acknowledged. Second act: members of a contract on a local Ethereum chain. Third act:
 * a node that is signed in to with an Ethereum wallet, and a key that may do one thing and not the other. With
 * `--chain ethereum` all acts are on Ethereum. `--act replication|membership|sign-in` plays one of them. Ends with the line `demo: ok`; a
 * step that fails is named, and the exit code is 1.
 */
import { parseArgs } from 'node:util'
import { membershipAct } from './demo/membership.ts'
import { replicationAct } from './demo/replication.ts'
import { signInAct } from './demo/sign-in.ts'
import { currentStep } from './demo/stage.ts'
import type { ChainKind } from './support/cluster.ts'

const ACTS = {
  replication: replicationAct,
  membership: () => membershipAct(),
  'sign-in': signInAct,
} satisfies Record<string, (kind: ChainKind) => Promise<void>>

const { values } = parseArgs({
  options: { chain: { type: 'string', default: 'local' }, act: { type: 'string' } },
})
const { chain, act } = values
if (chain !== 'local' && chain !== 'ethereum') {
  console.error(`demo: expected --chain local or --chain ethereum, got ${JSON.stringify(chain)}`)
  process.exit(2)
}
if (act !== undefined && !Object.hasOwn(ACTS, act)) {
  const names = Object.keys(ACTS).join(', ')
  console.error(`demo: expected --act with one of ${names}, got ${JSON.stringify(act)}`)
  process.exit(2)
}
try {
  for (const [name, play] of Object.entries(ACTS)) {
    if (act === undefined || act === name) await play(chain)
  }
  console.log('demo: ok')
} catch (error) {
  console.error(`demo: failed at "${currentStep()}":`, error)
  process.exitCode = 1
}
