import { HttpService } from '../../../src/chains/local/client.ts'
import { localAnchor } from '../../../src/chains/local/anchor.ts'
import { startLocalChain } from '../../../src/chains/local/server.ts'
import type { Anchor } from '../../../src/node/anchor/anchor.ts'
import { systemRandom } from '../../../src/node/primitives/clock.ts'
import { silentLogger } from '../../../src/node/primitives/logger.ts'
import { anchorSuite } from '../anchor-suite.ts'
import { shiftedClock } from '../anchor-support.ts'

anchorSuite('chains/local over HTTP', async () => {
  const clock = shiftedClock()
  const components = { clock, random: systemRandom, logger: silentLogger }
  const chain = await startLocalChain({ port: 0, clock })
  const anchors: Anchor[] = []
  return {
    service: new HttpService(chain.url),
    clock,
    async anchor() {
      const anchor = localAnchor({ url: chain.url })(components)
      anchors.push(anchor)
      await anchor.start()
      return anchor
    },
    async stop() {
      for (const anchor of anchors) await anchor.stop()
      await chain.stop()
    },
  }
})
