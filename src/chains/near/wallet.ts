/**
 * Sign-in with a NEAR wallet: a message by NEP-413, whose nonce, text and recipient are the node's own, by a key with full access to the account.
 * @see https://github.com/near/NEPs/blob/master/neps/nep-0413.md
 */
import { PublicKey } from 'near-api-js'
import { verifyMessage, type VerifyMessageArgs } from 'near-api-js/nep413'
import { z } from 'zod'
import { authError, refused } from '../../auth/errors.ts'
import type {
  ChallengeTerms,
  SignInAttempt,
  WalletChallenge,
  WalletSubject,
  WalletVerifier,
} from '../../auth/wallet-verifier.ts'
import type { Signalled } from '../../node/interface.ts'
import { fromHex, toHex } from '../../node/primitives/bytes.ts'
import type { Clock } from '../../node/primitives/clock.ts'
import { type ChainEndpoint, LookUp } from '../shared/look-up.ts'
import { checkKey, checkTimes, orRefused, placeOf, signatureOf } from '../shared/sign-in-checks.ts'
import { signInText } from '../shared/sign-in-text.ts'
import { type KeyAccess, viewAccessKey } from './access-keys.ts'
import { ACCOUNT_ID } from './constants.ts'
import { MAX_CALLBACK_CHARS, MAX_MESSAGE_CHARS } from './limits.ts'

/** `auth_method` of requests. */
export const NEAR_METHOD = 'near_wallet'

/** Whom wallets say that the message is for: what pages and wallets of Calimero have always signed. */
export const DEFAULT_RECIPIENT = 'calimero'

export interface NearWalletInit {
  /** As wallets name it: `mainnet`, `testnet`. */
  readonly network: string
  /**
   * JSON-RPC endpoints of that network, in the order of preference. With none, only implicit accounts can sign in.
   * @default none
   */
  readonly endpoints?: readonly ChainEndpoint[]
  /** @default {@link DEFAULT_RECIPIENT} */
  readonly recipient?: string
  /**
   * Pages that a wallet may carry its answer to, besides the node's own. Origin and path must be equal; query and fragment are free.
   * @default none
   */
  readonly callbackUrls?: readonly string[]
}

/** `provider_data` of a request. */
const DATA = z.object({
  wallet_address: z.string().max(64),
  message: z.string().max(MAX_MESSAGE_CHARS),
  signature: z.string().max(88),
  recipient: z.string().max(256).nullish(),
  callback_url: z.string().max(MAX_CALLBACK_CHARS).nullish(),
})

/** What {@link WalletVerifier.isStill} asks about. */
const WITNESS = z.object({ publicKey: z.string() })

/** A verifier for one network. @throws TypeError for an endpoint or callback that is no address */
export function nearWallet(
  init: NearWalletInit,
): (components: { readonly clock: Clock }) => WalletVerifier {
  return ({ clock }) => new NearWallet(init, clock)
}

class NearWallet implements WalletVerifier {
  readonly method = NEAR_METHOD
  readonly description = 'NEAR wallet (NEP-413)'
  readonly config: Readonly<Record<string, unknown>>
  readonly #network: string
  readonly #recipient: string
  readonly #callbacks: readonly string[]
  readonly #clock: Clock
  readonly #keys: LookUp<KeyAccess>

