/** The key store over LevelDB on disk and in memory, and what lies in its rows. */
import { join } from 'node:path'
import { expect } from 'chai'
import { levelKeyStore } from '../../../src/auth/keys/level-key-store.ts'
import { toHex, utf8 } from '../../../src/node/primitives/bytes.ts'
import { systemClock } from '../../../src/node/primitives/clock.ts'
import { openLevelStore } from '../../../src/node/store/level-store.ts'
import type { BatchOp, NodeStore } from '../../../src/node/store/store.ts'
import { keyStoreSuite } from '../../compliance/key-store-suite.ts'
import { rejectionCode } from '../../support/error-code.ts'
import { seededRandom } from '../../support/hand-clock.ts'
import { memoryStore } from '../../support/memory-store.ts'
import { tempFolder } from '../../support/temp-folder.ts'

const SEED = new Uint8Array(32)
const random = seededRandom('key store')

keyStoreSuite('memory', async () => {
  const rows = memoryStore()
  return {
    store: await levelKeyStore(rows, SEED, random),
    reopen: () => levelKeyStore(rows, SEED, random),
    close: () => rows.close(),
  }
})

keyStoreSuite('disk', async () => {
  const folder = await tempFolder()
  const open = (): Promise<NodeStore> =>
    openLevelStore(join(folder.path, 'auth'), { clock: systemClock })
  let rows = await open()
  return {
    store: await levelKeyStore(rows, SEED, random),
    async reopen() {
      await rows.close()
      rows = await open()
      return levelKeyStore(rows, SEED, random)
    },
    async close() {
      await rows.close()
      await folder[Symbol.asyncDispose]()
    },
  }
})

describe('rows of the key store', () => {
  const signingKey = {
    kid: 'k',
    pkcs8: utf8('a private key'),
    createdAtMs: 1,
    activeAtMs: 1,
  }
  const credential = {
    keyId: 'a'.repeat(64),
    cost: { n: 2, r: 1, p: 1 },
    salt: utf8('a salt of sixteen'),
    hash: utf8('a hash'),
  }

  it('hold no private key and no hash of a password that could be read', async () => {
    const written: Uint8Array[] = []
    const rows = memoryStore()
    const watched = {
      ...rows,
      get: (key: Uint8Array) => rows.get(key),
      batch: (ops: readonly BatchOp[]) => {
        written.push(...ops.flatMap((op) => (op.type === 'put' ? [op.value] : [])))
        return rows.batch(ops)
      },
    }
    const store = await levelKeyStore(watched, SEED, random)
    await store.write([
      { put: 'signingKey', record: signingKey },
      { put: 'credential', record: credential },
    ])
    expect(written.length).to.be.greaterThan(2)
    const text = written.map((row) => Buffer.from(row).toString('latin1')).join()
    for (const secret of [signingKey.pkcs8, credential.salt, credential.hash]) {
      expect(text).not.to.include(Buffer.from(secret).toString('latin1'))
      expect(text).not.to.include(toHex(secret))
    }
  })

  it('do not open with the key of another node', async () => {
    const rows = memoryStore()
    const store = await levelKeyStore(rows, SEED, random)
    await store.write([{ put: 'signingKey', record: signingKey }])
    const other = await levelKeyStore(
      rows,
      SEED.map(() => 1),
      random,
    )
    expect(await rejectionCode(other.signingKeys())).to.equal('KEY_AT_REST')
  })

  it('are on the disk when a write is answered', async () => {
    const options: unknown[] = []
    const rows = memoryStore()
    const watched = {
      ...rows,
      get: (key: Uint8Array) => rows.get(key),
      batch: (ops: readonly BatchOp[], option?: { sync?: boolean }) => {
        options.push(option)
        return rows.batch(ops)
      },
    }
    const store = await levelKeyStore(watched, SEED, random)
    await store.write([{ put: 'bootstrapped' }])
    expect(options).to.deep.equal([{ sync: true }, { sync: true }])
  })

  it('of another version, or that are none, are refused', async () => {
    const rows = memoryStore()
    const key = (column: number, text: string): Uint8Array => Uint8Array.of(column, ...utf8(text))
    const put = (at: Uint8Array, text: string) =>
      rows.batch([{ type: 'put', key: at, value: utf8(text) }])
    const store = await levelKeyStore(rows, SEED, random)
    for (const text of ['', '{', '{}', JSON.stringify({ id: 'a' }), `"${'x'.repeat(40_000)}"`]) {
      await put(key(1, 'a'.repeat(64)), text)
      expect(await rejectionCode(store.key('a'.repeat(64)))).to.equal('AUTH_STORE_CORRUPT')
    }
    await put(key(0, 'version'), '2')
    expect(await rejectionCode(levelKeyStore(rows, SEED, random))).to.equal('AUTH_STORE_CORRUPT')
  })
})
