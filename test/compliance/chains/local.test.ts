import { copyFile } from 'node:fs/promises'
import { join } from 'node:path'
import { HttpService } from '../../../src/chains/local/client.ts'
import { HttpPackages } from '../../../src/chains/local/packages-client.ts'
import { localAnchor } from '../../../src/chains/local/anchor.ts'
import { startLocalChain } from '../../../src/chains/local/server.ts'
import type { Anchor } from '../../../src/node/anchor/anchor.ts'
import {
  localAuthority,
  type LocalAuthorityInit,
} from '../../../src/chains/local/model/authority.ts'
import type { AnchorEvent } from '../../../src/node/anchor/events.ts'
import type { PackageEvent } from '../../../src/node/anchor/packages/events.ts'
import { systemRandom } from '../../../src/node/primitives/clock.ts'
import { silentLogger } from '../../../src/node/primitives/logger.ts'
import { tempFolder } from '../../support/temp-folder.ts'
import { anchorSuite } from '../anchor-suite.ts'
import { shiftedClock } from '../anchor-support.ts'

anchorSuite('local, over HTTP', async () => {
  const clock = shiftedClock()
  const components = { clock, random: systemRandom, logger: silentLogger }
  const folder = await tempFolder()
  const file = join(folder.path, 'chain.log')
  const chain = await startLocalChain({ port: 0, clock, file })
  const anchors: Anchor[] = []
  /** What the service announced, read from a copy of what it keeps. */
  const replay = async (init: LocalAuthorityInit): Promise<void> => {
    const copy = `${file}.copy`
    await copyFile(file, copy)
    const authority = localAuthority({ ...init, file: copy }, components)
    await authority.start()
    await authority.stop()
  }
  return {
    async events() {
      const events: AnchorEvent[] = []
      await replay({ onEvent: (event) => void events.push(event) })
      return events
    },
    async packageEvents() {
      const events: PackageEvent[] = []
      await replay({ onPackageEvent: (event) => void events.push(event) })
      return events
    },
    service: new HttpService(chain.url),
    packages: new HttpPackages(chain.url),
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
      await folder[Symbol.asyncDispose]()
    },
  }
})