  constructor(init: NearWalletInit, clock: Clock) {
    const { network, endpoints = [], recipient = DEFAULT_RECIPIENT, callbackUrls = [] } = init
    this.config = { network, recipient }
    this.#network = network
    this.#recipient = recipient
    this.#callbacks = callbackUrls.map((url) => pageOf(new URL(url)))
    this.#clock = clock
    this.#keys = new LookUp<KeyAccess>(
      {
        endpoints,
        ask: (endpoint, question, signal) => viewAccessKey(endpoint, partsOf(question), signal),
        isKept: (access) => access === 'full',
      },
      clock,
    )
  }

  async challenge(terms: ChallengeTerms): Promise<WalletChallenge> {
    const { subject, network, nonce } = terms
    if (subject !== undefined && problemOfAccount(subject) !== undefined) {
      throw authError('AUTH_BAD_REQUEST', 'expected the id of a NEAR account')
    }
    if (network !== undefined && network !== this.#network) {
      throw authError('AUTH_BAD_REQUEST', `expected the network ${this.#network}`)
    }
    return {
      message: this.#messageOf(terms),
      parameters: {
        recipient: this.#recipient,
        network: this.#network,
        nonce: Buffer.from(nonce, 'hex').toString('base64'),
      },
    }
  }

  async verify(
    { terms, publicKey, data }: SignInAttempt,
    { signal }: Signalled = {},
  ): Promise<WalletSubject> {
    checkTimes(terms, this.#clock.nowMs())
    const parsed = DATA.safeParse(data)
    if (!parsed.success) throw refused(placeOf(parsed.error))
    const accountId = parsed.data.wallet_address
    const problem = problemOfAccount(accountId)
    if (problem !== undefined) throw refused(problem)
    if (terms.subject !== undefined && terms.subject !== accountId) {
      throw refused('the challenge was made for another account')
    }
    if ((terms.network ?? this.#network) !== this.#network) {
      throw refused('the challenge was made for another network')
    }
    if ((parsed.data.recipient ?? this.#recipient) !== this.#recipient) {
      throw refused('the recipient is another')
    }
    // made anew from the terms, so that nothing else can stand in what is verified
    const message = this.#messageOf(terms)
    if (parsed.data.message !== message) throw refused('the message is not that of the challenge')
    const key = keyOf(publicKey)
    const signature = signatureOf(parsed.data.signature)
    const payload = { message, nonce: fromHex(terms.nonce), recipient: this.#recipient }
    const callbackUrl = parsed.data.callback_url ?? undefined
    if (!(await isSigned(key, payload, signature))) {
      if (callbackUrl === undefined) throw refused('the signature does not fit')
      if (!this.#mayCallBack(callbackUrl, terms.origin)) {
        throw refused('the signature does not fit, and the callback is not allowed')
      }
      if (!(await isSigned(key, { ...payload, callbackUrl }, signature))) {
        throw refused('the signature fits neither with the callback nor without')
      }
    }
    return await this.#subjectOf(accountId, key, signal)
  }

  async isStill({ subject, witness }: WalletSubject, { signal }: Signalled = {}): Promise<boolean> {
    const parsed = WITNESS.safeParse(witness)
    if (!parsed.success || !subject.startsWith(SUBJECT_PREFIX)) return false
    const accountId = subject.slice(SUBJECT_PREFIX.length)
    const question = questionOf(accountId, parsed.data.publicKey)
    return (await this.#keys.ask(question, { signal, isFresh: true })) === 'full'
  }

  /** Whose the key is. An implicit account is its key; what another account lets a key do, only the chain knows. */
  async #subjectOf(
    accountId: string,
    key: PublicKey,
    signal: AbortSignal | undefined,
  ): Promise<WalletSubject> {
    const subject = `${SUBJECT_PREFIX}${accountId}`
    if (accountId === toHex(key.data)) return { subject }
    const publicKey = key.toString()
    const access = await this.#keys.ask(questionOf(accountId, publicKey), { signal })
    if (access === 'none') throw refused('the account has no such key')
    if (access === 'limited') throw refused('the key has no full access to the account')
    return { subject, mayChange: true, witness: { publicKey } }
  }

  #messageOf(terms: ChallengeTerms): string {
    return signInText(terms, {
      chainName: 'NEAR',
      chainId: `near:${this.#network}`,
      account: terms.subject,
    })
  }

  #mayCallBack(callbackUrl: string, ownOrigin: string): boolean {
    const url = URL.parse(callbackUrl)
    if (url === null) return false
    return url.origin === ownOrigin || this.#callbacks.includes(pageOf(url))
  }
}

const SUBJECT_PREFIX = 'near:'

function questionOf(accountId: string, publicKey: string): string {
  return `${accountId} ${publicKey}` // neither holds a space
}

function partsOf(question: string): { accountId: string; publicKey: string } {
  const [accountId = '', publicKey = ''] = question.split(' ')
  return { accountId, publicKey }
}

/** Origin and path, by which pages are compared. */
function pageOf({ origin, pathname }: URL): string {
  return origin + pathname
}

/** Accounts that are an Ethereum address or a hash of code: no ed25519 key opens them by itself. */
const OTHER_ACCOUNT_ID = /^0[xs][\da-f]{40}$/

/** Why a text is no account that can sign in; undefined when it is one. */
function problemOfAccount(accountId: string): string | undefined {
  if (!ACCOUNT_ID.test(accountId)) {
    return 'the account is no id of NEAR'
  }
  return OTHER_ACCOUNT_ID.test(accountId) ? 'accounts of that kind cannot sign in' : undefined
}

/** @throws AUTH_REFUSED unless it is a strong ed25519 key as `ed25519:<base58>` */
function keyOf(text: string): PublicKey {
  if (!/^ed25519:[1-9A-HJ-NP-Za-km-z]{32,44}$/.test(text)) {
    throw refused('the public key is not one of ed25519')
  }
  const key = orRefused('the public key', () => PublicKey.fromString(text))
  checkKey(key.data)
  return key
}

/** The library's check asks a provider for the key's rights first. That is done here, and only for who holds the key: this one says yes. */
const PROVIDER = {
  viewAccessKey: async () => ({ permission: 'FullAccess' }),
} as unknown as VerifyMessageArgs['provider'] // verifyMessage calls nothing else of it

async function isSigned(
  key: PublicKey,
  payload: VerifyMessageArgs['payload'],
  signature: Uint8Array,
): Promise<boolean> {
  try {
    await verifyMessage({
      signerAccountId: '', // only ever handed to the provider
      signerPublicKey: key,
      payload,
      signature,
      provider: PROVIDER,
    })
    return true
  } catch {
    return false // the library has no other way to say so
  }
}
