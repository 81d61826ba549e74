/**
 * A local Internet Computer for development and tests, behind the HTTP interface that every agent speaks: canisters are executed, certificates
 * and answers to queries are signed by keys that follow from a seed, cycles are those of an application subnet of 13 nodes, and there is no
 * consensus. It runs in a thread of its own, keeps nothing on disk, and gives cycles to keys that everybody knows.
 *
 * ```ts
 * import { HttpAgent } from '@dfinity/agent'
 * import { startIcpDevnet } from 'merogate/devnet/icp'
 *
 * await using chain = await startIcpDevnet({ port: 0 })
 * const agent = await HttpAgent.create({ host: chain.url, rootKey: chain.rootKey })
 * ```
 *
 * @packageDocumentation
 */
import { startThread } from '../shared/thread.ts'
import { BlsKey, Ed25519Key } from './certification/keys.ts'
import type { MessageMode } from './chain/chain.ts'
import { principalText } from './codec/principal.ts'
import { LEDGER_ID } from './ledger/ids.ts'
import type { IcpStart } from './messages.ts'
import { INSTRUCTION_LIMITS, type InstructionLimits } from './parameters.ts'

export type { InstructionLimits, MessageMode }

/** Where it listens when nothing else is said: this machine only. */
export const DEFAULT_HOST = '127.0.0.1'
/** The port that the chain's tools expect. */
export const DEFAULT_PORT = 4943
/** The cycles ledger: the same id as on the main network. */
export const CYCLES_LEDGER: string = LEDGER_ID
/** Cycles in the ledger of the account that is there from the beginning: a million T. */
export const DEFAULT_CYCLES: bigint = 10n ** 18n
/** Largest body of a request, bytes: a boundary node's, above the 2 MiB of a message. */
export const MAX_BODY_BYTES = 4_194_304
/** How long a call is waited for before its answer says to ask again, ms. */
export const CALL_TIMEOUT_MS = 10_000

export interface IcpDevnetInit {
  /** TCP port; 0 lets the system choose. @default DEFAULT_PORT */
  readonly port?: number
  /** @default DEFAULT_HOST */
  readonly host?: string
  /** Goes into every key and all randomness: the same seed gives the same root key. @default '' */
  readonly seed?: string
  /** Certificates are by the key of a subnet, which the root key vouches for, as on the main network. @default false */
  readonly hasSubnet?: boolean
  /**
   * Whether certificates are signed, which takes longer than all else that is done for most answers. Without, only clients believe them that do not look at
   * signatures: for tests of something else. @default true
   */
  readonly isSigning?: boolean
  /** Cycles in the ledger, by principal, beside those of {@link IcpDevnet.account}. @default nobody */
  readonly accounts?: readonly { readonly principal: string; readonly cycles: bigint }[]
  /**
   * `instant`: a call, and all that it leads to, is done before it is answered. `manual`: messages wait for {@link IcpDevnet.run}.
   * @default 'instant'
   */
  readonly messages?: MessageMode
  /** Time that stands still but for nanoseconds and {@link IcpDevnet.moveTime}; ms since the Unix epoch. @default the machine's time */
  readonly startMs?: number
  /** Instructions of one message; tests of loops that never end want less. @default INSTRUCTION_LIMITS, as on the chain */
  readonly instructions?: Partial<InstructionLimits>
  /** @default MAX_BODY_BYTES */
  readonly maxBodyBytes?: number
  /** @default CALL_TIMEOUT_MS */
  readonly callTimeoutMs?: number
}

/** Somebody with cycles in the ledger. */
export interface DevnetAccount {
  readonly principal: string
  /** PEM of the ed25519 key, PKCS #8; public, as the seed is. */
  readonly pem: string
}

/** A chain that runs. */
export interface IcpDevnet extends AsyncDisposable {
  /** `http://host:port`. */
  readonly url: string
  /** DER of the key that certificates are checked with. */
  readonly rootKey: Uint8Array
  readonly account: DevnetAccount
  /** The chain's time, nanoseconds since the Unix epoch. */
  now(): Promise<bigint>
  /** Moves time on: timers that are due fire once, memory is paid for, what waited for too long ends. */
  moveTime(ms: number): Promise<void>
  setMessages(mode: MessageMode): Promise<void>
  /** Executes what waits, at most so many messages. @default all @returns how many it were */
  run(messages?: number): Promise<number>
  /** How many messages wait. */
  waiting(): Promise<number>
  /** Keeps everything as it is. @returns what {@link revert} takes */
  snapshot(): Promise<number>
  /** Goes back to a snapshot, time included, which stays; those made after it are gone. @throws DEVNET_REQUEST (protocol) */
  revert(snapshot: number): Promise<void>
  /** Gives a principal cycles in the ledger. */
  fund(principal: string, cycles: bigint): Promise<void>
  /** Cycles of a canister. @throws DEVNET_REQUEST (protocol) */
  cyclesOf(canister: string): Promise<bigint>
  /** Sets the cycles of a canister. @throws DEVNET_REQUEST (protocol) */
  setCycles(canister: string, cycles: bigint): Promise<void>
  /** Ends the chain, its server and its thread; everything on it is gone. Safe to repeat. */
  stop(): Promise<void>
}

/**
 * Starts a chain and resolves when it answers.
 * @throws DEVNET_LISTEN (input)
 */
export async function startIcpDevnet(init: IcpDevnetInit = {}): Promise<IcpDevnet> {
  const { port = DEFAULT_PORT, host = DEFAULT_HOST, seed = '' } = init
  const key = new Ed25519Key(seed, 'account')
  const account = { principal: principalText(key.principal), pem: key.pem }
  const start: IcpStart = {
    ...{
      host,
      port,
      seed,
      hasSubnet: init.hasSubnet ?? false,
      isSigning: init.isSigning ?? true,
      mode: init.messages ?? 'instant',
    },
    limits: { ...INSTRUCTION_LIMITS, ...init.instructions },
    maxBodyBytes: init.maxBodyBytes ?? MAX_BODY_BYTES,
    callTimeoutMs: init.callTimeoutMs ?? CALL_TIMEOUT_MS,
    startMs: init.startMs,
    accounts: [{ principal: account.principal, cycles: DEFAULT_CYCLES }, ...(init.accounts ?? [])],
  }
  const thread = await startThread(import.meta.url, start)
  const send = (method: string, params: object = {}): Promise<unknown> =>
    thread.call(method, params)
  const stop = (): Promise<void> => thread.close()
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${thread.port}`,
    rootKey: new BlsKey(seed, 'root').der,
    account,
    // http/control.ts says what each of them answers
    now: async () => (await send('now')) as bigint,
    async moveTime(ms) {
      await send('move_time', { ms })
    },
    async setMessages(mode) {
      await send('set_mode', { mode })
    },
    run: async (messages) => (await send('run', { messages })) as number,
    waiting: async () => (await send('waiting')) as number,
    snapshot: async () => (await send('snapshot')) as number,
    async revert(snapshot) {
      await send('revert', { snapshot })
    },
    async fund(principal, cycles) {
      await send('fund', { principal, cycles })
    },
    cyclesOf: async (canister) => (await send('cycles', { canister })) as bigint,
    async setCycles(canister, cycles) {
      await send('set_cycles', { canister, cycles })
    },
    stop,
    [Symbol.asyncDispose]: stop,
  }
}
