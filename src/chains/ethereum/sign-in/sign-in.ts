/** Sign-in with Ethereum, once the SDK is loaded: see `../wallet.ts`. */
import { ethereumRpc } from '../rpc/rpc.ts'
import { getAddress, hashMessage } from 'ethers'
import { authError, refused } from '../../../auth/errors.ts'
import type {
  ChallengeTerms,
  SignInAttempt,
  WalletChallenge,
  WalletSubject,
} from '../../../auth/wallet-verifier.ts'
import type { Signalled } from '../../../node/interface.ts'
import { fromHex } from '../../../node/primitives/bytes.ts'
import type { Clock } from '../../../node/primitives/clock.ts'
import type { Logger } from '../../../node/primitives/logger.ts'
import { MAX_SIGN_IN_TEXT_CHARS } from '../../shared/limits.ts'
import type { SignInForm } from '../../shared/sign-in-parse.ts'
import { checkText } from '../../shared/sign-in-terms.ts'
import { SIGN_IN_STATEMENT, signInText } from '../../shared/sign-in-text.ts'
import {
  MAX_SIGN_IN_ANSWER_BYTES,
  MAX_WALLET_SIGNATURE_BYTES,
  SIGN_IN_ANSWER_MS,
} from '../limits.ts'
import type { SignInChain } from '../wallet.ts'
import { ContractWallets } from './contract-wallet.ts'
import { recover } from './signature.ts'

interface SignInInit {
  readonly chains: readonly [SignInChain, ...SignInChain[]]
  readonly clock: Clock
  readonly logger: Logger
}

/** What a contract is asked again with. */
interface Witness {
  readonly chainId: number
  readonly address: string
  readonly hash: string
  readonly signature: string
}

const BOUNDS = { timeoutMs: SIGN_IN_ANSWER_MS, maxBytes: MAX_SIGN_IN_ANSWER_BYTES }

/** How texts of EIP-4361 name accounts and chains. */
const FORM: SignInForm = {
  standard: 'EIP-4361',
  chainName: 'Ethereum',
  account: /^0x[0-9a-fA-F]{40}$/,
  chainId: /^[1-9][0-9]{0,15}$/,
  problemOf: (account) =>
    getAddress(account.toLowerCase()) === account
      ? undefined
      : 'the address in the text lacks its checksum (EIP-55)',
}

export class EthereumSignIn {
  readonly #chainIds: readonly [number, ...number[]]
  readonly #contracts = new Map<number, ContractWallets>()
  readonly #clock: Clock

  constructor({ chains: [first, ...others], clock, logger }: SignInInit) {
    this.#chainIds = [first.chainId, ...others.map(({ chainId }) => chainId)]
    this.#clock = clock
    for (const { chainId, rpcUrls: urls = [] } of [first, ...others]) {
      if (urls.length === 0) continue
      const rpc = ethereumRpc({ urls, chainId, clock, logger, bounds: BOUNDS })
      this.#contracts.set(chainId, new ContractWallets({ rpc, chainId, clock }))
    }
  }

  /** The text where the caller says which account signs; otherwise what a client needs to make it. @throws AUTH_BAD_REQUEST */
  challenge(terms: ChallengeTerms): WalletChallenge {
    const chainId = this.#chainOf(terms)
    if (chainId === undefined) {
      const expected = this.#chainIds.join(', ')
      throw authError('AUTH_BAD_REQUEST', `expected one of the chains ${expected}`)
    }
    const parameters = {
      domain: terms.domain,
      uri: terms.origin,
      version: '1',
      chain_id: String(chainId),
      statement: SIGN_IN_STATEMENT,
    }
    if (terms.subject === undefined) return { parameters }
    const account = addressOf(terms.subject)
    if (account === undefined) {
      throw authError('AUTH_BAD_REQUEST', 'expected an address with 0x and its checksum (EIP-55)')
    }
    const message = signInText(terms, { chainName: 'Ethereum', chainId: String(chainId), account })
    if (message.length > MAX_SIGN_IN_TEXT_CHARS) {
      throw authError('AUTH_BAD_REQUEST', 'the permissions do not fit into a sign-in text')
    }
    return { message, parameters: { ...parameters, address: account } }
  }

