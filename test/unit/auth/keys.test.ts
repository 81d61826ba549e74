/** Seeing to keys: who may make, narrow and revoke which, and that it holds at once. */
import { expect } from 'chai'
import { type Caller, required, type TokenPair } from '../../../src/auth/index.ts'
import { MAX_CLIENT_KEYS, MAX_ROOT_KEYS } from '../../../src/auth/limits.ts'
import { type AuthKit, authKit, LOOPBACK } from '../../support/auth-kit.ts'
import type { KeyChange } from '../../../src/auth/keys/key-store.ts'
import { levelKeyStore } from '../../../src/auth/keys/level-key-store.ts'
import type { Store } from '../../../src/node/store/store.ts'
import { rejectionCode } from '../../support/error-code.ts'
import { seededRandom } from '../../support/hand-clock.ts'
import { memoryStore } from '../../support/memory-store.ts'

/** A store that reads in another way. */
function withGet(rows: Store, get: Store['get']): Store {
  return {
    get,
    getSync: (key) => rows.getSync(key),
    batch: (ops, options) => rows.batch(ops, options),
    iterate: (range) => rows.iterate(range),
    keys: (range) => rows.keys(range),
    clear: (range) => rows.clear(range),
    close: () => rows.close(),
  }
}

describe('keys', () => {
  let kit: AuthKit
  let pair: TokenPair
  let admin: Caller

  beforeEach(async () => {
    kit = await authKit()
    pair = await kit.login()
    admin = await kit.caller(pair)
  })
  afterEach(() => kit.auth.close())

  const verdict = (token: string): Promise<string> =>
    rejectionCode((async () => kit.auth.verify(token))())

  async function rootWith(account: string, permissions: string[]): Promise<Caller> {
    const subject = `test:${account}`
    await kit.auth.keys.create(admin, { method: 'test_wallet', subject, permissions })
    return kit.caller(await kit.wallet(account))
  }

  describe('of applications', () => {
    it('are narrower, and have what was asked for', async () => {
      const client = await kit.auth.clientKey(admin, {
        contextId: 'c1',
        contextIdentity: 'u1',
        permissions: ['context:execute[c1,u1,get]'],
        name: 'an application',
      })
      expect(client.permissions).to.deep.equal(['context[c1,u1]', 'context:execute[c1,u1,get]'])
      const caller = await kit.caller(client)
      expect(caller).to.include({ rootKeyId: pair.keyId, keyId: client.keyId })
      expect(caller.permissions.allows(required('context:list', ['c1']))).to.equal(true)
      expect(caller.permissions.allows(required('context:list', ['c2']))).to.equal(false)
      const [info] = await kit.auth.keys.clients()
      expect(info).to.include({ id: client.keyId, name: 'an application', isValid: true })
      expect(await kit.auth.keys.clients('f'.repeat(64))).to.deep.equal([])
    })

    it('are made by administrators, of permissions that exist', async () => {
      const reader = await rootWith('reader', ['context'])
      const denied = kit.auth.clientKey(reader, { permissions: ['context:list'] })
      expect(await rejectionCode(denied)).to.equal('AUTH_PERMISSION_DENIED')
      for (const request of [
        { permissions: ['nonsense'] },
        { permissions: [], contextId: 'a]b' },
        { permissions: [], contextId: 'a,b,c' },
        { permissions: [], name: 'x'.repeat(513) },
      ]) {
        const bad = kit.auth.clientKey(admin, request)
        expect(await rejectionCode(bad)).to.equal('AUTH_BAD_REQUEST')
      }
    })

    it('are so many and no more', async () => {
      for (let count = 0; count < MAX_CLIENT_KEYS; count++) {
        await kit.auth.clientKey(admin, { permissions: [] })
      }
      const next = kit.auth.clientKey(admin, { permissions: [] })
      expect(await rejectionCode(next)).to.equal('AUTH_LIMIT')
    })

    it('lose at once what their root key loses', async () => {
      const maker = await rootWith('maker', ['admin'])
      const client = await kit.auth.clientKey(maker, { permissions: ['context', 'blob'] })
      expect(await verdict(client.accessToken)).to.equal('none')
      const told: string[] = []
      kit.auth.onRevoked((keyId) => void told.push(keyId))
      const change = { add: ['blob'], remove: ['admin'] }
      await kit.auth.keys.changePermissions(admin, maker.keyId, change)
      expect(told).to.have.members([maker.keyId, client.keyId])
      const { permissions } = await kit.caller(client)
      expect(permissions.allows(required('blob:remove', ['b']))).to.equal(true)
      expect(permissions.allows(required('context:list', ['c']))).to.equal(false)
    })
  })

  describe('that are revoked', () => {
    it('are refused at once, with those below them, and after a restart', async () => {
      const maker = await rootWith('maker', ['admin'])
      const own = await kit.wallet('maker')
      const client = await kit.auth.clientKey(maker, { permissions: ['context'] })
      const tokens = [own.accessToken, client.accessToken]
      for (const token of tokens) expect(await verdict(token)).to.equal('none')
      const told: (string | undefined)[][] = []
      const off = kit.auth.onRevoked((...of) => void told.push(of))
      await kit.auth.keys.revoke(admin, maker.keyId)
      for (const token of tokens) expect(await verdict(token)).to.equal('AUTH_TOKEN_REVOKED')
      expect(told).to.deep.equal([
        [maker.keyId, undefined],
        [client.keyId, undefined],
      ])
      const refreshes = [own, client].map((each) => kit.auth.refresh(each, { early: true }))
      for (const each of refreshes) {
        expect(await rejectionCode(each)).to.equal('AUTH_TOKEN_REVOKED')
      }
      expect(await rejectionCode(kit.wallet('maker'))).to.equal('AUTH_REFUSED')
      expect((await kit.auth.keys.clients(maker.keyId))[0]?.isValid).to.equal(false)
      off()
      await kit.auth.keys.revoke(admin, maker.keyId)
      expect(told).to.have.length(2)
      kit = await kit.restart()
      for (const token of tokens) expect(await verdict(token)).to.equal('AUTH_TOKEN_REVOKED')
    })

    it('do nothing more, though their token was verified before', async () => {
      const maker = await rootWith('maker', ['admin'])
      await kit.auth.keys.revoke(admin, maker.keyId)
      const attempts = [
        kit.auth.clientKey(maker, { permissions: [] }),
        kit.auth.keys.create(maker, { method: 'test_wallet', subject: 'test:x' }),
        kit.auth.keys.changePermissions(maker, pair.keyId, { remove: ['admin'] }),
        kit.auth.keys.revoke(maker, pair.keyId),
      ]
      for (const attempt of attempts) {
        expect(await rejectionCode(attempt)).to.equal('AUTH_TOKEN_REVOKED')
      }
    })

    it('of a client leave the root key alone', async () => {
      const client = await kit.auth.clientKey(admin, { permissions: ['context'] })
      const wrong = kit.auth.keys.revokeClient(admin, client.keyId, 'f'.repeat(64))
      expect(await rejectionCode(wrong)).to.equal('AUTH_KEY_NOT_FOUND')
      await kit.auth.keys.revokeClient(admin, client.keyId, pair.keyId)
      await kit.auth.keys.revokeClient(admin, client.keyId)
      expect(await verdict(client.accessToken)).to.equal('AUTH_TOKEN_REVOKED')
      expect(await verdict(pair.accessToken)).to.equal('none')
      // each method sees to its own kind
      const mixed = [
        kit.auth.keys.revoke(admin, client.keyId),
        kit.auth.keys.revokeClient(admin, pair.keyId),
        kit.auth.keys.permissions('f'.repeat(64)),
      ]
      for (const each of mixed) {
        expect(await rejectionCode(each)).to.equal('AUTH_KEY_NOT_FOUND')
      }
    })

    it('are never the last administrator, of whom the operator’s own keys are none', async () => {
      await kit.auth.mint({ name: 'ci', permissions: ['admin'] })
      const revoke = () => kit.auth.keys.revoke(admin, pair.keyId)
      const narrow = () =>
        kit.auth.keys.changePermissions(admin, pair.keyId, { remove: ['admin'], add: ['keys'] })
      expect(await rejectionCode(revoke())).to.equal('AUTH_KEY_CONFLICT')
      expect(await rejectionCode(narrow())).to.equal('AUTH_KEY_CONFLICT')
      await rootWith('second', ['admin'])
      await revoke()
    })

    it('are not remembered as good by a verification that had begun before', async () => {
      const rows = memoryStore()
      const gate = Promise.withResolvers<void>()
      const isRead = Promise.withResolvers<void>()
      let isHeld = false
      const get = async (key: Uint8Array): Promise<Uint8Array | undefined> => {
        const found = await rows.get(key)
        // the row of a root key grows old while it is carried
        if (!isHeld || key[0] !== 1) return found
        isHeld = false
        isRead.resolve()
        await gate.promise
        return found
      }
      const slow = await authKit({}, { store: withGet(rows, get) })
      const first = await slow.caller(await slow.login())
      const wanted = { method: 'test_wallet', subject: 'test:maker', permissions: ['blob'] }
      await slow.auth.keys.create(first, wanted)
      const own = await slow.wallet('maker')
      isHeld = true
      const verifying = rejectionCode((async () => slow.auth.verify(own.accessToken))())
      await isRead.promise
      await slow.auth.keys.revoke(first, own.keyId)
      gate.resolve()
      expect(await verifying).to.equal('AUTH_TOKEN_REVOKED')
    })
  })

  describe('of people', () => {
    it('are made by whoever holds what they get', async () => {
      const keeper = await rootWith('keeper', ['keys', 'context:list'])
      const create = (permissions?: string[]) =>
        kit.auth.keys.create(keeper, { method: 'test_wallet', subject: 'test:new', permissions })
      expect(await rejectionCode(create())).to.equal('AUTH_PERMISSION_DENIED')
      expect(await rejectionCode(create(['context']))).to.equal('AUTH_PERMISSION_DENIED')
      await create(['context:list[c1]'])
      expect(await rejectionCode(create(['context:list[c1]']))).to.equal('AUTH_KEY_CONFLICT')
      expect((await kit.wallet('new')).permissions).to.deep.equal(['context:list[c1]'])
    })

    it('are so many and no more', async () => {
      const rows = await levelKeyStore(kit.store, new Uint8Array(32), seededRandom('rows'))
      const made = Array.from({ length: MAX_ROOT_KEYS - 1 }, (_, each): KeyChange => {
        const id = each.toString(16).padStart(64, '0')
        const who = { method: 'test_wallet', subject: `test:${each}`, publicKey: '', name: '' }
        return {
          put: 'key',
          record: { id, rootKeyId: id, ...who, permissions: [], createdAtMs: 1 },
        }
      })
      await rows.write(made)
      const next = kit.auth.keys.create(admin, { method: 'test_wallet', subject: 'test:new' })
      expect(await rejectionCode(next)).to.equal('AUTH_LIMIT')
      const minted = kit.auth.mint({ name: 'new', permissions: [] })
      expect(await rejectionCode(minted)).to.equal('AUTH_LIMIT')
    })

    it('may have a password of their own', async () => {
      const create = (username: string, password: string) =>
        kit.auth.keys.create(admin, {
          method: 'user_password',
          data: { username, password },
          permissions: ['context'],
        })
      expect(await rejectionCode(create('bob', 'ab'))).to.equal('AUTH_BAD_REQUEST')
      await create('bob', 'builder')
      // a name typed with a combining accent is the same name
      await create('ren\u00e9', 'descartes')
      expect((await kit.login({ username: 'bob', password: 'builder' })).permissions).to.deep.equal(
        ['context'],
      )
      await kit.login({ username: 'rene\u0301', password: 'descartes' })
      expect(await rejectionCode(kit.login({ username: 'Bob', password: 'builder' }))).to.equal(
        'AUTH_REFUSED',
      )
    })

    it('need a way to sign in that there is, and a subject', async () => {
      const create = (method: string, subject?: string, data?: unknown) =>
        rejectionCode(kit.auth.keys.create(admin, { method, subject, data }))
      expect(await create('x_wallet', 'test:a')).to.equal('AUTH_METHOD_UNKNOWN')
      for (const subject of [undefined, '', 'test', 'test:', 'test:a b', 'operator']) {
        expect(await create('test_wallet', subject)).to.equal('AUTH_BAD_REQUEST')
      }
      expect(await create('test_wallet', `test:${'x'.repeat(512)}`)).to.equal('AUTH_BAD_REQUEST')
      for (const data of [undefined, {}, { username: 'x' }, { username: '', password: 'abc' }]) {
        expect(await create('user_password', undefined, data)).to.equal('AUTH_BAD_REQUEST')
      }
    })

    it('are changed by nobody who may do less', async () => {
      const keeper = await rootWith('keeper', ['keys', 'context'])
      const peer = await rootWith('peer', ['context:list'])
      const { keys } = kit.auth
      for (const attempt of [
        keys.changePermissions(keeper, pair.keyId, { remove: ['admin'] }),
        keys.revoke(keeper, pair.keyId),
        keys.changePermissions(keeper, peer.keyId, { add: ['blob'] }),
        keys.changePermissions(keeper, keeper.keyId, { add: ['admin'] }),
        keys.changePermissions(keeper, keeper.keyId, { all: ['keys', 'blob'] }),
      ]) {
        expect(await rejectionCode(attempt)).to.equal('AUTH_PERMISSION_DENIED')
      }
      const change = { add: ['context:create'], remove: ['context:list'] }
      expect(await keys.changePermissions(keeper, peer.keyId, change)).to.deep.equal([
        'context:create',
      ])
      expect(await keys.permissions(peer.keyId)).to.deep.equal(['context:create'])
      await keys.revoke(keeper, peer.keyId)
    })

    it('change by the rows, not by what an older token remembers', async () => {
      const keeper = await rootWith('keeper', ['keys', 'context'])
      await kit.auth.keys.changePermissions(admin, keeper.keyId, { remove: ['context'] })
      const late = { method: 'test_wallet', subject: 'test:late', permissions: ['context'] }
      const maker = await rootWith('maker', ['admin'])
      await kit.auth.keys.changePermissions(admin, maker.keyId, {
        add: ['keys'],
        remove: ['admin'],
      })
      for (const attempt of [
        kit.auth.keys.create(keeper, late),
        kit.auth.keys.changePermissions(keeper, keeper.keyId, { add: ['context'] }),
        kit.auth.keys.changePermissions(maker, maker.keyId, { add: ['admin'] }),
        kit.auth.clientKey(maker, { permissions: [] }),
        kit.auth.clientKey(maker, { permissions: ['context'] }),
      ]) {
        expect(await rejectionCode(attempt)).to.equal('AUTH_PERMISSION_DENIED')
      }
    })
  })

  it('of the operator are made without signing in, and end no bootstrap', async () => {
    const fresh = await authKit()
    const minted = await fresh.auth.mint({ name: 'dev', permissions: ['context', 'blob'] })
    const caller = await fresh.caller(minted)
    expect(caller.permissions.texts).to.deep.equal(['context', 'blob'])
    const again = await fresh.auth.mint({ name: 'dev', permissions: ['blob'] })
    expect(again.keyId).to.equal(minted.keyId)
    expect((await fresh.caller(minted)).permissions.texts).to.deep.equal(['blob'])
    const first = await fresh.auth.signIn(
      {
        method: 'user_password',
        publicKey: 'a',
        clientName: '',
        data: { username: 'a', password: 'abc' },
      },
      LOOPBACK,
    )
    expect(first.permissions).to.deep.equal(['admin'])
  })
})
