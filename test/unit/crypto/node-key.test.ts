import { mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { loadNodeKey, NODE_KEY_FILE } from '../../../src/node/node-key.ts'
import { toHex } from '../../../src/node/primitives/bytes.ts'
import { systemRandom } from '../../../src/node/primitives/clock.ts'
import { rejectionCode } from '../../support/error-code.ts'
import { tempFolder } from '../../support/temp-folder.ts'

describe('node key', () => {
  it('is made once, for the owner’s eyes only, and read again', async () => {
    await using folder = await tempFolder()
    const home = join(folder.path, 'deep', 'home')
    const seed = await loadNodeKey(home, systemRandom)
    expect(seed).to.have.length(32)
    const path = join(home, NODE_KEY_FILE)
    expect((await stat(path)).mode & 0o777).to.equal(0o600)
    expect((await stat(home)).mode & 0o777).to.equal(0o700)
    expect((await readFile(path, 'utf8')).trim()).to.equal(toHex(seed))
    expect(await loadNodeKey(home, systemRandom)).to.deep.equal(seed)
  })

  it('is never made anew over a file that is damaged or cannot be read', async () => {
    await using folder = await tempFolder()
    const path = join(folder.path, NODE_KEY_FILE)
    for (const text of ['', 'ff', 'zz'.repeat(32), 'AB'.repeat(32), 'ab'.repeat(33)]) {
      await writeFile(path, text)
      expect(await rejectionCode(loadNodeKey(folder.path, systemRandom))).to.equal(
        'NODE_KEY_INVALID',
      )
      expect(await readFile(path, 'utf8')).to.equal(text)
    }
    const odd = join(folder.path, 'odd')
    await mkdir(join(odd, NODE_KEY_FILE), { recursive: true })
    expect(await rejectionCode(loadNodeKey(odd, systemRandom))).to.equal('NODE_KEY_INVALID')
  })

  it('takes surrounding blanks', async () => {
    await using folder = await tempFolder()
    await writeFile(join(folder.path, NODE_KEY_FILE), `  ${'ab'.repeat(32)}\r\n`)
    expect(toHex(await loadNodeKey(folder.path, systemRandom))).to.equal('ab'.repeat(32))
  })

  it('finishes what a crash left: an unfinished file beside it does no harm', async () => {
    await using folder = await tempFolder()
    await writeFile(join(folder.path, `${NODE_KEY_FILE}.new`), 'half')
    const seed = await loadNodeKey(folder.path, systemRandom)
    expect(await loadNodeKey(folder.path, systemRandom)).to.deep.equal(seed)
  })
})
