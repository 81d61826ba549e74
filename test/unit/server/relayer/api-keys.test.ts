import { expect } from 'chai'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { apiKeys, readApiKeys } from '../../../../src/server/relayer/api-keys.ts'
import {
  MAX_API_KEY_CHARS,
  MAX_API_KEYS,
  MIN_API_KEY_CHARS,
} from '../../../../src/server/relayer/limits.ts'
import { rejectionCode, thrownCode } from '../../../support/error-code.ts'
import { tempFolder } from '../../../support/temp-folder.ts'

const KEY = 'k'.repeat(MIN_API_KEY_CHARS)

describe('API keys of a relayer', () => {
  it('are separated by commas or lines', async () => {
    await using folder = await tempFolder()
    const file = join(folder.path, 'keys')
    await writeFile(file, `${KEY}1, ${KEY}2\n${KEY}3\n`, { mode: 0o600 })
    for (const keys of [
      await readApiKeys({ file }),
      await readApiKeys({ env: 'KEYS', from: { KEYS: `${KEY}1,${KEY}2,${KEY}3` } }),
    ]) {
      for (const n of [1, 2, 3]) keys.check(`Bearer ${KEY}${n}`)
      expect(thrownCode(() => keys.check(`Bearer ${KEY}4`))).to.equal('RELAYER_API_KEY')
      expect(thrownCode(() => keys.check(undefined))).to.equal('RELAYER_API_KEY')
    }
  })

  it('are there when the settings name them: a relayer is never open by mistake', async () => {
    const missing = [
      { env: 'KEYS', from: {} },
      { env: 'KEYS', from: { KEYS: ' ,' } },
    ]
    for (const reference of [...missing, { file: '/nowhere/keys' }]) {
      expect(await rejectionCode(readApiKeys(reference))).to.equal('RELAYER_CONFIG')
    }
  })

  it('are nobody else’s to read', async () => {
    await using folder = await tempFolder()
    const file = join(folder.path, 'keys')
    await writeFile(file, KEY, { mode: 0o644 })
    expect(await rejectionCode(readApiKeys({ file }))).to.equal('RELAYER_CONFIG')
  })

  it('are long enough, and not too many', () => {
    const many = (count: number): string[] => Array.from({ length: count }, (_, i) => `${KEY}${i}`)
    apiKeys(many(MAX_API_KEYS))
    apiKeys(['x'.repeat(MAX_API_KEY_CHARS)])
    const wrong = [
      [KEY.slice(1)],
      ['x'.repeat(MAX_API_KEY_CHARS + 1)],
      [`${KEY} with spaces`],
      many(MAX_API_KEYS + 1),
    ]
    for (const keys of wrong) expect(thrownCode(() => apiKeys(keys))).to.equal('RELAYER_CONFIG')
  })
})
