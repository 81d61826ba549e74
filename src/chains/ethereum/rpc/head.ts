/** Where the chain stands: its head, the height that counts as final, and the time of the next block. */
import { toQuantity } from 'ethers'
import { agreedTime, badAnswer } from '../../../node/anchor/errors.ts'
import type { Clock } from '../../../node/primitives/clock.ts'
import type { Endpoint, Endpoints } from '../../shared/endpoints.ts'
import { type Block as BlockId, Heights, type HeightSource } from '../../shared/heights.ts'
import { rpcErrorKind } from './rpc-errors.ts'

/**
 * When a block counts as final: when the chain says so (`finalized`, some 13 minutes on mainnet), when two thirds of the validators have
 * attested it (`safe`, some 6 minutes), or when so many blocks lie above it. 0: at once, for a chain of one's own.
 */
export type FinalityRule = 'finalized' | 'safe' | number

/** A block, as far as it matters here. */
export interface Block {
  readonly number: number
  readonly hash: string
  /** Unix seconds. */
  readonly timestamp: bigint
}

/** The block that is being made has no number and no hash yet. */
const PENDING = 'pending'

/** A block by tag or number; undefined when the endpoint has none. */
export async function readBlock(
  endpoint: Endpoint,
  block: string | number,
): Promise<Block | undefined> {
  const tag = typeof block === 'number' ? toQuantity(block) : block
  const answer = await endpoint.send('eth_getBlockByNumber', [tag, false])
  if (answer === null) return undefined
  if (typeof answer === 'object' && answer !== undefined) {
    const { number, hash, timestamp } = answer as Record<string, unknown> // each is checked below
    if (isQuantity(timestamp) && (isQuantity(number) || tag === PENDING)) {
      const at = isQuantity(number) ? Number(number) : 0
      return { number: at, hash: String(hash), timestamp: BigInt(timestamp) }
    }
  }
  throw badAnswer(endpoint.name, 'a block of another shape')
}

function isQuantity(value: unknown): value is string {
  return typeof value === 'string' && /^0x[0-9a-f]{1,13}$/i.test(value)
}

/** Number of the newest block. */
export async function readHead(endpoint: Endpoint): Promise<number> {
  const answer = await endpoint.send('eth_blockNumber', [])
  if (!isQuantity(answer)) throw badAnswer(endpoint.name, 'a block number of another shape')
  return Number(answer)
}

/** Wei of an account, in the newest block. @throws ANCHOR_BAD_ANSWER (protocol) */
export async function readBalance(endpoint: Endpoint, account: string): Promise<bigint> {
  const answer = await endpoint.send('eth_getBalance', [account, 'latest'])
  if (typeof answer === 'string' && /^0x[0-9a-f]{1,64}$/i.test(answer)) return BigInt(answer)
  throw badAnswer(endpoint.name, 'a balance of another shape')
}

/** Transactions of an account that count as used, at a tag. */
export async function readNonce(endpoint: Endpoint, account: string, tag: string): Promise<number> {
  const answer = await endpoint.send('eth_getTransactionCount', [account, tag])
  if (!isQuantity(answer)) throw badAnswer(endpoint.name, 'a nonce of another shape')
  return Number(answer)
}

/** Number of the newest block that counts as final. A chain that has no final block yet has its first. */
export async function readFinal(endpoint: Endpoint, rule: FinalityRule): Promise<number> {
  if (typeof rule === 'number') return Math.max(0, (await readHead(endpoint)) - rule)
  return (await readBlock(endpoint, rule))?.number ?? 0
}

/** The newest block that counts as final, which the endpoint must have. @throws ANCHOR_BAD_ANSWER (protocol) */
export async function readFinalBlock(endpoint: Endpoint, rule: FinalityRule): Promise<Block> {
  const tagged = typeof rule === 'number' ? undefined : await readBlock(endpoint, rule)
  const number = typeof rule === 'number' ? await readFinal(endpoint, rule) : 0
  return tagged ?? readKnownBlock(endpoint, number)
}

/** A block that the endpoint spoke of. @throws ANCHOR_BAD_ANSWER (protocol) when it has none */
export async function readKnownBlock(endpoint: Endpoint, block: string | number): Promise<Block> {
  const found = await readBlock(endpoint, block)
  if (found === undefined) throw badAnswer(endpoint.name, `no block ${block}`)
  return found
}

/**
 * Time of the next block, Unix seconds, as the endpoint expects it: the chain's clock is what requests are judged by. Where no pending block is
 * shown the newest one's time is the least it can be; such a chain may have been idle since, so this machine's word counts then. What rests on
 * an endpoint's word alone could be made good for years: `machineSeconds` is what it is held to. @default it is believed
 * @throws ANCHOR_CLOCK (protocol) when both differ too much
 */
export async function readTime(endpoint: Endpoint, machineSeconds?: bigint): Promise<bigint> {
  const latest = await readKnownBlock(endpoint, 'latest')
  const pending = await readPending(endpoint)
  const isShown = pending !== undefined && pending.timestamp > latest.timestamp
  const shown = isShown ? pending.timestamp : latest.timestamp
  if (machineSeconds === undefined) return shown
  const isIdle = !isShown && machineSeconds > shown
  return isIdle ? machineSeconds : agreedTime(endpoint.name, shown, machineSeconds)
}

async function readPending(endpoint: Endpoint): Promise<Block | undefined> {
  try {
    return await readBlock(endpoint, PENDING)
  } catch (error) {
    if (rpcErrorKind(error) === undefined) throw error
    return undefined // not every endpoint shows it
  }
}

/** A block by its number, as answers name it. */
export async function readPlace(endpoint: Endpoint, number: bigint): Promise<BlockId> {
  return placeOf(await readKnownBlock(endpoint, Number(number)))
}

function placeOf({ number, hash }: Block): BlockId {
  return { number: BigInt(number), hash }
}

/** How far the chain was seen, by this rule of what is final. */
export function ethereumHeights(
  rpc: Endpoints,
  rule: FinalityRule,
  clock: Pick<Clock, 'nowMs'>,
): Heights {
  const source: HeightSource = {
    chain: 'ethereum',
    readHead: async (endpoint) => BigInt(await readHead(endpoint)),
    readFinal: async (endpoint) => placeOf(await readFinalBlock(endpoint, rule)),
    readBlock: readPlace,
    readHeadTime: async (endpoint) => (await readKnownBlock(endpoint, 'latest')).timestamp,
  }
  return new Heights(rpc, source, clock)
}
