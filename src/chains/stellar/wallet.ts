/**
 * Sign-in with a Stellar wallet: by the transaction of SEP-10, or by a signed message (SEP-53). A challenge has both, and is used up by either.
 * @see https://github.com/stellar/stellar-protocol/blob/master/ecosystem/sep-0010.md
 * @see https://github.com/stellar/stellar-protocol/blob/master/ecosystem/sep-0053.md
 */
import { z } from 'zod'
import { authError, refused } from '../../auth/errors.ts'
import type {
  ChallengeTerms,
  SignInAttempt,
  WalletChallenge,
  WalletSubject,
  WalletVerifier,
} from '../../auth/wallet-verifier.ts'
import { generateSigningKey } from '../../node/crypto/sign.ts'
import type { Signalled } from '../../node/interface.ts'
import type { Clock } from '../../node/primitives/clock.ts'
import { type ChainEndpoint, LookUp } from '../shared/look-up.ts'
import { checkTimes, placeOf } from '../shared/sign-in-checks.ts'
import { signInText } from '../shared/sign-in-text.ts'
import { type AccountSigners, isEnough, masterOnly, readAddress, viewSigners } from './account.ts'
import {
  addressOf,
  challengeTransaction,
  type ChallengeSetting,
  claimedAccount,
  claimedNonce,
  signChallenge,
} from './challenge-transaction.ts'
import {
  MAX_HOME_DOMAIN_CHARS,
  MAX_MESSAGE_CHARS,
  MAX_SIGNERS,
  MAX_TRANSACTION_CHARS,
  MAX_WEB_AUTH_DOMAIN_CHARS,
} from './limits.ts'
import { readTransaction, signersOf } from './signed-transaction.ts'
import { checkSignedMessage } from './signed-message.ts'

/** `auth_method` of requests. */
export const STELLAR_METHOD = 'stellar_wallet'

export interface StellarWalletInit {
  /** As CAIP-2 names it: `pubnet`, `testnet`. */
  readonly network: string
  /** What signatures are bound to, as in `Test SDF Network ; September 2015`. */
  readonly passphrase: string
  /**
   * Horizons of that network, in the order of preference. `'none'` asks nobody: every account is its master key then, also one whose owner has
   * disowned that key, so it is for networks where no account has been changed.
   */
  readonly endpoints: readonly ChainEndpoint[] | 'none'
  /** Seed of the key that signs challenges, 32 bytes: for this alone, and of no account. */
  readonly signingSeed: Uint8Array
  /** Where `stellar.toml` names the signing key, as in `node.example`: the host of the node's origin. */
  readonly homeDomain: string
}

/** What the standard routes of SEP-10 need, `GET` and `POST /auth/stellar`: as a server takes them, and by themselves. */
export interface Sep10 {
  readonly name: 'stellar'
  readonly method: string
  readonly clientName: 'SEP-10'
  /** {@link accountOf}. */
  subjectOf(query: Readonly<Record<string, unknown>>): string
  answerOf(challenge: {
    readonly transaction?: string | undefined
  }): Readonly<Record<string, unknown>>
  /** Who signed, and what the verifier takes. @throws AUTH_BAD_REQUEST (input) */
  proofOf(body: unknown): {
    readonly publicKey: string
    readonly data: { readonly transaction: unknown }
  }
  /** `SIGNING_KEY` of `stellar.toml`, `G...`. */
  readonly signingKey: string
  /** `network_passphrase` of the answer. */
  readonly networkPassphrase: string
  /** The account that a query asks for. @throws AUTH_BAD_REQUEST (input) when it asks for what is not to be had: a memo, another home domain */
  accountOf(query: Readonly<Record<string, unknown>>): string
  /** The account that a transaction was made for, as it says; undefined when it says nothing. Never throws. */
  claimedAccount(transaction: unknown): string | undefined
}

export interface StellarWallet extends WalletVerifier {
  readonly sep10: Sep10
}

/** `provider_data` of a request, in its two forms. */
const TRANSACTION = z.object({ transaction: z.string().max(MAX_TRANSACTION_CHARS) })
const MESSAGE = z.object({
  address: z.string().max(80),
  message: z.string().max(MAX_MESSAGE_CHARS),
  signature: z.string().max(88),
})

