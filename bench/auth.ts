/**
 * What sign-in costs: verifying an access token that was seen before, and one that was not, beside the bare check of the same token by `jsonwebtoken`; the
 * question of a guard; refreshing; signing in by password, with the cost of scrypt that nodes have, and by wallets that ask no chain, without what signing costs the client. Rows are in LevelDB on disk, as in a node.
 * Then what the guard costs a call over HTTP (`auth/calls.ts`): `npm run bench auth [-- --verifications 20000 --logins 40 --calls 20000]`.
 */
import { createPublicKey } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import jwt from 'jsonwebtoken'
import { openAuth, required, type SignInRequest, type TokenPair } from '../src/auth/index.ts'
import { systemClock, systemRandom } from '../src/node/primitives/clock.ts'
import { openLevelStore } from '../src/node/store/level-store.ts'
import { CLIENT_WALLETS, offlineVerifiers } from '../test/support/client-wallets.ts'
import { compareCalls } from './auth/calls.ts'
import { value } from './support.ts'

const { values } = parseArgs({
  options: {
    verifications: { type: 'string', default: '20000' },
    logins: { type: 'string', default: '40' },
    calls: { type: 'string', default: '20000' },
  },
})
const verifications = Number(values.verifications)
const logins = Number(values.logins)

const folder = await mkdtemp(join(tmpdir(), 'merogate-bench-'))
const store = await openLevelStore(folder, { clock: systemClock })
const auth = await openAuth({
  origin: 'http://localhost:2528',
  verifiers: offlineVerifiers(systemClock),
  password: {},
  bootstrap: { allowLoopback: true },
})({ store, seed: systemRandom.bytes(32), clock: systemClock, random: systemRandom })

/** Runs something some times, one after the other. */
async function measure(name: string, times: number, run: () => unknown): Promise<void> {
  const began = performance.now()
  for (let count = 0; count < times; count++) {
    const result = run()
    if (result instanceof Promise) await result
  }
  const ms = performance.now() - began
  value(`auth/${name}`, (ms * 1000) / times, 'us', { n: times })
}

const signIn = (): Promise<TokenPair> =>
  auth.signIn(
    {
      method: 'user_password',
      publicKey: 'bench',
      clientName: 'bench',
      data: { username: 'bench', password: 'correct horse battery' },
    },
    { address: '127.0.0.1', isLoopback: true },
  )

let pair = await signIn()
const caller = await auth.verify(pair.accessToken)
const needed = required('context:execute', ['context', 'identity', 'set'], 'application')
await measure('verify/remembered', verifications, () => auth.verify(pair.accessToken))
await measure('verify/remembered-and-allowed', verifications, async () =>
  (await auth.verify(pair.accessToken)).permissions.allows(needed),
)
await measure('allows', verifications, () => caller.permissions.allows(needed))

const [jwk] = auth.jwks().keys
const publicKey = createPublicKey({ key: jwk ?? {}, format: 'jwk' })
await measure('verify/bare-jsonwebtoken', verifications / 20, () =>
  jwt.verify(pair.accessToken, publicKey, {
    algorithms: ['ES256'],
    issuer: 'merogate',
    audience: 'merogate',
  }),
)
const fresh: string[] = []
for (let count = 0; count < verifications / 100; count++) {
  fresh.push((await auth.clientKey(caller, { permissions: ['context:execute'] })).accessToken)
}
await measure('verify/new', fresh.length, () => auth.verify(fresh.pop() ?? ''))

await measure('refresh', 200, async () => {
  pair = await auth.refresh(pair, { early: true })
})

// as many at a time as are hashed at a time
const began = performance.now()
let left = logins
await Promise.all(
  [1, 2].map(async () => {
    while (left-- > 0) await signIn()
  }),
)
value('auth/logins/password', (logins * 1000) / (performance.now() - began), 'per s', {
  n: logins,
})

for (const { method, account, subject, answer } of CLIENT_WALLETS) {
  await auth.keys.create(caller, { method, subject, permissions: ['context'] })
  const requests: [SignInRequest, { address: string; isLoopback: boolean }][] = []
  for (let count = 0; count < logins; count++) {
    // an address each: one alone is given few challenges
    const from = { address: `192.0.2.${count}`, isLoopback: false }
    const challenge = await auth.challenge({ method, subject: account }, from)
    requests.push([{ method, clientName: 'bench', ...(await answer(challenge)) }, from])
  }
  const start = performance.now()
  for (const [request, from] of requests) await auth.signIn(request, from)
  value(`auth/logins/${method}`, (logins * 1000) / (performance.now() - start), 'per s', {
    n: logins,
  })
}

await auth.close()
await store.close()
await rm(folder, { recursive: true, force: true })

await compareCalls(Number(values.calls))
