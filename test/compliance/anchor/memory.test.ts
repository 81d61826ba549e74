import type { Anchor } from '../../../src/node/anchor/anchor.ts'
import { localAuthority } from '../../../src/chains/local/model/authority.ts'
import { memoryAnchor } from '../../../src/chains/local/memory-anchor.ts'
import type { AnchorEvent } from '../../../src/node/anchor/events.ts'
import type { PackageEvent } from '../../../src/node/anchor/packages/events.ts'
import { systemRandom } from '../../../src/node/primitives/clock.ts'
import { silentLogger } from '../../../src/node/primitives/logger.ts'
import { anchorSuite } from '../anchor-suite.ts'
import { shiftedClock } from '../anchor-support.ts'

anchorSuite('model, in memory', async () => {
  const clock = shiftedClock()
  const components = { clock, random: systemRandom, logger: silentLogger }
  const events: AnchorEvent[] = []
  const packageEvents: PackageEvent[] = []
  const onEvent = (event: AnchorEvent): void => void events.push(event)
  const onPackageEvent = (event: PackageEvent): void => void packageEvents.push(event)
  const authority = localAuthority({ onEvent, onPackageEvent }, components)
  await authority.start()
  const anchors: Anchor[] = []
  return {
    service: authority,
    packages: authority.packages,
    events: async () => events,
    packageEvents: async () => packageEvents,
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
