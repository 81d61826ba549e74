import { type IcpTestChain, startIcpTestChain } from '../../support/icp-chain.ts'
import { anchorSuite } from '../anchor-suite.ts'
import { chainHarness } from '../chain-harness.ts'

let running: Promise<IcpTestChain> | undefined

after(async () => {
  await (await running)?.stop()
})

anchorSuite('icp', async () =>
  chainHarness(await (running ??= startIcpTestChain({ hasSubnet: true }))),
)
