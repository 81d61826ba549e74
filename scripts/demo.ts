/**
 * `npm run demo [-- --chain NAME]`: the whole thing at once, as separate processes on this machine. First act: a chain and two nodes start
 * with fresh homes; an app is installed, a context made, a member admitted; both write at once; one node is killed in the middle of a
 * burst and comes back without losing anything it had acknowledged. Second act: members of a contract on a chain that has contracts. Third act:
 * a node that is signed in to with an Ethereum wallet, and a key that may do one thing and not the other. With
 * `--chain` all acts are on that chain. `--act replication|membership|sign-in` plays one of them. With `--chain all` there is one act: two
 * nodes on every chain with contracts, and a context on each. Ends with the line `demo: ok`; a step that fails is named, and the exit code is 1.
 */
import { parseArgs } from 'node:util'
import { anchorsAct } from './demo/anchors.ts'
import { membershipAct } from './demo/membership.ts'
import { replicationAct } from './demo/replication.ts'
import { signInAct } from './demo/sign-in.ts'
import { currentStep } from './demo/stage.ts'
import { chainNamed, CHAINS, hasContracts, namesOf } from '../src/cli/chains/chains.ts'
import { ALL } from '../src/cli/chains/running.ts'
import type { Chain } from '../src/cli/chains/chain.ts'

/** The first chain with contracts. */
function onContracts(): Chain {
  const found = CHAINS.find(hasContracts)
  if (found === undefined) throw new Error('no chain has contracts')
  return found
}

const ACTS = {
  replication: replicationAct,
  membership: (chain) => membershipAct(hasContracts(chain) ? chain : onContracts()),
  'sign-in': signInAct,
} satisfies Record<string, (chain: Chain) => Promise<void>>

const { values } = parseArgs({
  options: { chain: { type: 'string', default: CHAINS[0].name }, act: { type: 'string' } },
})
const { chain, act } = values
const names = [...namesOf(CHAINS), ALL]
if (!names.includes(chain)) {
  const known = names.map((name) => `--chain ${name}`).join(' or ')
  console.error(`demo: expected ${known}, got ${JSON.stringify(chain)}`)
  process.exit(2)
}
if (act !== undefined && chain === ALL) {
  console.error(`demo: --chain ${ALL} has one act of its own, and no --act`)
  process.exit(2)
}
if (act !== undefined && !Object.hasOwn(ACTS, act)) {
  const acts = Object.keys(ACTS).join(', ')
  console.error(`demo: expected --act with one of ${acts}, got ${JSON.stringify(act)}`)
  process.exit(2)
}
try {
  if (chain === ALL) await anchorsAct()
  else {
    for (const [name, play] of Object.entries(ACTS)) {
      if (act === undefined || act === name) await play(chainNamed(chain))
    }
  }
  console.log('demo: ok')
} catch (error) {
  console.error(`demo: failed at "${currentStep()}":`, error)
  process.exitCode = 1
}
