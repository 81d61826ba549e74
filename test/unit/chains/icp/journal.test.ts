import { readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { Journal } from '../../../../src/chains/icp/deploy/journal.ts'
import { rejectionCode } from '../../../support/error-code.ts'
import { tempFolder } from '../../../support/temp-folder.ts'

const OWNER = { network: 'ic', owner: 'aaaaa-aa' }
const CREATION = { createdAt: '1796000000000000000', cycles: '5000000000000' }

describe('what a deployment was about to make', () => {
  it('is on the disk before it is made, and gone when it is done', async () => {
    await using folder = await tempFolder()
    const file = join(folder.path, 'd.json')
    const journal = await Journal.open(file, OWNER)
    expect(journal.canisters).to.deep.equal({})
    await journal.set('contexts', CREATION)
    const again = await Journal.open(file, OWNER)
    expect(again.canisters).to.deep.equal({ contexts: CREATION })
    const known = { ...CREATION, canister: 'rwlgt-iiaaa-aaaaa-aaaaa-cai' }
    await again.set('contexts', known)
    expect((await Journal.open(file, OWNER)).canisters.contexts).to.deep.equal(known)
    await again.remove()
    expect(await stat(again.path).catch(() => undefined)).to.equal(undefined)
  })

  it('is nobody else’s, and of no other network', async () => {
    await using folder = await tempFolder()
    const file = join(folder.path, 'd.json')
    await (await Journal.open(file, OWNER)).set('contexts', CREATION)
    for (const other of [
      { ...OWNER, owner: '2vxsx-fae' },
      { ...OWNER, network: 'icp-0123456789abcdef' },
    ]) {
      expect(await rejectionCode(Journal.open(file, other))).to.equal('CHAIN_DEPLOYMENT')
    }
  })

  it('is not thrown away where it cannot be read: it may be the only trace', async () => {
    await using folder = await tempFolder()
    const file = join(folder.path, 'd.json')
    for (const text of ['', '{', '{}', JSON.stringify({ ...OWNER, canisters: { contexts: {} } })]) {
      await writeFile(`${file}.creating`, text)
      expect(await rejectionCode(Journal.open(file, OWNER)), text).to.equal('CHAIN_DEPLOYMENT')
      expect(await readFile(`${file}.creating`, 'utf8')).to.equal(text)
    }
    const nowhere = await Journal.open(join(folder.path, 'none/d.json'), OWNER)
    expect(await rejectionCode(nowhere.set('contexts', CREATION))).to.equal('CHAIN_DEPLOYMENT')
  })
})
