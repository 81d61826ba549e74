/**
 * Sign-in with an Ethereum wallet: a text of EIP-4361 that its key signs (EIP-191), or that its contract answers for (EIP-1271). The SDK is
 * loaded at the first sign-in.
 */
import { withSdk } from '../shared/sdk.ts'
import type { WalletVerifier } from '../../auth/wallet-verifier.ts'
import { type Clock, systemClock } from '../../node/primitives/clock.ts'
import { type Logger, silentLogger } from '../../node/primitives/logger.ts'
import { nonceOfText } from '../shared/sign-in-parse.ts'
import { SIGN_IN_STATEMENT } from '../shared/sign-in-text.ts'

/** A chain that sign-in texts may name. */
export interface SignInChain {
  /** EIP-155. */
  readonly chainId: number
  /** JSON-RPC endpoints, the preferred first. @default none: wallets that are contracts cannot sign in on this chain */
  readonly rpcUrls?: readonly string[] | undefined
}

export interface EthereumWalletInit {
  /** The chains there are; the first is meant where a caller names none. */
  readonly chains: readonly [SignInChain, ...SignInChain[]]
  /** @default systemClock */
  readonly clock?: Clock | undefined
  /** @default silentLogger */
  readonly logger?: Logger | undefined
}

/** `provider_data` is `{ message, signature }`, `public_key` the address. @throws TypeError when a chain id or the address of an endpoint is none */
export function ethereumWallet(init: EthereumWalletInit): WalletVerifier {
  const { chains, clock = systemClock, logger = silentLogger } = init
  const ids = chains.map(({ chainId }) => chainId)
  if (new Set(ids).size !== ids.length || !ids.every((id) => Number.isSafeInteger(id) && id > 0)) {
    throw new TypeError(`expected chain ids, each once, got ${ids.join(', ')}`)
  }
  for (const url of chains.flatMap(({ rpcUrls }) => rpcUrls ?? [])) {
    if (!URL.canParse(url)) throw new TypeError('expected the URL of an endpoint, got none')
  }
  let loading: Promise<Required<WalletVerifier>> | undefined
  const facts = {
    method: 'eth_wallet',
    description: 'Ethereum wallet (Sign-In with Ethereum, EIP-4361)',
    config: {
      chainIds: ids,
      contractWallets: chains.filter(hasEndpoints).map(({ chainId }) => chainId),
      statement: SIGN_IN_STATEMENT,
    },
    nonceOf: nonceOfText,
  }
  const load = (): Promise<Required<WalletVerifier>> =>
    (loading ??= withSdk('ethereum', () => import('./sign-in/sign-in.ts')).then(
      ({ EthereumSignIn }) => {
        const signIn = new EthereumSignIn({ chains, clock, logger })
        return {
          ...facts,
          challenge: async (terms) => signIn.challenge(terms),
          verify: (attempt, options) => signIn.verify(attempt, options),
          isStill: (subject, options) => signIn.isStill(subject, options),
        }
      },
    ))
  return {
    ...facts,
    challenge: async (terms) => (await load()).challenge(terms),
    verify: async (attempt, options) => (await load()).verify(attempt, options),
    isStill: async (subject, options) => (await load()).isStill(subject, options),
  }
}

function hasEndpoints({ rpcUrls = [] }: SignInChain): boolean {
  return rpcUrls.length > 0
}
