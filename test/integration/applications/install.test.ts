import { expect } from 'chai'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { applications, type NodeApplications } from '../../../src/node/applications/applications.ts'
import { fileBlobStore } from '../../../src/node/blobs/file-blob-store.ts'
import { CHUNK_BYTES } from '../../../src/node/blobs/limits.ts'
import type { BlobStore } from '../../../src/node/blobs/blobs.ts'
import { toHex } from '../../../src/node/primitives/bytes.ts'
import { systemClock, systemRandom } from '../../../src/node/primitives/clock.ts'
import { sha256 } from '../../../src/node/primitives/hash.ts'
import { silentLogger } from '../../../src/node/primitives/logger.ts'
import { openLevelStore } from '../../../src/node/store/level-store.ts'
import { stubEngine } from '../../support/stub-engine.ts'
import { tempFolder } from '../../support/temp-folder.ts'

const DIST = join(import.meta.dirname, '../../../apps/kv-store-rs/dist')

/** Opens what a node keeps of applications and blobs on disk, and closes it again. */
async function withNode(
  home: string,
  run: (node: { apps: NodeApplications; blobs: BlobStore }) => Promise<void>,
): Promise<void> {
  const store = await openLevelStore(join(home, 'data'), { clock: systemClock })
  const components = { store, clock: systemClock, logger: silentLogger }
  const blobs = fileBlobStore({ folder: join(home, 'blobs') })(components)
  await blobs.start()
  try {
    await run({ apps: applications()({ ...components, blobs, engine: stubEngine() }), blobs })
  } finally {
    await blobs.stop()
    await store.close()
  }
}

describe('applications and blobs on disk', () => {
  it('still has an installed application and large blobs after a restart', async () => {
    await using home = await tempFolder()
    const wasm = await readFile(join(DIST, 'kv_store.wasm'))
    const large = systemRandom.bytes(3 * CHUNK_BYTES + 17)
    let installed: unknown
    await withNode(home.path, async ({ apps, blobs }) => {
      installed = await apps.installFile(join(DIST, 'kv-store.mpk'))
      await blobs.put(large)
    })
    await withNode(home.path, async ({ apps, blobs }) => {
      const [app, ...others] = await apps.list()
      expect(others).to.deep.equal([])
      expect(app).to.deep.equal(installed)
      expect(app).to.include({ package: 'com.merogate.kv-store', source: 'file:kv-store.mpk' })
      if (app === undefined) return
      expect(toHex((await apps.ensureLoaded(app.id)).hash)).to.equal(toHex(sha256(wasm)))
      const infos = await blobs.list()
      expect(infos).to.have.length(2)
      const info = infos.find(({ size }) => size === large.length)
      if (info === undefined) throw new RangeError('the large blob is gone')
      expect(info.hash).to.deep.equal(sha256(large))
      expect(sha256(await blobs.bytes(info.id))).to.deep.equal(info.hash)
    })
  })
})