/** What {@link WalletVerifier.isStill} asks about: who signed. */
const WITNESS = z.object({ signers: z.array(z.string()).max(MAX_SIGNERS + 1) })

const SUBJECT_PREFIX = 'stellar:'

/** A verifier for one network. @throws TypeError for an endpoint that is no address, or a home domain that is too long or not ASCII */
export function stellarWallet(
  init: StellarWalletInit,
): (components: { readonly clock: Clock }) => StellarWallet {
  return ({ clock }) => new SepWallet(init, clock)
}

function sep10(
  signingKey: string,
  { homeDomain, passphrase }: Pick<ChallengeSetting, 'homeDomain' | 'passphrase'>,
): Sep10 {
  const accountOf: Sep10['accountOf'] = (query) => accountOfQuery(query, homeDomain)
  const claimed: Sep10['claimedAccount'] = (transaction) => claimedAccount(transaction, homeDomain)
  return {
    ...{ name: 'stellar', method: STELLAR_METHOD, clientName: 'SEP-10', signingKey },
    networkPassphrase: passphrase,
    accountOf,
    subjectOf: accountOf,
    claimedAccount: claimed,
    answerOf: ({ transaction }) => ({ transaction, network_passphrase: passphrase }),
    proofOf(body) {
      const isObject = typeof body === 'object' && body !== null
      const transaction = isObject && 'transaction' in body ? body.transaction : undefined
      const publicKey = claimed(transaction)
      if (publicKey !== undefined) return { publicKey, data: { transaction } }
      throw authError('AUTH_BAD_REQUEST', 'expected a transaction that was signed, in base64')
    },
  }
}

class SepWallet implements StellarWallet {
  readonly method = STELLAR_METHOD
  readonly description = 'Stellar wallet (SEP-10, SEP-53)'
  readonly config: Readonly<Record<string, unknown>>
  readonly sep10: Sep10
  readonly #network: string
  readonly #setting: ChallengeSetting
  readonly #clock: Clock
  readonly #accounts: LookUp<AccountSigners> | undefined

  constructor(init: StellarWalletInit, clock: Clock) {
    const { network, passphrase, endpoints, homeDomain } = init
    if (!/^[!-~]+$/.test(homeDomain) || homeDomain.length > MAX_HOME_DOMAIN_CHARS) {
      throw new TypeError(`expected a home domain of at most ${MAX_HOME_DOMAIN_CHARS} characters`)
    }
    const signingKey = generateSigningKey(init.signingSeed)
    this.#network = network
    this.#setting = { signingKey, homeDomain, passphrase }
    this.#clock = clock
    this.#accounts =
      endpoints === 'none'
        ? undefined
        : new LookUp({ endpoints, ask: viewSigners, isKept: ({ exists }) => exists }, clock)
    this.config = { network, network_passphrase: passphrase, signing_key: addressOf(signingKey) }
    this.sep10 = sep10(addressOf(signingKey), { homeDomain, passphrase })
  }

