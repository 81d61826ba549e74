/** What does not sign in with a password: each is refused with the same words, and the log says why. */
import { expect } from 'chai'
import { MAX_PASSWORD_BYTES, MAX_USERNAME_CHARS } from '../../../src/auth/limits.ts'
import { type AuthKit, authKit, LOOPBACK } from '../../support/auth-kit.ts'
import { failure } from '../../support/error-code.ts'

const USER = 'ärzte'
const PASSWORD = 'Sésame 1'
const NO_PAIR = 'no user name and password'

/** `data` of the attempt, and the reason in the log. */
type Attack = readonly [name: string, data: unknown, reason: string]

const wrong = (name: string, password: string): Attack => [
  name,
  { username: USER, password },
  'wrong password',
]
const unknown = (name: string, username: string): Attack => [
  name,
  { username, password: PASSWORD },
  'no key of this account',
]
const shapeless = (name: string, data: unknown): Attack => [name, data, NO_PAIR]

const ATTACKS: readonly Attack[] = [
  wrong('another password', 'Sésame 2'),
  wrong('the password of another account', 'of bob'),
  wrong('the first letters of it', PASSWORD.slice(0, -1)),
  wrong('it and one letter more', `${PASSWORD}1`),
  wrong('it in other case', PASSWORD.toUpperCase()),
  wrong('it without its accent', 'Sesame 1'),
  wrong('it in letters that look alike', PASSWORD.replace('a', '\u0430')),
  wrong('it and a space', `${PASSWORD} `),
  wrong('a space before it', ` ${PASSWORD}`),
  wrong('one that was replaced', 'the first one'),
  unknown('a user name in other case', USER.toUpperCase()),
  unknown('a user name and a space', `${USER} `),
  unknown('a user name that looks alike', 'a\u0308rzt\u0435'),
  unknown('the name of a property that all objects have', '__proto__'),
  shapeless('no password', { username: USER }),
  shapeless('an empty password', { username: USER, password: '' }),
  shapeless('no user name', { password: PASSWORD }),
  shapeless('a list in place of the password', { username: USER, password: [PASSWORD] }),
  shapeless('true in place of the password', { username: USER, password: true }),
  shapeless('a condition in place of the password', { username: USER, password: { $ne: '' } }),
  shapeless('it and a zero character', { username: USER, password: `${PASSWORD}\0` }),
  shapeless('a user name and a zero character', { username: `${USER}\0`, password: PASSWORD }),
  shapeless('nothing', null),
  shapeless('a text in place of both', `${USER}:${PASSWORD}`),
  shapeless('a list of both', [USER, PASSWORD]),
  shapeless('an oversized password', {
    username: USER,
    password: 'x'.repeat(MAX_PASSWORD_BYTES + 1),
  }),
  shapeless('an oversized user name', {
    username: 'x'.repeat(MAX_USERNAME_CHARS + 1),
    password: PASSWORD,
  }),
]

describe('a sign-in by password', () => {
  let kit: AuthKit
  before(async () => {
    kit = await authKit()
    const pair = await kit.login({ username: USER, password: 'the first one' })
    const change = { oldPassword: 'the first one', newPassword: PASSWORD }
    await kit.auth.changePassword(await kit.caller(pair), change, LOOPBACK)
  })
  after(() => kit.auth.close())

  const attempt = (data: unknown, address: string): Promise<unknown> =>
    kit.auth.signIn(
      { method: 'user_password', publicKey: USER, clientName: 'test', data },
      { address, isLoopback: false },
    )

  it('is taken with the right one, however its letters were typed', async () => {
    const typed = { username: USER.normalize('NFD'), password: PASSWORD.normalize('NFD') }
    expect(typed.password).not.to.equal(PASSWORD)
    await attempt(typed, '203.0.113.1')
  })

  for (const [at, [name, data, reason]] of ATTACKS.entries()) {
    it(`is refused with ${name}`, async () => {
      const before = kit.logger.lines.length
      const error = await failure(attempt(data, `198.51.100.${at}`))
      expect(error.toJSON()).to.deep.equal({
        code: 'AUTH_REFUSED',
        kind: 'unauthenticated',
        message: 'Authentication failed',
        details: {},
      })
      const lines = kit.logger.lines.slice(before)
      const reasons = lines.flatMap(({ message, fields }) =>
        message === 'sign-in refused' ? [fields['reason']] : [],
      )
      expect(reasons).to.deep.equal([reason])
      expect(JSON.stringify(lines)).not.to.include(PASSWORD)
    })
  }
})
