/** What is and what is not a token of this node: kinds, algorithms, audiences, keys, clocks. */
import { createHmac, createPublicKey } from 'node:crypto'
import { expect } from 'chai'
import jwt from 'jsonwebtoken'
import type { TokenPair } from '../../../src/auth/index.ts'
import { type AuthKit, authKit, STRANGER } from '../../support/auth-kit.ts'
import { rejectionCode } from '../../support/error-code.ts'
import { START_MS } from '../../support/hand-clock.ts'

const LEEWAY_MS = 60_000
const ACCESS_MS = 3_600_000
const REFRESH_MS = 2_592_000_000
const ROTATION_MS = 604_800_000

/** The code a token is refused with, or `none`. */
async function verdict({ auth }: AuthKit, token: string): Promise<string> {
  // remembered ones are answered at once
  return rejectionCode((async () => auth.verify(token))())
}

function partsOf(token: string): { header: object; payload: object } {
  const decoded = jwt.decode(token, { complete: true })
  if (decoded === null || typeof decoded.payload === 'string') throw new TypeError('no token')
  return decoded as { header: object; payload: object } // by the line above
}

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')

describe('tokens', () => {
  let kit: AuthKit
  let pair: TokenPair

  beforeEach(async () => {
    kit = await authKit()
    pair = await kit.login()
  })
  afterEach(() => kit.auth.close())

  it('are good for whom they were made, until they expire', async () => {
    const caller = await kit.auth.verify(pair.accessToken)
    expect(caller).to.include({ keyId: pair.keyId, rootKeyId: pair.keyId })
    expect(caller.expiresAtMs).to.equal(START_MS + ACCESS_MS)
    expect(await kit.auth.verify(pair.accessToken)).to.equal(caller)
  })

  it('name the origin at which the node is reached, once that is known, and so do challenges', async () => {
    kit.auth.reachedAt(['http://localhost:4711', 'http://127.0.0.1:4711'])
    const { accessToken } = await kit.login()
    expect(partsOf(accessToken).payload).to.include({ node_url: 'http://localhost:4711' })
    expect(await verdict(kit, accessToken)).to.equal('none')
    expect(await verdict(kit, pair.accessToken)).to.equal('AUTH_INVALID_NODE')
    const asked = (origin: string): Promise<string> =>
      rejectionCode(kit.auth.challenge({ method: 'test_wallet', origin }, STRANGER))
    expect(await asked('http://127.0.0.1:4711')).to.equal('none')
    expect(await asked('https://node.example')).to.equal('AUTH_BAD_REQUEST')
    expect(() => kit.auth.reachedAt(['localhost'])).to.throw('expected an origin')
  })

  it('carry what clients of the original read', () => {
    const { header, payload } = partsOf(pair.accessToken)
    expect(header).to.deep.include({ alg: 'ES256' })
    expect(payload).to.deep.include({
      sub: pair.keyId,
      iss: 'merogate',
      aud: 'merogate',
      permissions: ['admin'],
      node_url: 'https://node.example',
      token_type: 'access',
      iat: START_MS / 1000,
      exp: (START_MS + ACCESS_MS) / 1000,
    })
  })

  it('of one kind are refused as the other', async () => {
    expect(await verdict(kit, pair.refreshToken)).to.equal('AUTH_TOKEN_INVALID')
    const refresh = kit.auth.refresh({ refreshToken: pair.accessToken }, { early: true })
    expect(await rejectionCode(refresh)).to.equal('AUTH_TOKEN_INVALID')
  })

  it('without a signature, or signed with the public key as a secret, are refused', async () => {
    const { header, payload } = partsOf(pair.accessToken)
    for (const alg of ['none', 'None', 'NONE']) {
      const bare = `${encode({ ...header, alg })}.${encode(payload)}.`
      expect(await verdict(kit, bare)).to.equal('AUTH_TOKEN_INVALID')
    }
    const [jwk] = kit.auth.jwks().keys
    const key = createPublicKey({ key: jwk ?? {}, format: 'jwk' })
    const secrets = [
      key.export({ format: 'pem', type: 'spki' }),
      key.export({ format: 'der', type: 'spki' }),
      JSON.stringify(jwk),
    ]
    for (const secret of secrets) {
      const text = `${encode({ ...header, alg: 'HS256' })}.${encode(payload)}`
      const mac = createHmac('sha256', secret).update(text).digest('base64url')
      expect(await verdict(kit, `${text}.${mac}`)).to.equal('AUTH_TOKEN_INVALID')
    }
  })

  it('changed in any part are refused', async () => {
    const [header = '', payload = '', signature = ''] = pair.accessToken.split('.')
    const other = encode({ ...partsOf(pair.accessToken).payload, permissions: ['keys'] })
    const flipped = Buffer.from(signature, 'base64url')
    flipped[5] = (flipped[5] ?? 0) ^ 1
    const changed = [
      `${header}.${other}.${signature}`,
      `${header}.${payload}.${flipped.toString('base64url')}`,
      `${header}.${payload}.${signature.slice(0, -4)}`,
      `${header}.${payload}`,
      `${encode({ alg: 'ES256' })}.${payload}.${signature}`,
      `${encode({ alg: 'ES256', kid: 'another' })}.${payload}.${signature}`,
      '',
      'x',
      '..',
      `${'a'.repeat(9_000)}.b.c`,
    ]
    for (const token of changed) {
      expect(await verdict(kit, token), token.slice(0, 80)).to.equal('AUTH_TOKEN_INVALID')
    }
  })

  it('of another issuer or audience, though signed with the same key, are refused', async () => {
    for (const other of [{ issuer: 'another', audience: 'merogate' }, { audience: 'another' }]) {
      const elsewhere = await authKit(other, { store: kit.store, clock: kit.clock, seed: 'b' })
      const { accessToken } = await elsewhere.login()
      expect(await verdict(elsewhere, accessToken)).to.equal('none')
      expect(await verdict(kit, accessToken)).to.equal('AUTH_TOKEN_INVALID')
    }
  })

  it('made for another address of the node are told so', async () => {
    const moved = await kit.restart({ origin: 'https://new.example' })
    expect(await verdict(moved, pair.accessToken)).to.equal('AUTH_INVALID_NODE')
    const both = { origin: 'https://new.example', extraOrigins: ['https://node.example'] }
    const kept = await kit.restart(both)
    expect(await verdict(kept, pair.accessToken)).to.equal('none')
  })

  it('lacking a claim, though signed with the right key, are refused', async () => {
    const { levelKeyStore } = await import('../../../src/auth/keys/level-key-store.ts')
    const { systemRandom } = await import('../../../src/node/primitives/clock.ts')
    const rows = await levelKeyStore(kit.store, new Uint8Array(32), systemRandom)
    const [key] = await rows.signingKeys()
    if (key === undefined) throw new TypeError('no key')
    const { createPrivateKey } = await import('node:crypto')
    const secret = createPrivateKey({ key: Buffer.from(key.pkcs8), format: 'der', type: 'pkcs8' })
    const sign = (payload: object): string =>
      jwt.sign(payload, secret, { algorithm: 'ES256', keyid: key.kid })
    const { payload } = partsOf(pair.accessToken)
    expect(await verdict(kit, sign(payload))).to.equal('none')
    for (const claim of ['exp', 'sub', 'jti', 'fam', 'token_type', 'iss', 'aud', 'node_url']) {
      const rest = Object.entries(payload).filter(([name]) => name !== claim)
      const token = sign(Object.fromEntries(rest))
      expect(await verdict(kit, token), claim).to.equal('AUTH_TOKEN_INVALID')
    }
  })

  for (const isRemembered of [false, true]) {
    it(`expire a leeway after their time, ${isRemembered ? 'also when remembered' : 'read anew'}`, async () => {
      if (isRemembered) await kit.auth.verify(pair.accessToken)
      kit.clock.advance(ACCESS_MS + LEEWAY_MS - 1)
      expect(await verdict(kit, pair.accessToken)).to.equal('none')
      kit.clock.advance(1)
      expect(await verdict(kit, pair.accessToken)).to.equal('AUTH_TOKEN_EXPIRED')
    })
  }

  it('from the future are good within the leeway only', async () => {
    const at = BigInt(START_MS) * 1_000_000n
    kit.clock.set(at - BigInt(LEEWAY_MS + 1_000) * 1_000_000n)
    expect(await verdict(kit, pair.accessToken)).to.equal('AUTH_TOKEN_INVALID')
    kit.clock.set(at - BigInt(LEEWAY_MS) * 1_000_000n)
    expect(await verdict(kit, pair.accessToken)).to.equal('none')
  })

  it('have no leeway where none is configured', async () => {
    const strict = await kit.restart({ leewayMs: 0 })
    strict.clock.advance(ACCESS_MS - 1)
    expect(await verdict(strict, pair.accessToken)).to.equal('none')
    strict.clock.advance(1)
    expect(await verdict(strict, pair.accessToken)).to.equal('AUTH_TOKEN_EXPIRED')
  })

  it('outlive a restart', async () => {
    const again = await kit.restart()
    expect(await verdict(again, pair.accessToken)).to.equal('none')
    await again.auth.refresh({ refreshToken: pair.refreshToken }, { early: true })
  })
})

