/** The contract of every key store: one body of tests for whatever keeps the rows. */
import { expect } from 'chai'
import type { FamilyRecord, KeyRecord, KeyStore } from '../../src/auth/keys/key-store.ts'

/** A store under test. `reopen` closes it and gives one over the same rows, as a restart does. */
export interface KeyStoreHarness {
  readonly store: KeyStore
  reopen(): Promise<KeyStore>
  close(): Promise<void>
}

const id = (digit: string): string => digit.repeat(64)

function root(digit: string): KeyRecord {
  return {
    id: id(digit),
    rootKeyId: id(digit),
    method: 'test_wallet',
    subject: `test:${digit}`,
    publicKey: digit,
    name: 'a root key',
    permissions: ['admin'],
    createdAtMs: 1,
  }
}

function client(digit: string, of: string): KeyRecord {
  return { ...root(digit), rootKeyId: id(of), subject: '', permissions: ['context:list'] }
}

function family(digit: string, of: string): FamilyRecord {
  const times = { createdAtMs: 1, expiresAtMs: 2 }
  return { id: digit.repeat(32), keyId: id(of), refreshId: '00'.repeat(16), ...times }
}

export function keyStoreSuite(name: string, create: () => Promise<KeyStoreHarness>): void {
  describe(`key store: ${name}`, () => {
    let harness: KeyStoreHarness

    beforeEach(async () => {
      harness = await create()
    })
    afterEach(() => harness.close())

    const ids = (records: readonly { readonly id: string }[]): string[] =>
      records.map((record) => record.id)

    it('begins empty', async () => {
      const { store } = harness
      expect(await store.rootKeys()).to.deep.equal([])
      expect(await store.clientKeys(id('a'))).to.deep.equal([])
      expect(await store.signingKeys()).to.deep.equal([])
      expect(await store.key(id('a'))).to.equal(undefined)
      expect(await store.family(id('a'), 'b'.repeat(32))).to.equal(undefined)
      expect(await store.credential(id('a'))).to.equal(undefined)
      expect(await store.isBootstrapped()).to.equal(false)
    })

    it('gives back what was written, also after it was opened again', async () => {
      const record = { ...root('a'), revokedAtMs: 5, witness: { value: { key: 'k' } } }
      const credential = {
        keyId: id('a'),
        cost: { n: 2, r: 1, p: 1 },
        salt: Uint8Array.of(1, 2),
        hash: Uint8Array.of(3, 4),
      }
      const signing = { kid: 'k-_1', pkcs8: Uint8Array.of(9), createdAtMs: 1, activeAtMs: 2 }
      await harness.store.write([
        { put: 'key', record },
        { put: 'family', record: { ...family('f', 'a'), revokedAtMs: 7 } },
        { put: 'credential', record: credential },
        { put: 'signingKey', record: signing },
        { put: 'bootstrapped' },
      ])
      const look = async (store: KeyStore): Promise<void> => {
        expect(await store.key(id('a'))).to.deep.equal(record)
        expect(await store.family(id('a'), 'f'.repeat(32))).to.deep.equal({
          ...family('f', 'a'),
          revokedAtMs: 7,
        })
        expect(await store.credential(id('a'))).to.deep.equal(credential)
        expect(await store.signingKeys()).to.deep.equal([signing])
        expect(await store.isBootstrapped()).to.equal(true)
      }
      await look(harness.store)
      await look(await harness.reopen())
    })

    it('keeps root keys and the clients of each apart, sorted by id', async () => {
      const { store } = harness
      const records = [root('b'), root('a'), client('d', 'a'), client('c', 'a'), client('e', 'b')]
      await store.write(records.map((record) => ({ put: 'key', record })))
      expect(ids(await store.rootKeys())).to.deep.equal([id('a'), id('b')])
      expect(ids(await store.clientKeys(id('a')))).to.deep.equal([id('c'), id('d')])
      expect(ids(await store.clientKeys(id('b')))).to.deep.equal([id('e')])
      expect(await store.countClientKeys(id('a'))).to.equal(2)
      expect(await store.countClientKeys(id('c'))).to.equal(0)
      expect((await store.key(id('e')))?.rootKeyId).to.equal(id('b'))
    })

    it('keeps families by key', async () => {
      const { store } = harness
      const records = [family('1', 'a'), family('2', 'a'), family('1', 'b')]
      await store.write(records.map((record) => ({ put: 'family', record })))
      expect(await store.families(id('a'))).to.deep.equal([family('1', 'a'), family('2', 'a')])
      await store.write([{ del: 'family', id: '1'.repeat(32), keyId: id('a') }])
      expect(await store.families(id('a'))).to.deep.equal([family('2', 'a')])
      expect(await store.families(id('b'))).to.have.length(1)
    })

    it('replaces a record, and removes what is removed with all that leads to it', async () => {
      const { store } = harness
      const credential = { keyId: id('a'), cost: { n: 2, r: 1, p: 1 } }
      const bytes = { salt: Uint8Array.of(1), hash: Uint8Array.of(2) }
      await store.write([
        { put: 'key', record: root('a') },
        { put: 'key', record: client('c', 'a') },
        { put: 'credential', record: { ...credential, ...bytes } },
        {
          put: 'signingKey',
          record: { kid: 'k', pkcs8: bytes.salt, createdAtMs: 1, activeAtMs: 1 },
        },
      ])
      await store.write([{ put: 'key', record: { ...root('a'), permissions: [] } }])
      expect((await store.key(id('a')))?.permissions).to.deep.equal([])
      await store.write([{ del: 'key', id: id('c'), rootKeyId: id('a') }])
      expect(await store.key(id('c'))).to.equal(undefined)
      expect(await store.clientKeys(id('a'))).to.deep.equal([])
      await store.write([
        { del: 'key', id: id('a'), rootKeyId: id('a') },
        { del: 'signingKey', kid: 'k' },
      ])
      expect(await store.rootKeys()).to.deep.equal([])
      expect(await store.credential(id('a'))).to.equal(undefined)
      expect(await store.signingKeys()).to.deep.equal([])
    })

    it('removes without complaint what is not there', async () => {
      await harness.store.write([
        { del: 'key', id: id('a'), rootKeyId: id('a') },
        { del: 'family', id: 'b', keyId: id('a') },
        { del: 'signingKey', kid: 'k' },
      ])
    })
  })
}
