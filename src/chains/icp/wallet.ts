/**
 * Sign-in with a principal of the Internet Computer: a text that a session key signs, and the delegations that lead from the principal's key to
 * it. Nothing is asked of the network: delegations of Internet Identity carry their certificates. The SDK is loaded at the first sign-in.
 */
import { withSdk } from '../shared/sdk.ts'
import type { WalletVerifier } from '../../auth/wallet-verifier.ts'
import { type Clock, systemClock } from '../../node/primitives/clock.ts'
import { IC_ROOT_KEY, IDENTITY_PROVIDER, INTERNET_IDENTITY } from './constants.ts'

export interface IcpWalletInit {
  /** Key of the root subnet, DER, hexadecimal; another for a local network. @default IC_ROOT_KEY */
  readonly rootKey?: string | undefined
  /** Canisters whose signatures count. @default INTERNET_IDENTITY alone */
  readonly canisters?: readonly string[] | undefined
  /** Address of the page where people meet their identity, for the login page. @default IDENTITY_PROVIDER */
  readonly identityProvider?: string | undefined
  /** @default systemClock */
  readonly clock?: Clock | undefined
}

/**
 * `provider_data` is `{ message, signature, session_key, delegation_chain }`: the session key's signature over {@link loginBytes} and its DER, both
 * hexadecimal, and the chain as `DelegationChain.toJSON` writes it, or null where the principal's own key signs. `public_key` is the principal.
 */
export function icpWallet(init: IcpWalletInit = {}): WalletVerifier {
  const { rootKey = IC_ROOT_KEY, canisters = [INTERNET_IDENTITY], clock = systemClock } = init
  const { identityProvider = IDENTITY_PROVIDER } = init
  const load = once(async () => {
    const { IcpSignIn } = await withSdk('icp', () => import('./sign-in/sign-in.ts'))
    return new IcpSignIn({ rootKey, canisters, clock })
  })
  return {
    method: 'icp_wallet',
    description: 'Internet Identity, or another identity of the Internet Computer',
    config: { identityProvider, canisters },
    challenge: async (terms) => (await load()).challenge(terms),
    verify: async (attempt) => (await load()).verify(attempt),
  }
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined
  return () => (made ??= make())
}
