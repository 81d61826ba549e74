/** The port to wallets: what the auth room asks of a chain. One implementation per chain, in `src/chains/<chain>/wallet.ts`. */
import type { Signalled } from '../node/interface.ts'

/** What a wallet is to sign: all of it is the node's own word, kept until it comes back or its time is over. */
export interface ChallengeTerms {
  /** 32 random bytes, hexadecimal. */
  readonly nonce: string
  /** Host and port of the node's configured public origin, as in `node.example` or `localhost:2528`; never a request's `Host`. */
  readonly domain: string
  /** The node's configured public origin, as in `https://node.example`. */
  readonly origin: string
  /** When it was issued, and from when on it is worth nothing, ms since 1970. */
  readonly issuedAtMs: number
  readonly expiresAtMs: number
  /** Who wants to sign in, as the caller says: an account or address of the chain. Undefined where the caller does not say. */
  readonly subject?: string | undefined
  /** The chain's own network, where the caller may choose among those configured: an EIP-155 chain id, a passphrase. */
  readonly network?: string | undefined
  /** Permissions the caller asks for, to be shown in the text where the format has a place for it. */
  readonly permissions: readonly string[]
}

/** What a wallet signs, made of the terms. It is stored with the terms, so that verifying needs no parser and trusts no copy. */
export interface WalletChallenge {
  /**
   * The text to sign, where the wallet signs a text. The nonce stands in it, so that no two are the same: clients send no number of a challenge
   * back, and by `provider_data.message`, equal byte for byte, the room finds what it belongs to.
   */
  readonly message?: string
  /** The transaction to sign (SEP-10), base64. */
  readonly transaction?: string
  /** What else the wallet must be told, as strings: recipient, network passphrase, chain id. */
  readonly parameters: Readonly<Record<string, string>>
}

/** Who signed. */
export interface WalletSubject {
  /** What keys are made of: `near:alice.near`, `eth:0xabc...`, `eth:1:0xabc...` for a contract, `icp:<principal>`, `stellar:G...`. */
  readonly subject: string
  /** Whether the answer may be another tomorrow (a contract wallet, a key that an account may drop): refreshes ask again with {@link WalletVerifier.isStill}. @default false */
  readonly mayChange?: boolean
  /** What {@link WalletVerifier.isStill} needs, JSON; at most {@link MAX_WITNESS_BYTES}. */
  readonly witness?: unknown
}

/** What came back for a challenge that was found, not expired and not used before: it is consumed by now, whatever the verdict. */
export interface SignInAttempt {
  readonly terms: ChallengeTerms
  readonly challenge: WalletChallenge
  /** `public_key` of the request: as the wallet names itself. */
  readonly publicKey: string
  /** `provider_data` of the request: not looked at by anybody yet. */
  readonly data: unknown
}

/** One kind of wallet. Knows no tokens, keys or permissions. */
export interface WalletVerifier {
  /** `near_wallet`, `eth_wallet`, `icp_wallet`, `stellar_wallet`: `auth_method` of requests. */
  readonly method: string
  /** For `GET /auth/providers` and the login page. */
  readonly description: string
  /** Settings that a page needs, free of secrets: networks, recipient. */
  readonly config: Readonly<Record<string, unknown>>
  /**
   * The nonce that an answer belongs to, as in {@link ChallengeTerms.nonce}, for a wallet whose answer has no `message` equal to that of the challenge
   * (SEP-10: the transaction comes back with more signatures). It only finds the stored challenge, nothing is believed of it. Undefined when there
   * is none; never throws, whatever `data` is, and takes microseconds: it is called before anything is known of the caller.
   */
  nonceOf?(data: unknown): string | undefined
  /** Makes the text or transaction. @throws AUTH_BAD_REQUEST (input) when subject or network cannot be */
  challenge(terms: ChallengeTerms): Promise<WalletChallenge>
  /**
   * Who signed, and for whom. All that is wrong with the attempt is AUTH_REFUSED with the reason in `details.reason` for the log; nothing of it goes out.
   * @throws AUTH_REFUSED (unauthenticated), AUTH_CHAIN_UNAVAILABLE (transport) when a look-up on the chain cannot be had: nothing was said of the attempt
   */
  verify(attempt: SignInAttempt, options?: Signalled): Promise<WalletSubject>
  /** Whether a subject that {@link WalletSubject.mayChange} would still be let in. @throws AUTH_CHAIN_UNAVAILABLE (transport) */
  isStill?(subject: WalletSubject, options?: Signalled): Promise<boolean>
}

/** Bytes of a witness as JSON. */
export const MAX_WITNESS_BYTES = 2_048
