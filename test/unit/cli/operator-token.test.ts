import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { operatorToken, readOperatorToken } from '../../../src/cli/operator-token.ts'
import { type AuthKit, authKit } from '../../support/auth-kit.ts'

describe('the token of commands of this machine', () => {
  let home: string
  let kit: AuthKit

  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), 'merogate-'))
    kit = await authKit()
  })

  afterEach(async () => {
    await kit.auth.close()
    await rm(home, { recursive: true, force: true })
  })

  const made = (): ReturnType<typeof operatorToken> =>
    operatorToken(kit.auth, { home, clock: kit.clock, logger: kit.logger })

  it('is for its owner alone to read, and taken back at the stop', async () => {
    const operator = made()
    await operator.start()
    const token = (await readOperatorToken(home)) ?? ''
    expect((await kit.auth.verify(token)).permissions.texts).to.deep.equal(['admin'])
    expect(await readdir(home)).to.deep.equal(['operator.token'])
    expect((await stat(join(home, 'operator.token'))).mode & 0o777).to.equal(0o600)
    await operator.stop()
    expect(await readdir(home)).to.deep.equal([])
    const refusal = await Promise.resolve(kit.auth.verify(token)).catch((error: unknown) => error)
    expect(refusal).to.include({ code: 'AUTH_TOKEN_REVOKED' })
  })

  it('keeps no node from stopping when its key was revoked', async () => {
    const admin = await kit.caller(await kit.login())
    const operator = made()
    await operator.start()
    const { keyId } = await kit.auth.verify((await readOperatorToken(home)) ?? '')
    await kit.auth.keys.revoke(admin, keyId)
    await operator.stop()
    expect(await readdir(home)).to.deep.equal([])
  })
})
