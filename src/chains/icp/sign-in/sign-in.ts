/** Sign-in with a principal, once the SDK is loaded: see `../wallet.ts`. */
import { authError, refused } from '../../../auth/errors.ts'
import type {
  ChallengeTerms,
  SignInAttempt,
  WalletChallenge,
  WalletSubject,
} from '../../../auth/wallet-verifier.ts'
import { concat, fromHex, toHex, utf8 } from '../../../node/primitives/bytes.ts'
import type { Clock } from '../../../node/primitives/clock.ts'
import { sha256 } from '../../../node/primitives/hash.ts'
import { signInText } from '../../shared/sign-in-text.ts'
import { principalBytes, principalOfKey, principalText } from '../principal.ts'
import { MAX_SIGN_IN_TEXT_CHARS } from '../../shared/limits.ts'
import { readAnswer } from './answer.ts'
import { CanisterSignatures } from './canister-signature.ts'
import { checkShape, checkSignatures } from './chain.ts'
import { separated } from '../certificate/hash-tree.ts'
import { isSignedBy, parseKey } from './keys.ts'

interface IcpSignInInit {
  readonly rootKey: string
  readonly canisters: readonly string[]
  readonly clock: Clock
}

/** A principal that is made of a key: 28 bytes of its hash, and this one. */
const SELF_AUTHENTICATING = 2
const LOGIN = separated('calimero-login')

/** What a session key signs: the text behind a tag of its own, so that it is never a request to the Internet Computer. */
export function loginBytes(message: string): Uint8Array {
  return concat(LOGIN, utf8(message))
}

export class IcpSignIn {
  readonly #canisters: CanisterSignatures
  /** CAIP-2, of the hash of the root key: texts for one network are worth nothing on another. */
  readonly #chainId: string
  readonly #clock: Clock

  /** @throws TypeError when the root key or a canister is none */
  constructor({ rootKey, canisters, clock }: IcpSignInInit) {
    const der = fromHex(rootKey)
    const ids = canisters.map((text) => {
      const id = principalBytes(text)
      if (id === undefined) throw new TypeError(`expected the id of a canister, got ${text}`)
      return id
    })
    this.#canisters = new CanisterSignatures(der, ids)
    this.#chainId = `icp:${toHex(sha256(der)).slice(0, 32)}`
    this.#clock = clock
  }

  /** @throws AUTH_BAD_REQUEST when the caller does not say who signs, or names another network */
  challenge(terms: ChallengeTerms): WalletChallenge {
    const { subject, network } = terms
    const bytes = subject === undefined ? undefined : principalBytes(subject)
    if (subject === undefined || bytes?.length !== 29 || bytes[28] !== SELF_AUTHENTICATING) {
      throw authError('AUTH_BAD_REQUEST', 'expected the principal of a key')
    }
    const chainId = this.#chainId
    if (network !== undefined && network !== chainId) {
      throw authError('AUTH_BAD_REQUEST', `expected the network ${chainId}`)
    }
    const options = { chainName: 'Internet Computer', chainId, account: subject }
    const message = signInText(terms, options)
    if (message.length > MAX_SIGN_IN_TEXT_CHARS) {
      throw authError('AUTH_BAD_REQUEST', 'the permissions do not fit into a sign-in text')
    }
    return { message, parameters: { chain_id: chainId } }
  }

  /** @throws AUTH_REFUSED */
  verify({ terms, challenge, publicKey, data }: SignInAttempt): WalletSubject {
    const { message, signature, sessionKey, chain } = readAnswer(data)
    if (message !== challenge.message) throw refused('not the text that was issued')
    const principal = principalText(principalOfKey(chain?.publicKey ?? sessionKey))
    if (publicKey !== principal) throw refused('public_key is not the principal of the key')
    if (terms.subject !== principal) {
      throw refused('another principal than the challenge was issued for')
    }
    if (chain !== undefined) checkShape(chain, sessionKey, this.#clock.nowMs())
    const session = parseKey(sessionKey)
    if (session.kind === 'canister') throw refused('a session key that is a canister')
    if (!isSignedBy(session, loginBytes(message), signature)) {
      throw refused('the session key did not sign the text')
    }
    if (chain !== undefined) checkSignatures(chain, this.#canisters)
    return { subject: `icp:${principal}` }
  }
}