describe('keys that sign tokens', () => {
  const kidOf = (token: string): unknown => (partsOf(token).header as { kid?: unknown }).kid

  /** The room's own timer does it; what it does takes a moment. */
  async function settle(kit: AuthKit): Promise<void> {
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
    await kit.auth.isHealthy()
  }

  it('are published before their turn, take it by themselves, and stay while a token is good', async () => {
    const kit = await authKit()
    const first = await kit.login()
    expect(kit.auth.jwks().keys).to.have.length(1)
    kit.clock.advance(ROTATION_MS - 86_400_000)
    await settle(kit)
    const published = kit.auth.jwks().keys.map(({ kid }) => kid)
    expect(published).to.have.length(2)
    expect(kidOf((await kit.login()).accessToken)).to.equal(published[0])
    kit.clock.advance(86_400_000)
    const second = await kit.login()
    expect(kidOf(second.accessToken)).to.equal(published[1])
    // the old refresh token is good to the end, whatever signs by then
    kit.clock.advance(20 * 86_400_000)
    await settle(kit)
    const next = await kit.auth.refresh({ refreshToken: first.refreshToken })
    expect(kidOf(next.accessToken)).not.to.equal(published[0])
    for (let week = 0; week < 7; week++) {
      kit.clock.advance(ROTATION_MS)
      await settle(kit)
    }
    const kids = kit.auth.jwks().keys.map(({ kid }) => kid)
    expect(kids).not.to.include(published[0])
    expect(kids.length).to.be.within(2, 8)
    await kit.auth.close()
    expect(kit.clock.timers).to.equal(0)
  })

  it('sign again after a stop of months', async () => {
    const kit = await authKit()
    const old = await kit.login()
    await kit.auth.close()
    kit.clock.advance(10 * ROTATION_MS)
    const again = await kit.restart()
    await settle(again)
    expect(await verdict(again, old.accessToken)).to.equal('AUTH_TOKEN_EXPIRED')
    expect(await verdict(again, (await again.login()).accessToken)).to.equal('none')
    again.clock.advance(86_400_000)
    await settle(again)
    expect(kidOf((await again.login()).accessToken)).not.to.equal(kidOf(old.accessToken))
  })

  it('are never secret keys in what is published', async () => {
    const kit = await authKit()
    for (const key of kit.auth.jwks().keys) {
      expect(Object.keys(key).sort()).to.deep.equal(['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y'])
    }
  })

  it('sign with the one there is when the clock was set back before its time', async () => {
    const kit = await authKit()
    kit.clock.set(BigInt(START_MS - REFRESH_MS) * 1_000_000n)
    const { accessToken } = await kit.login()
    expect(await verdict(kit, accessToken)).to.equal('none')
  })
})
