/**
 * A local NEAR chain for development and tests, behind the JSON-RPC that every NEAR client speaks: contracts are executed, gas is that of
 * protocol version 88, and there is no consensus. It runs in a thread of its own, keeps nothing on disk, and funds accounts whose keys
 * everybody knows: never send real funds to them.
 *
 * ```ts
 * import { Account, JsonRpcProvider } from 'near-api-js'
 * import { startNearDevnet } from 'merogate/devnet/near'
 *
 * await using chain = await startNearDevnet({ port: 0 })
 * const [{ accountId, secretKey }] = chain.accounts
 * const account = new Account(accountId, new JsonRpcProvider({ url: chain.url }), secretKey)
 * ```
 *
 * @packageDocumentation
 */
import { startThread } from '../shared/thread.ts'
import type { BlockMode } from './chain/chain.ts'
import { seededKeyPair } from './codec/keys.ts'
import type { NearStart } from './messages.ts'
import type { PublicKey } from './types.ts'

export type { BlockMode, PublicKey }

/** Where it listens when nothing else is said: this machine only. */
export const DEFAULT_HOST = '127.0.0.1'
/** The port that NEAR's tools expect. */
export const DEFAULT_PORT = 3030
/** What NEAR's tools call a chain of one machine. */
export const DEVNET_CHAIN_ID = 'localnet'
/** Accounts with funds when none are named. `near` makes top-level accounts, as on the public networks. */
export const DEFAULT_ACCOUNTS: readonly string[] = ['test.near', 'near']
/** Of how many blocks before the last the state can be asked. */
export const HISTORY_BLOCKS = 1_000
/** Largest body of a request, bytes: a node's default. */
export const MAX_BODY_BYTES = 10_485_760
/** A request waits this long for what it wants to see, ms: a node's default. */
export const POLLING_MS = 10_000
/** What an account has when nothing else is said, yoctoNEAR: a billion NEAR. */
export const DEFAULT_BALANCE: bigint = 10n ** 33n

export interface NearDevnetInit {
  /** TCP port; 0 lets the system choose. @default DEFAULT_PORT */
  readonly port?: number
  /** @default DEFAULT_HOST */
  readonly host?: string
  /** @default DEVNET_CHAIN_ID */
  readonly chainId?: string
  /** Goes into the hashes of blocks and the keys of accounts: the same seed gives the same keys. @default '' */
  readonly seed?: string
  /** Accounts that are there from the beginning. @default DEFAULT_ACCOUNTS */
  readonly accounts?: readonly (string | DevnetAccountInit)[]
  /**
   * `instant`: a transaction, all its receipts, and the blocks that make them final are done before it is answered. `manual`: blocks are made
   * by {@link NearDevnet.mine} alone. @default 'instant'
   */
  readonly blocks?: BlockMode
  /** Time that only moves with blocks, a second each, from here on; ms since the Unix epoch. @default the machine's time */
  readonly startMs?: number
  /** @default HISTORY_BLOCKS */
  readonly historyBlocks?: number
  /** @default MAX_BODY_BYTES */
  readonly maxBodyBytes?: number
  /** @default POLLING_MS */
  readonly pollingMs?: number
}

/** An account to begin with. */
export interface DevnetAccountInit {
  readonly accountId: string
  /** yoctoNEAR. @default DEFAULT_BALANCE */
  readonly balance?: bigint
  /** A key with full access. @default one that follows from seed and account */
  readonly publicKey?: PublicKey
}

/** An account with funds, and a key with full access to it. */
export interface DevnetAccount {
  readonly accountId: string
  /** `ed25519:` and base58. */
  readonly publicKey: PublicKey
  /** The same form, 64 bytes; public, as the seed is. Undefined where the key was given. */
  readonly secretKey: `ed25519:${string}` | undefined
}

/** A chain that runs. */
export interface NearDevnet extends AsyncDisposable {
  /** `http://host:port`. */
  readonly url: string
  readonly chainId: string
  readonly accounts: readonly [DevnetAccount, ...DevnetAccount[]]
  /** One request past the network. @throws DEVNET_REQUEST (protocol), DEVNET_STOPPED (conflict) */
  send(method: string, params?: unknown): Promise<unknown>
  /** Makes blocks, of what waits for them. @default one */
  mine(blocks?: number): Promise<void>
  /** Leaves out heights, and a second of time for each. */
  fastForward(blocks: number): Promise<void>
  /** Moves time on, for the blocks to come. */
  moveTime(seconds: number): Promise<void>
  /**
   * Holds time: from now on all blocks are in this second since the Unix epoch, until time is moved, or released by undefined; then it goes
   * on from there. @throws DEVNET_REQUEST (protocol) where that second is over
   */
  holdTime(second: number | undefined): Promise<void>
  setBlocks(mode: BlockMode): Promise<void>
  /** Keeps everything as it is. @returns what {@link revert} takes */
  snapshot(): Promise<number>
  /** Goes back to a snapshot, which stays; those made after it are gone. @throws DEVNET_REQUEST (protocol) */
  revert(snapshot: number): Promise<void>
  /** Ends the chain, its server and its thread; everything on it is gone. Safe to repeat. */
  stop(): Promise<void>
}

/**
 * Starts a chain and resolves when it answers.
 * @throws DEVNET_LISTEN (input)
 */
export async function startNearDevnet(init: NearDevnetInit = {}): Promise<NearDevnet> {
  const { port = DEFAULT_PORT, host = DEFAULT_HOST, chainId = DEVNET_CHAIN_ID, seed = '' } = init
  const wanted = (init.accounts ?? DEFAULT_ACCOUNTS).map((one) =>
    typeof one === 'string' ? { accountId: one } : one,
  )
  const accounts = wanted.map(({ accountId, publicKey }: DevnetAccountInit): DevnetAccount => {
    if (publicKey !== undefined) return { accountId, publicKey, secretKey: undefined }
    return { accountId, ...seededKeyPair(`${seed}\0${accountId}`) }
  })
  const [first, ...rest] = accounts
  if (first === undefined) throw new RangeError('expected at least one account, got none')
  const start: NearStart = {
    ...{ host, port, chainId, seed, mode: init.blocks ?? 'instant', startMs: init.startMs },
    historyBlocks: init.historyBlocks ?? HISTORY_BLOCKS,
    maxBodyBytes: init.maxBodyBytes ?? MAX_BODY_BYTES,
    pollingMs: init.pollingMs ?? POLLING_MS,
    accounts: wanted.map(({ accountId: id, balance }: DevnetAccountInit, i) => ({
      ...{ id, amount: balance ?? DEFAULT_BALANCE, publicKey: accounts[i]?.publicKey ?? '' },
    })),
  }
  const thread = await startThread(import.meta.url, start)
  const send = (method: string, params: unknown = []): Promise<unknown> =>
    thread.call(method, params)
  const stop = (): Promise<void> => thread.close()
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${thread.port}`,
    chainId,
    accounts: [first, ...rest],
    send,
    async mine(blocks = 1) {
      await send('devnet_mine', { blocks })
    },
    async fastForward(blocks) {
      await send('sandbox_fast_forward', { delta_height: blocks })
    },
    async moveTime(seconds) {
      await send('devnet_move_time', { seconds })
    },
    async holdTime(second) {
      await send('devnet_hold_time', { second })
    },
    async setBlocks(mode) {
      await send('devnet_set_mode', { mode })
    },
    // devnet_snapshot answers a number
    snapshot: async () => (await send('devnet_snapshot')) as number,
    async revert(snapshot) {
      await send('devnet_revert', { snapshot })
    },
    stop,
    [Symbol.asyncDispose]: stop,
  }
}
