/** Signing in by password and by wallet, and who becomes the first administrator. */
import { expect } from 'chai'
import { bootstrapHash } from '../../../src/auth/index.ts'
import { authKit, LOOPBACK, STRANGER, testWallet } from '../../support/auth-kit.ts'
import {
  MAX_HASHING,
  MAX_HASHING_QUEUE,
  MAX_NAME_CHARS,
  MAX_PASSWORD_BYTES,
  MAX_SUBJECT_FAILURES,
  MAX_USERNAME_CHARS,
} from '../../../src/auth/limits.ts'
import { failure, rejectionCode } from '../../support/error-code.ts'

describe('signing in', () => {
  it('makes whoever comes first from this machine administrator, and nobody after that', async () => {
    const { login, wallet, caller, auth } = await authKit()
    expect(await rejectionCode(login({}, STRANGER))).to.equal('AUTH_REFUSED')
    const pair = await login()
    expect((await caller(pair)).permissions.texts).to.deep.equal(['admin'])
    expect(await rejectionCode(login({ username: 'bob' }))).to.equal('AUTH_REFUSED')
    expect(await rejectionCode(wallet('bob'))).to.equal('AUTH_REFUSED')
    await login({}, STRANGER)
    await auth.close()
  })

  it('makes one administrator of several who come first at the same time', async () => {
    const { login } = await authKit()
    const names = ['a', 'b', 'c', 'd']
    const codes = await Promise.all(names.map((username) => rejectionCode(login({ username }))))
    expect(codes.filter((code) => code === 'none')).to.have.length(1)
  })

  it('takes the secret of the first sign-in, once, and no other', async () => {
    const secretHash = bootstrapHash('open sesame')
    const kit = await authKit({ bootstrap: { allowLoopback: false, secretHash } })
    const withSecret = (bootstrapSecret: string) => ({ ...STRANGER, bootstrapSecret })
    expect(await rejectionCode(kit.login({}, LOOPBACK))).to.equal('AUTH_REFUSED')
    expect(await rejectionCode(kit.login({}, withSecret('sesame')))).to.equal('AUTH_REFUSED')
    await kit.login({}, withSecret('open sesame'))
    const second = kit.login({ username: 'bob' }, withSecret('open sesame'))
    expect(await rejectionCode(second)).to.equal('AUTH_REFUSED')
    const again = await kit.restart()
    const third = again.login({ username: 'bob' }, withSecret('open sesame'))
    expect(await rejectionCode(third)).to.equal('AUTH_REFUSED')
  })

  it('gives the administrator of the configuration the password that stands there', async () => {
    const admin = { username: 'root', password: 'first one' }
    const kit = await authKit({ bootstrap: { allowLoopback: true, admin } })
    expect(await rejectionCode(kit.login())).to.equal('AUTH_REFUSED')
    await kit.login(admin, STRANGER)
    const next = { username: 'root', password: 'second one' }
    const again = await kit.restart({ bootstrap: { allowLoopback: false, admin: next } })
    expect(await rejectionCode(again.login(admin))).to.equal('AUTH_REFUSED')
    await again.login(next)
  })

  it('changes a password for the old one, counting wrong ones, and ends the other sessions', async () => {
    const kit = await authKit()
    const pair = await kit.login()
    const [mine, elsewhere] = [await kit.caller(pair), await kit.caller(await kit.login())]
    const other = await kit.login({}, STRANGER)
    const app = await kit.auth.clientKey(mine, { permissions: ['context:execute'] })
    const change = (oldPassword: string, newPassword: string, caller = mine): Promise<string> =>
      rejectionCode(kit.auth.changePassword(caller, { oldPassword, newPassword }, LOOPBACK))
    expect(await change('wrong', 'another one')).to.equal('AUTH_REFUSED')
    expect(await change('secret', 'xx')).to.equal('AUTH_BAD_REQUEST')
    expect(await change('secret', 'x', await kit.caller(app))).to.equal('AUTH_PERMISSION_DENIED')
    await kit.login()
    expect(await change('secret', 'another one')).to.equal('none')
    expect((await kit.caller(pair)).keyId).to.equal(mine.keyId)
    expect((await kit.caller(app)).rootKeyId).to.equal(mine.keyId)
    const ended = kit.auth.refresh({ refreshToken: other.refreshToken }, { early: true })
    expect(await rejectionCode(ended)).to.equal('AUTH_TOKEN_REVOKED')
    const verified = (async () => kit.auth.verify(other.accessToken))()
    expect(await rejectionCode(verified)).to.equal('AUTH_TOKEN_REVOKED')
    expect(elsewhere.familyId).not.to.equal(mine.familyId)
    expect(await rejectionCode(kit.login())).to.equal('AUTH_REFUSED')
    await kit.login({ password: 'another one' })
    for (let count = 0; count < MAX_SUBJECT_FAILURES; count++) {
      expect(await change('wrong', 'a third one')).to.equal('AUTH_REFUSED')
    }
    expect(await change('another one', 'a third one')).to.equal('AUTH_LOCKED')
    expect(await rejectionCode(kit.login({ password: 'another one' }))).to.equal('AUTH_LOCKED')
    await kit.auth.close()
  })

  it('says outwardly the same of every refusal, and in the log what it was', async () => {
    const kit = await authKit()
    await kit.login()
    const wrong = await failure(kit.login({ password: 'wrong' }))
    const unknown = await failure(kit.login({ username: 'nobody' }))
    const signature = await failure(kit.wallet('mallory'))
    for (const error of [unknown, signature]) expect(error.toJSON()).to.deep.equal(wrong.toJSON())
    expect(wrong.toJSON().details).to.deep.equal({})
    const reasons = kit.logger.lines
      .filter(({ message }) => message === 'sign-in refused')
      .map(({ fields }) => fields['reason'])
    expect(reasons).to.deep.equal([
      'wrong password',
      'no key of this account',
      'the signature is not one',
    ])
    expect(JSON.stringify(kit.logger.lines)).not.to.include('secret')
  })

  it('works as much for an account that is not there as for a wrong password', async () => {
    const kit = await authKit({ password: { minLength: 3, cost: { n: 1 << 14, r: 8, p: 1 } } })
    await kit.login()
    const time = async (who: { username?: string; password?: string }): Promise<number> => {
      const began = performance.now()
      await rejectionCode(kit.login(who))
      return performance.now() - began
    }
    const wrong = await time({ password: 'wrong' })
    // without the hash it would be some hundred times faster
    expect(await time({ username: 'nobody' })).to.be.greaterThan(wrong / 10)
  })

  it('lets so many passwords wait to be hashed, and tells the others to come back', async () => {
    const kit = await authKit({ password: { minLength: 3, cost: { n: 1 << 12, r: 8, p: 1 } } })
    await kit.login()
    const logins = Array.from({ length: MAX_HASHING + MAX_HASHING_QUEUE + 3 }, (_, each) =>
      rejectionCode(
        kit.login({ username: `user ${each}` }, { ...STRANGER, address: `192.0.2.${each}` }),
      ),
    )
    const codes = await Promise.all(logins)
    expect(codes.filter((code) => code === 'AUTH_LOCKED')).to.have.length(3)
    await kit.login()
  })

  it('refuses names and passwords that are too long or none, before any work', async () => {
    const kit = await authKit()
    const data = (username: unknown, password: unknown) =>
      kit.auth.signIn(
        { method: 'user_password', publicKey: '', clientName: '', data: { username, password } },
        LOOPBACK,
      )
    for (const work of [
      data('x'.repeat(MAX_USERNAME_CHARS + 1), 'secret'),
      data('alice', 'x'.repeat(MAX_PASSWORD_BYTES + 1)),
      data('', 'secret'),
      data('alice', ''),
      data(1, 'secret'),
    ]) {
      expect(await rejectionCode(work)).to.equal('AUTH_REFUSED')
    }
    kit.clock.advance(60_000)
    // 3 bytes each in UTF-8
    const wide = data('alice', '\u20ac'.repeat(MAX_PASSWORD_BYTES / 2))
    expect(await rejectionCode(wide)).to.equal('AUTH_REFUSED')
    expect(await rejectionCode(data('alice', 'ab'))).to.equal('AUTH_BAD_REQUEST')
    const name = 'x'.repeat(MAX_NAME_CHARS + 1)
    for (const over of [
      { publicKey: name },
      { clientName: name },
      { challenge: name.repeat(99) },
    ]) {
      const request = { method: 'test_wallet', publicKey: '', clientName: '', data: null, ...over }
      const code = await rejectionCode(kit.auth.signIn(request, LOOPBACK))
      expect(code).to.equal('challenge' in over ? 'AUTH_REFUSED' : 'AUTH_BAD_REQUEST')
    }
    const unknown = { method: 'x_wallet', publicKey: '', clientName: '', data: null }
    expect(await rejectionCode(kit.auth.signIn(unknown, LOOPBACK))).to.equal('AUTH_METHOD_UNKNOWN')
    await data('x'.repeat(MAX_USERNAME_CHARS), 'x'.repeat(MAX_PASSWORD_BYTES))
  })

  it('has no sign-in by password where none is configured', async () => {
    const kit = await authKit({ password: undefined })
    expect(await rejectionCode(kit.login())).to.equal('AUTH_METHOD_UNKNOWN')
    expect(kit.auth.providers().map(({ name }) => name)).to.deep.equal(['test_wallet'])
    const admin = { username: 'root', password: 'root' }
    const bootstrap = { allowLoopback: true, admin }
    const bad = [
      authKit({ password: undefined, bootstrap }),
      authKit({ origin: 'https://node.example/path' }),
      authKit({ extraOrigins: ['node.example'] }),
    ]
    for (const each of bad) expect(await rejectionCode(each)).to.equal('AUTH_BAD_REQUEST')
  })

  it('refuses a challenge that was answered before, whatever became of the answer', async () => {
    const { auth } = await authKit()
    const { message } = await auth.challenge({ method: 'test_wallet' }, LOOPBACK)
    const answer = (account: string) =>
      auth.signIn(
        { method: 'test_wallet', publicKey: account, clientName: '', data: { message, account } },
        LOOPBACK,
      )
    expect(await rejectionCode(answer('mallory'))).to.equal('AUTH_REFUSED')
    expect(await rejectionCode(answer('alice'))).to.equal('AUTH_REFUSED')
  })

  it('asks the verifier once of two answers that come at the same time', async () => {
    let asked = 0
    const wallet = testWallet({
      verify() {
        asked++
        return Promise.resolve({ subject: 'test:alice' })
      },
    })
    const { auth } = await authKit({ verifiers: [wallet] })
    const { message } = await auth.challenge({ method: 'test_wallet' }, LOOPBACK)
    const request = { method: 'test_wallet', publicKey: '', clientName: '', data: { message } }
    const codes = await Promise.all([1, 2].map(() => rejectionCode(auth.signIn(request, LOOPBACK))))
    expect(codes.sort()).to.deep.equal(['AUTH_REFUSED', 'none'])
    expect(asked).to.equal(1)
  })

  it('finds a challenge by what the verifier reads out of the answer', async () => {
    const wallet = testWallet({
      challenge: ({ nonce }) => Promise.resolve({ transaction: nonce, parameters: {} }),
      nonceOf: (data) => (data as { signed: string }).signed.split('+')[0], // made below
      verify: ({ terms }) => Promise.resolve({ subject: `test:${terms.subject}` }),
    })
    const { auth } = await authKit({ verifiers: [wallet] })
    const request = { method: 'test_wallet', subject: 'alice' }
    const { challenge, message } = await auth.challenge(request, LOOPBACK)
    expect(message).to.equal(undefined)
    const data = { signed: `${challenge}+signature` }
    await auth.signIn({ method: 'test_wallet', publicKey: '', clientName: '', data }, LOOPBACK)
  })

  it('takes no challenge of another method, of before a restart, or whose time is over', async () => {
    const other = testWallet({ method: 'other_wallet' })
    const kit = await authKit({ verifiers: [testWallet(), other] })
    const codeOf = (auth: typeof kit.auth, method: string, message: string | undefined) =>
      rejectionCode(
        auth.signIn(
          { method, publicKey: '', clientName: '', data: { message, account: 'alice' } },
          LOOPBACK,
        ),
      )
    const ask = async (): Promise<string | undefined> =>
      (await kit.auth.challenge({ method: 'test_wallet' }, LOOPBACK)).message
    expect(await codeOf(kit.auth, 'other_wallet', await ask())).to.equal('AUTH_REFUSED')
    const late = await ask()
    kit.clock.advance(300_000)
    expect(await codeOf(kit.auth, 'test_wallet', late)).to.equal('AUTH_REFUSED')
    // the wall clock alone jumps ahead
    const jumped = await ask()
    kit.clock.set(kit.clock.nowNs() + 301_000_000_000n)
    expect(await codeOf(kit.auth, 'test_wallet', jumped)).to.equal('AUTH_REFUSED')
    const before = await ask()
    const again = await kit.restart()
    expect(await codeOf(again.auth, 'test_wallet', before)).to.equal('AUTH_REFUSED')
    expect(await rejectionCode(again.wallet('alice'))).to.equal('none')
  })

  it('gives a challenge without a method to clients that know but one', async () => {
    const { auth } = await authKit({ verifiers: [testWallet({ method: 'near_wallet' })] })
    const issued = await auth.challenge({}, LOOPBACK)
    expect(issued.method).to.equal('near_wallet')
    expect(issued.challenge).to.equal(issued.message)
    const none = await authKit()
    expect(await rejectionCode(none.auth.challenge({}, LOOPBACK))).to.equal('AUTH_METHOD_UNKNOWN')
  })

  it('leaves it open when a chain cannot be asked: the account is not counted against', async () => {
    const { authError } = await import('../../../src/auth/index.ts')
    let isDown = true
    const wallet = testWallet({
      verify: () =>
        isDown
          ? Promise.reject(authError('AUTH_CHAIN_UNAVAILABLE', 'no endpoint answers'))
          : Promise.resolve({ subject: 'test:alice' }),
    })
    const kit = await authKit({ verifiers: [wallet] })
    for (let times = 0; times < 6; times++) {
      expect(await rejectionCode(kit.wallet('alice'))).to.equal('AUTH_CHAIN_UNAVAILABLE')
    }
    isDown = false
    await kit.wallet('alice')
  })
})
