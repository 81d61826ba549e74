/** The canisters on a local Internet Computer, to be measured: cycles of the contract, which are all that an operation costs anybody. */
import { icpAnchor } from '../../src/chains/icp/index.ts'
import { startIcpChain } from '../../src/cli/chains/icp/local-chain.ts'
import { systemClock, systemRandom } from '../../src/node/primitives/clock.ts'
import { silentLogger } from '../../src/node/primitives/logger.ts'
import type { MeasuredChain } from './measured-chain.ts'

const MEGA = 1e6

export async function icp(): Promise<MeasuredChain> {
  const { devnet, deployment } = await startIcpChain(0)
  const anchor = icpAnchor({ rpcUrls: [devnet.url], deployment })({
    ...{ clock: systemClock, random: systemRandom, logger: silentLogger },
  })
  await anchor.start()
  const canister = deployment.contracts.contexts.address
  let before = 0n
  return {
    name: 'icp',
    anchor,
    async begin() {
      before = await devnet.cyclesOf(canister)
    },
    async costOf() {
      const now = await devnet.cyclesOf(canister)
      const cycles = before - now
      before = now
      return { Mcycles: Number(cycles) / MEGA }
    },
    async stop() {
      await anchor.stop()
      await devnet.stop()
    },
  }
}
