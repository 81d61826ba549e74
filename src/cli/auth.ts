/** Sign-in of a node, from its configuration: its database, its wallets, and the token that this machine's own commands use. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Auth, type AuthInit, openAuth, type WalletVerifier } from '../auth/index.ts'
import type { SecretPlace } from './config/options/auth.ts'
import type { Config } from './config/schema.ts'
import { readSecret } from '../node/secret.ts'
import type { Metrics } from '../node/metrics.ts'
import { loadNodeKey } from '../node/node-key.ts'
import { systemClock, systemRandom } from '../node/primitives/clock.ts'
import type { Logger } from '../node/primitives/logger.ts'
import { openLevelStore } from '../node/store/level-store.ts'
import type { ChallengeRoutes, TlsFiles } from '../server/index.ts'
import { cliError } from './errors.ts'
import { secretReference } from './arguments.ts'
import { WALLETS } from './chains/chains.ts'
import type { OpenWallet } from './chains/wallet.ts'
import { operatorToken } from './operator-token.ts'

/** Folder of the database, in the node's. */
const AUTH_FOLDER = 'auth'

/** Characters of a password or key in a file. */
const MAX_SECRET_CHARS = 4_096

export interface SignIn {
  readonly auth: Auth
  /** Routes that wallets expect. */
  readonly wallets: readonly ChallengeRoutes[]
  /** Writes the token for commands of this machine, and keeps it fresh. */
  start(): Promise<void>
  /** Takes the token back and closes the database. */
  stop(): Promise<void>
}

interface Components {
  readonly logger: Logger
  readonly metrics: Metrics
}

/** Undefined when sign-in is off. @throws AUTH_BAD_REQUEST, CLI_AUTH (input), STORE_LOCKED (conflict), AUTH_STORE_CORRUPT (corrupt) */
export async function openSignIn(
  config: Config,
  { logger, metrics }: Components,
): Promise<SignIn | undefined> {
  if (!config.auth.enabled) return undefined
  const clock = systemClock
  const wallets = await walletsOf(config, logger)
  const init = await authInit(
    config,
    wallets.map(({ verifier }) => verifier),
  )
  const seed = await loadNodeKey(config.home, systemRandom)
  const store = await openLevelStore(join(config.home, AUTH_FOLDER), { clock, logger })
  try {
    const auth = await openAuth(init)({
      ...{ store, seed, clock, random: systemRandom },
      ...{ logger, metrics },
    })
    const operator = operatorToken(auth, { home: config.home, clock, logger })
    return {
      auth,
      wallets: wallets.flatMap(({ routes }) => routes ?? []),
      start: () => operator.start(),
      async stop() {
        try {
          await operator.stop()
          await auth.close()
        } finally {
          await store.close()
        }
      },
    }
  } catch (error) {
    await store.close()
    throw error
  }
}

/** Origins under which clients reach the node: the public one, or those of this machine. @param bound the ports that it got, once it listens */
export function originsOf(
  { server }: Config,
  bound?: readonly number[],
): readonly [string, ...string[]] {
  const { publicOrigin, listen, tls } = server
  const scheme = tls === undefined ? 'http' : 'https'
  const ports = [...new Set(bound ?? listen.map(({ port }) => port))]
  const here = ports.flatMap((port) =>
    ['localhost', '127.0.0.1', '[::1]'].map(
      (host) =>
        // a port that the system chooses is not known yet
        new URL(`${scheme}://${host}${port === 0 ? '' : `:${port}`}`).origin,
    ),
  )
  const [first = `${scheme}://localhost`, ...others] =
    publicOrigin === undefined ? here : [publicOrigin, ...here]
  return [first, ...others.filter((each) => each !== first)]
}

/** Certificate and key of the server. @throws CLI_FILE (input) */
export async function tlsOf({ server: { tls } }: Config): Promise<TlsFiles | undefined> {
  if (tls === undefined) return undefined
  const read = async (file: string): Promise<string> => {
    try {
      return await readFile(file, 'utf8')
    } catch (cause) {
      throw cliError(
        'CLI_FILE',
        `cannot read ${file}, which the configuration names`,
        {},
        { cause },
      )
    }
  }
  return { cert: await read(tls.cert), key: await read(tls.key) }
}

async function authInit(config: Config, verifiers: readonly WalletVerifier[]): Promise<AuthInit> {
  const { accessSeconds, refreshSeconds, leewaySeconds, password, bootstrap } = config.auth
  const [origin, ...extraOrigins] = originsOf(config)
  const { secretHash, allowLoopback, anybody, admin } = bootstrap
  const [first] = verifiers
  return {
    ...{ origin, extraOrigins, verifiers },
    accessMs: accessSeconds * 1000,
    refreshMs: refreshSeconds * 1000,
    leewayMs: leewaySeconds * 1000,
    // a client that names no method means the first that there is
    ...(first === undefined ? {} : { defaultMethod: first.method }),
    password,
    bootstrap: {
      secretHash,
      // behind a proxy everybody seems to be on this machine
      allowLoopback: allowLoopback ?? config.server.publicOrigin === undefined,
      anybody,
      admin: admin && {
        username: admin.user,
        password: await secretIn(admin.password, 'a password of the administrator'),
      },
    },
  }
}

/** Those of each chain that is configured; chains that are not are not loaded. */
function walletsOf(config: Config, logger: Logger): Promise<readonly OpenWallet[]> {
  const { host } = new URL(originsOf(config)[0])
  const opening = WALLETS.flatMap((wallet) => {
    const entry = config.auth[wallet.chain] as object | undefined // the wallet's own settings made it
    return entry === undefined ? [] : [wallet.open(entry, { logger, host })]
  })
  return Promise.all(opening)
}

/** @throws CLI_AUTH (input) */
async function secretIn({ file, env }: SecretPlace, what: string): Promise<string> {
  const reference = secretReference(file, env)
  if (reference === undefined) throw cliError('CLI_AUTH', `expected ${what}, got none`)
  return readSecret(reference, MAX_SECRET_CHARS, (where, got, cause) =>
    cliError('CLI_AUTH', `expected ${what} in ${where}, got ${got}`, { where }, { cause }),
  )
}
