import { type StellarTestChain, startStellarTestChain } from '../../support/stellar.ts'
import { anchorSuite } from '../anchor-suite.ts'
import { chainHarness } from '../chain-harness.ts'

let running: Promise<StellarTestChain> | undefined

after(async () => {
  await (await running)?.stop()
})

anchorSuite('stellar', async () => chainHarness(await (running ??= startStellarTestChain())))
