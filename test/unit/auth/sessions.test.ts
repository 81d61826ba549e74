/** Sessions: the next pair, reuse, revocation, and a process that is killed at any step. */
import { expect } from 'chai'
import type { TokenPair } from '../../../src/auth/index.ts'
import { MAX_FAMILIES } from '../../../src/auth/limits.ts'
import { type AuthKit, authKit, testWallet } from '../../support/auth-kit.ts'
import { dyingStore } from '../../support/dying-store.ts'
import { rejectionCode } from '../../support/error-code.ts'
import { memoryStore } from '../../support/memory-store.ts'

const HOUR_MS = 3_600_000
const MONTH_MS = 2_592_000_000

async function verdict({ auth }: AuthKit, token: string): Promise<string> {
  return rejectionCode((async () => auth.verify(token))())
}

describe('a session', () => {
  let kit: AuthKit
  let pair: TokenPair

  beforeEach(async () => {
    kit = await authKit()
    pair = await kit.login()
  })

  it('goes on when the access token has expired, without waiting for the leeway', async () => {
    const { accessToken, refreshToken } = pair
    const refresh = () => kit.auth.refresh({ accessToken, refreshToken })
    expect(await rejectionCode(refresh())).to.equal('AUTH_TOKEN_STILL_VALID')
    kit.clock.advance(HOUR_MS)
    const next = await refresh()
    expect(await verdict(kit, next.accessToken)).to.equal('none')
    expect(next.refreshToken).not.to.equal(refreshToken)
  })

  it('goes on early when that is asked for, or without an access token', async () => {
    const next = await kit.auth.refresh(pair, { early: true })
    await kit.auth.refresh({ refreshToken: next.refreshToken })
  })

  it('ends for good when a used refresh token comes back', async () => {
    const next = await kit.auth.refresh(pair, { early: true })
    const other = await kit.login()
    const ended: (string | undefined)[][] = []
    kit.auth.onRevoked((...of) => void ended.push(of))
    expect(await verdict(kit, next.accessToken)).to.equal('none')
    const reuse = (): Promise<string> => rejectionCode(kit.auth.refresh(pair, { early: true }))
    expect(await reuse()).to.equal('AUTH_TOKEN_REUSED')
    for (const token of [pair.accessToken, next.accessToken]) {
      expect(await verdict(kit, token)).to.equal('AUTH_TOKEN_REVOKED')
    }
    const goOn = kit.auth.refresh(next, { early: true })
    expect(await rejectionCode(goOn)).to.equal('AUTH_TOKEN_REVOKED')
    expect(await reuse()).to.equal('AUTH_TOKEN_REUSED')
    expect(ended).to.have.length(1)
    expect(ended[0]?.[0]).to.equal(pair.keyId)
    expect(ended[0]?.[1]).to.be.a('string')
    // sessions beside it are left alone, a restart forgets nothing
    expect(await verdict(kit, other.accessToken)).to.equal('none')
    const again = await kit.restart()
    expect(await verdict(again, next.accessToken)).to.equal('AUTH_TOKEN_REVOKED')
    expect(await verdict(again, other.accessToken)).to.equal('none')
  })

  it('is given on once to several who refresh at the same time', async () => {
    const all = [1, 2, 3].map(() => kit.auth.refresh(pair, { early: true }))
    const codes = await Promise.all(all.map((each) => rejectionCode(each)))
    expect(codes.filter((code) => code === 'none')).to.have.length(1)
  })

  it('ends with its refresh token, and nobody is told to refresh', async () => {
    kit.clock.advance(MONTH_MS + 60_000)
    const late = kit.auth.refresh({ refreshToken: pair.refreshToken })
    expect(await rejectionCode(late)).to.equal('AUTH_TOKEN_INVALID')
  })

  it('ends when its owner signs out', async () => {
    await kit.auth.signOut(await kit.caller(pair))
    expect(await verdict(kit, pair.accessToken)).to.equal('AUTH_TOKEN_REVOKED')
    const refresh = kit.auth.refresh(pair, { early: true })
    expect(await rejectionCode(refresh)).to.equal('AUTH_TOKEN_REVOKED')
  })

  it('makes room for a newer one when its key has too many', async () => {
    await kit.auth.verify(pair.accessToken)
    const others: TokenPair[] = []
    for (let count = 0; count < MAX_FAMILIES; count++) {
      kit.clock.advance(1)
      others.push(await kit.login())
    }
    expect(await verdict(kit, pair.accessToken)).to.equal('AUTH_TOKEN_REVOKED')
    for (const { accessToken } of others) expect(await verdict(kit, accessToken)).to.equal('none')
  })

  it('leaves no row behind when it is over', async () => {
    await kit.auth.clientKey(await kit.caller(pair), { permissions: ['context:list'] })
    await kit.auth.mint({ name: 'ci', permissions: ['blob'] })
    const rows = async (column: number): Promise<number> => {
      let count = 0
      const range = { gte: Uint8Array.of(column), lt: Uint8Array.of(column + 1) }
      for await (const _ of kit.store.keys(range)) count++
      return count
    }
    const counts = async (): Promise<number[]> => Promise.all([1, 2, 3, 4].map(rows))
    expect(await counts()).to.deep.equal([2, 1, 1, 3])
    kit.clock.advance(MONTH_MS + 2 * HOUR_MS)
    for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve))
    await kit.auth.close()
    // the root key of a person stays
    expect(await counts()).to.deep.equal([1, 0, 0, 0])
  })
})

