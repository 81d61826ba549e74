/**
 * A local Stellar network for development and tests, behind the RPC that every client speaks: contracts are executed, limits, fees and lifetimes
 * are those of the test network in protocol 28, and there is no consensus. It runs in a thread of its own, keeps nothing on disk, and funds
 * accounts whose keys everybody knows: never send real funds to them.
 *
 * ```ts
 * import { Keypair, rpc } from '@stellar/stellar-sdk'
 * import { startStellarDevnet } from 'merogate/devnet/stellar'
 *
 * await using chain = await startStellarDevnet({ port: 0 })
 * const server = new rpc.Server(chain.url, { allowHttp: true })
 * const keys = Keypair.fromSecret(chain.accounts[0].secret)
 * ```
 *
 * @packageDocumentation
 */
import { Keypair } from '@stellar/stellar-sdk'
import { utf8 } from '../../node/primitives/bytes.ts'
import { sha256 } from '../../node/primitives/hash.ts'
import { startThread } from '../shared/thread.ts'
import { controlsBy, type StellarControls } from './controls.ts'
import type { StellarStart } from './messages.ts'
import type { LedgerMode, ParametersInit } from './parameters.ts'

export type { LedgerMode, ParametersInit, StellarControls }

/** Where it listens when nothing else is said: this machine only. */
export const DEFAULT_HOST = '127.0.0.1'
/** The port that the network's tools expect. */
export const DEFAULT_PORT = 8000
/** What the network's tools call a network of one machine. */
export const DEFAULT_PASSPHRASE = 'Standalone Network ; February 2017'
/** What accounts have when nothing else is said, stroops: a million XLM. */
export const DEFAULT_BALANCE: bigint = 10_000_000_000_000n
/** For how many ledgers events and transactions are kept: a week, as public endpoints do. */
export const RETENTION_LEDGERS = 120_960
/** Largest body of a request, bytes. */
export const MAX_BODY_BYTES = 4_194_304

export interface StellarDevnetInit {
  /** TCP port; 0 lets the system choose. @default DEFAULT_PORT */
  readonly port?: number
  /** @default DEFAULT_HOST */
  readonly host?: string
  /** @default DEFAULT_PASSPHRASE */
  readonly networkPassphrase?: string
  /** Goes into the keys of accounts and into randomness: the same seed gives the same keys. @default '' */
  readonly seed?: string
  /** Accounts that are there from the beginning: how many, or which. @default one */
  readonly accounts?: number | readonly DevnetAccountInit[]
  /**
   * `instant`: a ledger closes with each transaction that is sent. `manual`: ledgers close by {@link StellarDevnet.close} alone, and
   * transactions wait. @default 'instant'
   */
  readonly ledgers?: LedgerMode
  /** Time that only moves with ledgers, five seconds each, from here on; ms since the Unix epoch. @default the machine's time */
  readonly startMs?: number
  /** @default RETENTION_LEDGERS */
  readonly retentionLedgers?: number
  /** Limits, fees and lifetimes that are to be other than the test network's. @default none */
  readonly parameters?: ParametersInit
  /** @default MAX_BODY_BYTES */
  readonly maxBodyBytes?: number
}

/** An account to begin with. */
export interface DevnetAccountInit {
  /** `G...`. */
  readonly publicKey: string
  /** Stroops. @default DEFAULT_BALANCE */
  readonly balance?: bigint
}

/** An account with funds. */
export interface DevnetAccount {
  /** `G...`. */
  readonly publicKey: string
  /** `S...`; public, as the seed is. Empty where the key was given. */
  readonly secret: string
}

/** A network that runs. */
export interface StellarDevnet extends StellarControls, AsyncDisposable {
  /** `http://host:port`: of the RPC. */
  readonly url: string
  readonly friendbotUrl: string
  readonly networkPassphrase: string
  readonly accounts: readonly [DevnetAccount, ...DevnetAccount[]]
  /** Ends the network, its server and its thread; everything on it is gone. Safe to repeat. */
  stop(): Promise<void>
}

/**
 * Starts a network and resolves when it answers.
 * @throws DEVNET_LISTEN (input)
 */
export async function startStellarDevnet(init: StellarDevnetInit = {}): Promise<StellarDevnet> {
  const { port = DEFAULT_PORT, host = DEFAULT_HOST, seed = '' } = init
  const passphrase = init.networkPassphrase ?? DEFAULT_PASSPHRASE
  const accounts = accountsOf(init.accounts ?? 1, seed)
  const [first, ...rest] = accounts
  if (first === undefined) throw new RangeError('expected at least one account, got none')
  const start: StellarStart = {
    ...{ host, port, passphrase, seed, mode: init.ledgers ?? 'instant' },
    parameters: init.parameters ?? {},
    retentionLedgers: init.retentionLedgers ?? RETENTION_LEDGERS,
    maxBodyBytes: init.maxBodyBytes ?? MAX_BODY_BYTES,
    startSeconds: init.startMs === undefined ? undefined : Math.floor(init.startMs / 1000),
    accounts: accounts.map(({ publicKey, balance }) => ({
      publicKey: new Uint8Array(Keypair.fromPublicKey(publicKey).rawPublicKey()),
      balance,
    })),
  }
  const thread = await startThread(import.meta.url, start)
  const stop = (): Promise<void> => thread.close()
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${thread.port}`
  return {
    url,
    friendbotUrl: `${url}/friendbot`,
    networkPassphrase: passphrase,
    accounts: [first, ...rest],
    ...controlsBy((method, params) => thread.call(method, params)),
    stop,
    [Symbol.asyncDispose]: stop,
  }
}

interface FundedAccount extends DevnetAccount {
  readonly balance: bigint
}

function accountsOf(
  wanted: number | readonly DevnetAccountInit[],
  seed: string,
): readonly FundedAccount[] {
  if (typeof wanted !== 'number') {
    return wanted.map(({ publicKey, balance = DEFAULT_BALANCE }: DevnetAccountInit) => ({
      ...{ publicKey, secret: '', balance },
    }))
  }
  return Array.from({ length: wanted }, (_, i) => {
    const keys = Keypair.fromRawEd25519Seed(Buffer.from(sha256(utf8(`${seed}\0account ${i}`))))
    return { publicKey: keys.publicKey(), secret: keys.secret(), balance: DEFAULT_BALANCE }
  })
}
