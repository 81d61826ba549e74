/** Puts the parts of the auth room together. */
import type { Signalled } from '../node/interface.ts'
import { isMerogateError } from '../node/errors.ts'
import { noMetrics } from '../node/metrics.ts'
import { Background } from '../node/primitives/background.ts'
import { Emitter } from '../node/primitives/emitter.ts'
import { silentLogger } from '../node/primitives/logger.ts'
import { authError } from './errors.ts'
import type { Auth, AuthComponents, AuthInit, ProviderInfo, TokenPair } from './interface.ts'
import { KeyAdmin, OPERATOR_METHOD } from './keys/key-admin.ts'
import type { KeyChange, KeyRecord, KeyStore } from './keys/key-store.ts'
import { levelKeyStore } from './keys/level-key-store.ts'
import { SWEEP_MS } from './limits.ts'
import { authMetrics } from './metrics.ts'
import { Origins } from './origins.ts'
import { type Serial, serial } from './serial.ts'
import { Challenges } from './sign-in/challenges.ts'
import { Lockout } from './sign-in/lockout.ts'
import { accountOf, PASSWORD_METHOD, Passwords } from './sign-in/passwords.ts'
import { SignIn } from './sign-in/sign-in.ts'
import { Sessions } from './tokens/sessions.ts'
import { SigningKeys } from './tokens/signing-keys.ts'
import { Tokens } from './tokens/tokens.ts'

/** One hour. */
const ACCESS_MS = 3_600_000
/** 30 days. */
const REFRESH_MS = 2_592_000_000
/** How far the clocks of who signed a token and of who looks at it may lie apart. */
const LEEWAY_MS = 60_000
/** A week: with refresh tokens of 30 days some six keys are published at a time. */
const ROTATION_MS = 604_800_000
const ISSUER = 'merogate'

/** Opens what was stored, or begins it. @throws AUTH_BAD_REQUEST (input) settings that cannot be, AUTH_STORE_CORRUPT (corrupt), KEY_AT_REST (corrupt) another node's key */
export function openAuth(init: AuthInit): (components: AuthComponents) => Promise<Auth> {
  return async (components) => {
    assertInit(init)
    const origins = new Origins([init.origin, ...(init.extraOrigins ?? [])])
    const { store, seed, clock, random, logger = silentLogger, metrics = noMetrics } = components
    const log = logger.child({ component: 'auth' })
    const keyStore = await levelKeyStore(store, seed, random)
    const { accessMs = ACCESS_MS, refreshMs = REFRESH_MS, leewayMs = LEEWAY_MS } = init
    const { rotationMs = ROTATION_MS, issuer = ISSUER, audience = issuer } = init
    const keepMs = Math.max(accessMs, refreshMs) + 2 * leewayMs
    const signingKeys = await SigningKeys.open({ store: keyStore, clock, rotationMs, keepMs })
    const tokens = new Tokens({ keys: signingKeys, clock, issuer, audience, origins, leewayMs })
    const emitter = new Emitter<{ revoked: [keyId: string, familyId: string | undefined] }>(log)
    const challenges = new Challenges(clock, random)
    const counts = authMetrics(metrics, () => challenges.size)
    const inTurn = serial()
    const sessions = new Sessions(
      { accessMs, refreshMs, leewayMs },
      {
        store: keyStore,
        tokens,
        clock,
        random,
        serial: inTurn,
        metrics: counts,
        revoked: (keyId, familyId) => emitter.emit('revoked', [keyId, familyId]),
      },
    )
    const passwords =
      init.password === undefined ? undefined : new Passwords(init.password, keyStore, random)
    const shared = { store: keyStore, sessions, passwords, serial: inTurn, clock, random }
    const signIn = new SignIn(init, {
      ...shared,
      origins,
      challenges,
      lockout: new Lockout(clock),
      logger: log,
      metrics: counts,
    })
    const keys = new KeyAdmin({ ...shared, methods: init.verifiers.map(({ method }) => method) })
    await ensureAdmin(init, keyStore, passwords, clock.nowMs())

    const background = new Background(log)
    const tidy = (): Promise<void> =>
      inTurn(() => signingKeys.rotate()).then(() => sweep(keyStore, sessions, inTurn))
    background.run('tidy', tidy)
    const timer = clock.every(Math.min(SWEEP_MS, rotationMs / 4), () => {
      background.run('tidy', tidy)
    })

    return {
      providers: () => providersOf(init),
      challenge: (request, from) => signIn.challenge(request, from),
      signIn: (request, from, options) => signIn.signIn(request, from, options),
      async refresh({ accessToken, refreshToken }, options = {}) {
        try {
          const pair = await sessions.next(
            refreshToken,
            accessToken,
            options.early === true,
            (found) => signIn.assertStill(found, signalOf(options)),
          )
          counts.refreshes.inc({ outcome: 'done' })
          return pair
        } catch (error) {
          const isReused = isMerogateError(error, 'AUTH_TOKEN_REUSED')
          counts.refreshes.inc({ outcome: isReused ? 'reused' : 'refused' })
          throw error
        }
      },
      verify: (token) => sessions.verify(token),
      clientKey: (caller, request): Promise<TokenPair> => keys.clientKey(caller, request),
      changePassword: (caller, change, from) => signIn.changePassword(caller, change, from),
      signOut: ({ keyId, familyId }) => sessions.end(keyId, familyId),
      mint: (request) => keys.mint(request),
      keys,
      reachedAt: (all) => origins.replace(all),
      jwks: () => ({ keys: signingKeys.jwks() }),
      onRevoked: (listener) =>
        emitter.on('revoked', ([keyId, familyId]) => listener(keyId, familyId)),
      isHealthy: () =>
        keyStore.isBootstrapped().then(
          () => true,
          () => false,
        ),
      async close() {
        timer.cancel()
        await background.settled()
        // whoever is under way is waited for
        await inTurn(() => Promise.resolve())
      },
    }
  }
}

