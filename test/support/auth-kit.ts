/** An auth room to test: in memory, on a clock that moves when told, with a wallet that signs by saying so. */
import { openAuth } from '../../src/auth/index.ts'
import type {
  Auth,
  AuthInit,
  Caller,
  Origin,
  TokenPair,
  WalletVerifier,
} from '../../src/auth/index.ts'
import { refused } from '../../src/auth/errors.ts'
import type { Store } from '../../src/node/store/store.ts'
import { type HandClock, handClock, seededRandom } from './hand-clock.ts'
import { memoryStore } from './memory-store.ts'
import { type RecordLogger, recordLogger } from './record-logger.ts'

/** scrypt as cheap as it can be. */
export const CHEAP = { n: 2, r: 1, p: 1 }

export const LOOPBACK: Origin = { address: '127.0.0.1', isLoopback: true }
export const STRANGER: Origin = { address: '203.0.113.7', isLoopback: false }

export interface AuthKit {
  readonly auth: Auth
  readonly clock: HandClock
  readonly store: Store
  readonly logger: RecordLogger
  /** Signs in by password, by default as the administrator from this machine. */
  login(who?: { username?: string; password?: string }, from?: Origin): Promise<TokenPair>
  /** Signs in with the wallet `test_wallet`, whose signature is the name of the account. */
  wallet(account: string, from?: Origin): Promise<TokenPair>
  caller(pair: TokenPair): Promise<Caller>
  /** The same rows, after the process was started again. */
  restart(init?: Partial<AuthInit>): Promise<AuthKit>
}

/** A wallet: `data` is `{ message, account }`, and what it says is true. */
export function testWallet(over: Partial<WalletVerifier> = {}): WalletVerifier {
  return {
    method: 'test_wallet',
    description: 'Believes what it is told',
    config: { network: 'test' },
    challenge: ({ nonce }) => Promise.resolve({ message: `sign in ${nonce}`, parameters: {} }),
    verify({ data }) {
      const { account } = data as { account?: string } // made by the kit
      if (account === undefined || account === 'mallory') {
        return Promise.reject(refused('the signature is not one'))
      }
      return Promise.resolve({ subject: `test:${account}` })
    },
    ...over,
  }
}

export async function authKit(
  over: Partial<AuthInit> = {},
  parts: { store?: Store; clock?: HandClock; seed?: string; logger?: RecordLogger } = {},
): Promise<AuthKit> {
  const { store = memoryStore(), clock = handClock(), logger = recordLogger() } = parts
  const init: AuthInit = {
    origin: 'https://node.example',
    verifiers: [testWallet()],
    password: { minLength: 3, cost: CHEAP },
    bootstrap: { allowLoopback: true },
    ...over,
  }
  const random = seededRandom(parts.seed ?? 'auth')
  const auth = await openAuth(init)({ store, seed: new Uint8Array(32), clock, random, logger })
  return {
    auth,
    clock,
    store,
    logger,
    login: ({ username = 'alice', password = 'secret' } = {}, from = LOOPBACK) =>
      auth.signIn(
        {
          method: 'user_password',
          publicKey: username,
          clientName: 'test',
          data: { username, password },
        },
        from,
      ),
    async wallet(account, from = LOOPBACK) {
      const { message } = await auth.challenge({ method: 'test_wallet' }, from)
      const data = { message, account }
      return auth.signIn(
        { method: 'test_wallet', publicKey: account, clientName: 'test', data },
        from,
      )
    },
    caller: async (pair) => auth.verify(pair.accessToken),
    async restart(next = {}) {
      await auth.close()
      return authKit(
        { ...over, ...next },
        { store, clock, logger, seed: `${random.below(1 << 30)}` },
      )
    },
  }
}
