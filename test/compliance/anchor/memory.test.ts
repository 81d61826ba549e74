import type { Anchor } from '../../../src/node/anchor/anchor.ts'
import { localAuthority } from '../../../src/node/anchor/local-authority.ts'
import { memoryAnchor } from '../../../src/node/anchor/memory-anchor.ts'
import { systemRandom } from '../../../src/node/primitives/clock.ts'
import { silentLogger } from '../../../src/node/primitives/logger.ts'
import { anchorSuite } from '../anchor-suite.ts'
import { shiftedClock } from '../anchor-support.ts'

anchorSuite('the model in memory', async () => {
  const clock = shiftedClock()
  const components = { clock, random: systemRandom, logger: silentLogger }
  const authority = localAuthority()(components)
  await authority.start()
  const anchors: Anchor[] = []
  return {
    service: authority,
    clock,
    async anchor() {
      const anchor = memoryAnchor({ authority })(components)
      anchors.push(anchor)
      await anchor.start()
      return anchor
    },
    async stop() {
      for (const anchor of anchors) await anchor.stop()
      await authority.stop()
    },
  }
})