describe('a session of a wallet that may change', () => {
  it('is asked about though the wallet kept nothing for that', async () => {
    const seen: unknown[] = []
    const wallet = testWallet({
      verify: () => Promise.resolve({ subject: 'test:c', mayChange: true }),
      isStill: (subject) => Promise.resolve(seen.push(subject) > 0),
    })
    const kit = await authKit({ verifiers: [wallet] })
    await kit.auth.refresh(await kit.wallet('c'), { early: true })
    expect(seen).to.have.length(1)
  })

  it('asks the chain at each refresh, and keeps the token when that cannot be told', async () => {
    const { authError } = await import('../../../src/auth/index.ts')
    let answer: boolean | undefined = true
    const seen: unknown[] = []
    const wallet = testWallet({
      verify: () => Promise.resolve({ subject: 'test:c', mayChange: true, witness: { chain: 1 } }),
      isStill(subject) {
        seen.push(subject)
        if (answer !== undefined) return Promise.resolve(answer)
        return Promise.reject(authError('AUTH_CHAIN_UNAVAILABLE', 'no endpoint answers'))
      },
    })
    const kit = await authKit({ verifiers: [wallet] })
    const root = await kit.wallet('c')
    const client = await kit.auth.clientKey(await kit.caller(root), { permissions: ['blob'] })
    const refresh = (pair: TokenPair) => kit.auth.refresh(pair, { early: true })
    const next = await refresh(client)
    expect(seen).to.deep.equal([{ subject: 'test:c', mayChange: true, witness: { chain: 1 } }])
    answer = undefined
    expect(await rejectionCode(refresh(next))).to.equal('AUTH_CHAIN_UNAVAILABLE')
    answer = false
    expect(await rejectionCode(refresh(next))).to.equal('AUTH_REFUSED')
    answer = true
    await refresh(next)
  })
})

describe('a process that is killed', () => {
  it('has handed out no token that the store does not know, wherever that was', async () => {
    for (let lastBatch = 0; lastBatch < 12; lastBatch++) {
      const inner = memoryStore()
      const store = dyingStore(inner)
      store.lastBatch = lastBatch
      const seen: TokenPair[] = []
      let used: TokenPair | undefined
      let revoked: TokenPair | undefined
      let clock
      try {
        const kit = await authKit({}, { store })
        clock = kit.clock
        const first = await kit.login()
        seen.push(first)
        const client = await kit.auth.clientKey(await kit.caller(first), { permissions: ['blob'] })
        seen.push(client)
        const next = await kit.auth.refresh(client, { early: true })
        used = client
        seen.push(next)
        const other = await kit.auth.clientKey(await kit.caller(first), { permissions: ['blob'] })
        await kit.auth.keys.revokeClient(await kit.caller(first), other.keyId)
        revoked = other
      } catch {
        // the disk is gone
      }
      const again = await authKit({}, { store: inner, seed: 'after', ...(clock && { clock }) })
      for (const { accessToken } of seen) {
        expect(await verdict(again, accessToken), `after ${lastBatch}`).to.equal('none')
      }
      if (used !== undefined) {
        const reuse = again.auth.refresh(used, { early: true })
        expect(await rejectionCode(reuse), `after ${lastBatch}`).to.equal('AUTH_TOKEN_REUSED')
      }
      if (revoked !== undefined) {
        expect(await verdict(again, revoked.accessToken)).to.equal('AUTH_TOKEN_REVOKED')
      }
      await again.auth.close()
    }
  })

  it('wrote nothing of an attempt that was refused', async () => {
    const store = dyingStore(memoryStore())
    const kit = await authKit({}, { store })
    await kit.login()
    const before = store.batches
    expect(await rejectionCode(kit.login({ password: 'wrong' }))).to.equal('AUTH_REFUSED')
    expect(await rejectionCode(kit.wallet('nobody'))).to.equal('AUTH_REFUSED')
    expect(store.batches).to.equal(before)
  })
})
