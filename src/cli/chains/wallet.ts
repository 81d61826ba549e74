/**
 * The port between sign-in and the wallets that people prove with who they are, whichever chain the anchor is on: {@link Wallet} is what the
 * commands know of one before anything of it is loaded.
 */
import type { WalletVerifier } from '../../auth/index.ts'
import type { Logger } from '../../node/primitives/logger.ts'
import type { ChallengeRoutes } from '../../server/index.ts'
import type { OptionGroup } from '../config/option-group.ts'

/** Wallets of one chain. */
export interface Wallet {
  /** Name of its table, `[auth.<chain>]`. */
  readonly chain: string
  /** `auth_method` of its requests. */
  readonly method: string
  /** What its subjects begin with, as in `near:alice.near`, and one of them. */
  readonly prefix: string
  readonly example: string
  /** Settings with which it needs nothing from anywhere, for `dev`. @default it is not offered there */
  readonly forDev?: readonly string[]
  /** What a file holds whose key signs in from the command line, within a sentence. @default none can */
  readonly keyWords?: string
  settings(): Promise<OptionGroup<object, object | undefined>>
  /** @param entry as the settings have resolved it @throws CLI_AUTH (input), CHAIN_SDK */
  open(entry: object, parts: WalletParts): Promise<OpenWallet>
  /** What signs in with a key in a file. @throws CLI_FILE (input) @param file for messages */
  signer?(key: string, file: string): Promise<KeySigner>
}

/** What a wallet's verifier may need of the node. */
export interface WalletParts {
  readonly logger: Logger
  /** Host under which clients reach the node. */
  readonly host: string
}

export interface OpenWallet {
  readonly verifier: WalletVerifier
  /** Routes that wallets of its kind expect. @default none */
  readonly routes?: ChallengeRoutes
}

/** A key that signs in without a wallet. */
export interface KeySigner {
  readonly address: string
  /** The data of a request, for the message of a challenge. */
  sign(message: string): Promise<Readonly<Record<string, unknown>>>
}
