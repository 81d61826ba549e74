import { type NearTestChain, startNearTestChain } from '../../support/near.ts'
import { anchorSuite } from '../anchor-suite.ts'
import { chainHarness } from '../chain-harness.ts'

let running: Promise<NearTestChain> | undefined

after(async () => {
  await (await running)?.stop()
})

anchorSuite('near', async () => chainHarness(await (running ??= startNearTestChain())))