function signalOf({ signal }: Signalled): Signalled {
  return signal === undefined ? {} : { signal }
}

/** @throws AUTH_BAD_REQUEST (input) */
function assertInit(init: AuthInit): void {
  if (init.bootstrap.admin !== undefined && init.password === undefined) {
    throw authError(
      'AUTH_BAD_REQUEST',
      'an administrator with a password needs sign-in by password',
    )
  }
}

function providersOf({ verifiers, password }: AuthInit): readonly ProviderInfo[] {
  const wallets = verifiers.map(({ method: name, description, config }) => {
    return { name, type: 'wallet' as const, description, config }
  })
  if (password === undefined) return wallets
  const description = 'Signs in with a user name and a password'
  return [...wallets, { name: PASSWORD_METHOD, type: 'credentials', description, config: {} }]
}

/** The account of the configuration: made, or given the password that stands there. */
async function ensureAdmin(
  { bootstrap: { admin } }: AuthInit,
  store: KeyStore,
  passwords: Passwords | undefined,
  createdAtMs: number,
): Promise<void> {
  if (admin === undefined || passwords === undefined) return
  const account = accountOf(admin)
  if (account === undefined) {
    throw authError('AUTH_BAD_REQUEST', 'expected a user name and a password of the administrator')
  }
  if (await passwords.isRight(account)) return
  const credential = await passwords.record(account)
  const id = credential.keyId
  const changes: KeyChange[] = [{ put: 'credential', record: credential }, { put: 'bootstrapped' }]
  if ((await store.key(id)) === undefined) {
    changes.push({
      put: 'key',
      record: {
        id,
        rootKeyId: id,
        method: PASSWORD_METHOD,
        subject: account.username,
        publicKey: '',
        name: account.username,
        permissions: ['admin'],
        createdAtMs,
      },
    })
  }
  await store.write(changes)
}

/** Removes sessions that are over, and keys that only ever had those; others get their turn in between. */
async function sweep(store: KeyStore, sessions: Sessions, inTurn: Serial): Promise<void> {
  const sweepKey = ({ id, rootKeyId }: KeyRecord, isLasting: boolean): Promise<void> =>
    inTurn(async () => {
      const left = await sessions.sweep(id)
      if (isLasting || left.length > 0) return
      const clients = id === rootKeyId ? await store.clientKeys(id) : []
      if (clients.length === 0) await store.write([{ del: 'key', id, rootKeyId }])
    })
  for (const root of await store.rootKeys()) {
    for (const client of await store.clientKeys(root.id)) await sweepKey(client, false)
    await sweepKey(root, root.method !== OPERATOR_METHOD)
  }
}
