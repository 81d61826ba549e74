import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { operatorToken, readOperatorToken } from '../../../src/cli/operator-token.ts'
import type { Logger } from '../../../src/node/primitives/logger.ts'
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

  /** Resolves when the next line of this level is logged. */
  const logged = (level: 'info' | 'warn'): Promise<void> =>
    new Promise((resolve) => {
      told[level] = resolve
    })
  const told: { info?: () => void; warn?: () => void } = {}
  const made = (): ReturnType<typeof operatorToken> => {
    const { logger } = kit
    const telling = (level: 'info' | 'warn'): Logger['info'] => {
      return (fields, message) => {
        logger[level](fields, message)
        told[level]?.()
      }
    }
    const heard = { ...logger, info: telling('info'), warn: telling('warn') }
    return operatorToken(kit.auth, { home, clock: kit.clock, logger: heard })
  }

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

  it('is made anew at once when its session was ended', async () => {
    const operator = made()
    await operator.start()
    const first = (await readOperatorToken(home)) ?? ''
    const anew = logged('info')
    await kit.auth.signOut(await kit.auth.verify(first))
    await anew
    const second = (await readOperatorToken(home)) ?? ''
    expect(second).not.to.equal(first)
    expect((await kit.auth.verify(second)).permissions.texts).to.deep.equal(['admin'])
    await operator.stop()
    expect(await readdir(home)).to.deep.equal([])
  })

  it('is made anew when the machine slept for longer than a session lasts', async () => {
    const operator = made()
    await operator.start()
    const anew = logged('info')
    kit.clock.advance(40 * 86_400_000)
    await anew
    const token = (await readOperatorToken(home)) ?? ''
    expect((await kit.auth.verify(token)).permissions.texts).to.deep.equal(['admin'])
    await operator.stop()
  })

  it('is not made anew when its key was revoked, which is said once', async () => {
    const admin = await kit.caller(await kit.login())
    const operator = made()
    await operator.start()
    const { keyId } = await kit.auth.verify((await readOperatorToken(home)) ?? '')
    const warned = logged('warn')
    await kit.auth.keys.revoke(admin, keyId)
    await warned
    expect(await readdir(home)).to.deep.equal([])
    kit.clock.advance(3_600_000)
    await operator.stop()
    const warnings = kit.logger.lines.filter(({ level }) => level === 'warn')
    expect(warnings).to.have.length(1)
    expect(warnings[0]?.message).to.include('merogate login')
    // whoever starts the node anew operates the machine
    await operator.start()
    const token = (await readOperatorToken(home)) ?? ''
    expect((await kit.auth.verify(token)).permissions.texts).to.deep.equal(['admin'])
    await operator.stop()
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