  async verify(attempt: SignInAttempt, options: Signalled = {}): Promise<WalletSubject> {
    const { message, signature } = readData(attempt.data)
    const address = addressOf(attempt.publicKey)
    if (address === undefined) throw refused('public_key is no address')
    const chainId = this.#check(message, attempt, address)
    const signed = recover(message, signature)
    if ('address' in signed && signed.address === address) {
      return { subject: `eth:${address.toLowerCase()}` }
    }
    const why = 'why' in signed ? signed.why : 'signed by another key'
    const contracts = this.#contracts.get(chainId)
    if (contracts === undefined) throw refused(why)
    const witness: Witness = {
      chainId,
      address: address.toLowerCase(),
      hash: hashMessage(message),
      signature: `0x${Buffer.from(signature).toString('hex')}`,
    }
    const refusal = await contracts.refusal(witness, options)
    if (refusal !== undefined) throw refused(`${why}; ${refusal}`)
    return { subject: `eth:${chainId}:${witness.address}`, mayChange: true, witness }
  }

  async isStill({ witness }: WalletSubject, options: Signalled = {}): Promise<boolean> {
    if (!isWitness(witness)) return false
    // a chain that is not configured any more lets nobody in
    const contracts = this.#contracts.get(witness.chainId)
    return contracts !== undefined && (await contracts.refusal(witness, options)) === undefined
  }

  /** The chain of the text, when it is the one that was issued, or says what the terms say. */
  #check(message: string, { terms, challenge }: SignInAttempt, address: string): number {
    if (terms.subject !== undefined && addressOf(terms.subject) !== address) {
      throw refused('another address than the challenge was issued for')
    }
    const chainId = this.#chainOf(terms)
    // the configuration may be another than when it was issued
    if (chainId === undefined) throw refused('the chain of the challenge is not allowed')
    if (challenge.message !== undefined) {
      if (message !== challenge.message) throw refused('not the text that was issued')
      return chainId
    }
    const chainIds = (terms.network === undefined ? this.#chainIds : [chainId]).map(String)
    const expected = { terms, account: address, chainIds, nowMs: this.#clock.nowMs() }
    return Number(checkText(message, FORM, expected))
  }

  #chainOf({ network }: ChallengeTerms): number | undefined {
    if (network === undefined) return this.#chainIds[0]
    return this.#chainIds.find((id) => String(id) === network)
  }
}

/** With its checksum; undefined when it is none, or its checksum is wrong. */
function addressOf(text: string): string | undefined {
  // the SDK takes other notations as well
  if (!/^0x[0-9a-fA-F]{40}$/.test(text)) return undefined
  try {
    return getAddress(text)
  } catch {
    return undefined
  }
}

function readData(data: unknown): { message: string; signature: Uint8Array } {
  if (typeof data !== 'object' || data === null) throw refused('provider_data is no object')
  const { message, signature } = data as Record<string, unknown> // each is checked below
  if (typeof message !== 'string') throw refused('the message is no text')
  if (message.length > MAX_SIGN_IN_TEXT_CHARS) throw refused('the message is too long')
  if (typeof signature !== 'string') throw refused('the signature is no text')
  if (signature.length > 2 + MAX_WALLET_SIGNATURE_BYTES * 2) {
    throw refused('the signature is too long')
  }
  if (!/^0x(?:[0-9a-fA-F]{2})+$/.test(signature)) throw refused('the signature is not hexadecimal')
  return { message, signature: fromHex(signature.slice(2)) }
}

function isWitness(value: unknown): value is Witness {
  if (typeof value !== 'object' || value === null) return false
  const { chainId, address, hash, signature } = value as Record<string, unknown> // each is checked
  return (
    typeof chainId === 'number' &&
    typeof address === 'string' &&
    typeof hash === 'string' &&
    typeof signature === 'string'
  )
}
