/** The chains of this program, and the only place that names them. What one needs is loaded when it is asked for. */
import type { ChainSettings } from '../config/option-group.ts'
import { cliError } from '../errors.ts'
import type { Chain, ChainTools } from './chain.ts'
import { ethereum } from './ethereum/chain.ts'
import { ethereumWallets } from './ethereum/wallet.ts'
import { icp } from './icp/chain.ts'
import { icpWallets } from './icp/wallet.ts'
import { local } from './local/chain.ts'
import { near } from './near/chain.ts'
import { nearWallets } from './near/wallet.ts'
import { stellar } from './stellar/chain.ts'
import { stellarWallets } from './stellar/wallet.ts'
import type { Wallet } from './wallet.ts'

/** The first is the one that commands mean when nothing is said. */
export const CHAINS: readonly [Chain, ...Chain[]] = [local, ethereum, near, icp, stellar]

/** Wallets that people sign in with, in the order in which they are offered. */
export const WALLETS: readonly [Wallet, ...Wallet[]] = [
  nearWallets,
  ethereumWallets,
  icpWallets,
  stellarWallets,
]

/** Whether contracts decide there. */
export function hasContracts({ commands }: Pick<Chain, 'commands'>): boolean {
  return commands.deploy !== undefined
}

/** Names of chains, for `--chain`. */
export function namesOf(chains: readonly Chain[]): string[] {
  return chains.map(({ name }) => name)
}

/** @throws CLI_ANCHOR_UNKNOWN (input) */
export function chainNamed(name: string): Chain {
  const found = CHAINS.find((chain) => chain.name === name)
  if (found !== undefined) return found
  const message = `there is no chain ${name}: expected ${namesOf(CHAINS).join(' or ')}`
  throw cliError('CLI_ANCHOR_UNKNOWN', message, { protocol: name })
}

/** @throws CLI_ANCHOR_UNKNOWN (input) */
export function toolsOf(name: string): Promise<ChainTools> {
  return chainNamed(name).tools()
}

/** What each chain says of the configuration. */
export function chainSettings(): Promise<readonly ChainSettings[]> {
  return Promise.all([
    ...CHAINS.map((chain) => chain.settings()),
    ...WALLETS.map(async ({ settings }) => ({ wallet: await settings() })),
  ])
}