  nonceOf(data: unknown): string | undefined {
    const isObject = typeof data === 'object' && data !== null
    if (!isObject || !('transaction' in data)) return undefined
    return claimedNonce(data.transaction, this.#setting.homeDomain)
  }

  async challenge(terms: ChallengeTerms): Promise<WalletChallenge> {
    const { account, problem } = readAddress(terms.subject ?? '')
    if (account === undefined) throw authError('AUTH_BAD_REQUEST', problem)
    if (!this.#isNetwork(terms.network)) {
      throw authError('AUTH_BAD_REQUEST', `expected the network ${this.#network}`)
    }
    const { signingKey, passphrase, homeDomain } = this.#setting
    return {
      message: this.#messageOf(terms, account),
      ...(hasTransaction(terms)
        ? {
            transaction: signChallenge(
              challengeTransaction(terms, account, this.#setting),
              signingKey,
            ),
          }
        : {}),
      parameters: {
        ...{ network: this.#network, network_passphrase: passphrase, account },
        home_domain: homeDomain,
      },
    }
  }

  async verify(attempt: SignInAttempt, { signal }: Signalled = {}): Promise<WalletSubject> {
    const { terms, publicKey, data } = attempt
    checkTimes(terms, this.#clock.nowMs())
    if (!this.#isNetwork(terms.network)) {
      throw refused('the challenge was made for another network')
    }
    const { account, problem } = readAddress(publicKey)
    if (account === undefined) throw refused(problem)
    if (readAddress(terms.subject ?? '').account !== account) {
      throw refused('the challenge was made for another account')
    }
    const signers = await this.#signersOf(terms, account, data, signal)
    const subject = `${SUBJECT_PREFIX}${account}`
    return this.#accounts === undefined
      ? { subject }
      : { subject, mayChange: true, witness: { signers } }
  }

  async isStill({ subject, witness }: WalletSubject, { signal }: Signalled = {}): Promise<boolean> {
    const parsed = WITNESS.safeParse(witness)
    const { account } = readAddress(subject.slice(SUBJECT_PREFIX.length))
    if (!parsed.success || account === undefined) return false
    const state = await this.#accounts?.ask(account, { signal, isFresh: true })
    return isEnough(state ?? masterOnly(account), parsed.data.signers)
  }

  /** Keys that signed, whose weight is enough. @throws AUTH_REFUSED, AUTH_CHAIN_UNAVAILABLE */
  async #signersOf(
    terms: ChallengeTerms,
    account: string,
    data: unknown,
    signal: AbortSignal | undefined,
  ): Promise<readonly string[]> {
    const state = async (): Promise<AccountSigners> =>
      (await this.#accounts?.ask(account, { signal })) ?? masterOnly(account)
    if (typeof data === 'object' && data !== null && 'transaction' in data) {
      const parsed = TRANSACTION.safeParse(data)
      if (!parsed.success) throw refused(placeOf(parsed.error))
      if (!hasTransaction(terms)) throw refused('the challenge has no transaction')
      const issued = challengeTransaction(terms, account, this.#setting)
      const signed = readTransaction(parsed.data.transaction, issued)
      return signersOf(signed, await state(), { ...this.#setting, webAuthDomain: terms.domain })
    }
    const parsed = MESSAGE.safeParse(data)
    if (!parsed.success) throw refused(placeOf(parsed.error))
    const { address, message, signature } = parsed.data
    if (readAddress(address).account !== account) throw refused('the address is another')
    // made anew from the terms, so that nothing else can stand in what is verified
    if (message !== this.#messageOf(terms, account)) {
      throw refused('the message is not that of the challenge')
    }
    checkSignedMessage(account, message, signature)
    if (!isEnough(await state(), [account])) throw refused('the key does not weigh enough')
    return [account]
  }

  #isNetwork(network: string | undefined): boolean {
    return [undefined, this.#network, this.#setting.passphrase].includes(network)
  }

  #messageOf(terms: ChallengeTerms, account: string): string {
    return signInText(terms, {
      chainName: 'Stellar',
      chainId: `stellar:${this.#network}`,
      account,
    })
  }
}

/** Whether the node's domain has room in a SEP-10 challenge; if not, there is the message. */
function hasTransaction({ domain }: ChallengeTerms): boolean {
  return domain.length <= MAX_WEB_AUTH_DOMAIN_CHARS
}

function accountOfQuery(query: Readonly<Record<string, unknown>>, homeDomain: string): string {
  const { account, memo, home_domain } = query
  if (typeof account !== 'string' || account.length > 80) {
    throw authError('AUTH_BAD_REQUEST', 'expected an account')
  }
  const read = readAddress(account)
  if (read.account === undefined) throw authError('AUTH_BAD_REQUEST', read.problem)
  // a memo tells users of one account apart; here an account is one user
  if (memo !== undefined) throw authError('AUTH_BAD_REQUEST', 'a memo cannot sign in')
  if (home_domain !== undefined && home_domain !== homeDomain) {
    throw authError('AUTH_BAD_REQUEST', `expected the home domain ${homeDomain}`)
  }
  return read.account
}
