/** Where the chain stands: its head, the height that is final, and the time of the next block. */
import { z } from 'zod'
import { agreedTime, badAnswer } from '../../../node/anchor/errors.ts'
import { fromBase58, fromHex, toBase58, toHex } from '../../../node/primitives/bytes.ts'
import type { Clock } from '../../../node/primitives/clock.ts'
import type { Endpoint, Endpoints } from '../../shared/endpoints.ts'
import { NETWORKS } from '../constants.ts'
import { type Block as BlockId, type BlockSource, Heights } from '../../shared/heights.ts'

/** A block, as far as it matters here. */
export interface Block {
  readonly number: number
  /** Base58. */
  readonly hash: string
  /** Unix time, ns. */
  readonly timestampNs: bigint
}

/** Base58 of 32 bytes. */
export const HASH: RegExp = /^[1-9A-HJ-NP-Za-km-z]{32,44}$/

const HEADER = z.object({
  header: z.object({
    height: z.int().min(0),
    hash: z.string().regex(HASH),
    timestamp_nanosec: z
      .string()
      .regex(/^\d{1,20}$/)
      .transform(BigInt),
  }),
})

/** Which block is meant. Final ones lie two below the newest, as a rule. */
type Reference =
  { readonly finality: 'optimistic' | 'final' } | { readonly block_id: number | string }

/** A block. @throws CHAIN_RPC where the endpoint does not have it; ANCHOR_BAD_ANSWER (protocol) */
export async function readBlock(endpoint: Endpoint, reference: Reference): Promise<Block> {
  const answer = HEADER.safeParse(await endpoint.send('block', reference))
  if (!answer.success) throw badAnswer(endpoint.name, 'a block of another shape')
  const { height: number, hash, timestamp_nanosec: timestampNs } = answer.data.header
  const asked = 'block_id' in reference ? reference.block_id : undefined
  const isAsked = asked === undefined || asked === number || asked === hash
  if (!isAsked) throw badAnswer(endpoint.name, 'another block than was asked for')
  return { number, hash, timestampNs }
}

const NS_PER_SECOND = 1_000_000_000n

/** Where the chain stands, with hashes as every chain's answers show them. */
export const SOURCE: BlockSource = {
  chain: 'near',
  readHead: async (endpoint) =>
    BigInt((await readBlock(endpoint, { finality: 'optimistic' })).number),
  readFinal: async (endpoint) => shown(await readBlock(endpoint, { finality: 'final' })),
  readBlock: async (endpoint, number) =>
    shown(await readBlock(endpoint, { block_id: Number(number) })),
  readHeadTime: async (endpoint) =>
    (await readBlock(endpoint, { finality: 'optimistic' })).timestampNs / NS_PER_SECOND,
}

function shown({ number, hash }: Block): BlockId {
  return { number: BigInt(number), hash: `0x${toHex(fromBase58(hash))}` }
}

/** A hash that was shown, as endpoints write it. */
export function hashOf(shownHash: string): string {
  return toBase58(fromHex(shownHash.slice(2)))
}

/** How far the chain was seen. */
export function nearHeights(rpc: Endpoints, clock: Pick<Clock, 'nowMs'>): Heights {
  return new Heights(rpc, SOURCE, clock)
}

/**
 * Reads the time of the newest block, Unix seconds: the chain's clock is what requests are judged by, and its next block is a second away. What an endpoint says is
 * held to the machine's time. A chain on one machine may have been idle since, so a machine that is ahead counts there; the public ones never are.
 * What it makes throws ANCHOR_CLOCK (protocol) when both differ too much.
 */
export function readTimeOf(
  chainId: string,
): (endpoint: Endpoint, machineSeconds: bigint) => Promise<bigint> {
  const mayIdle = !NETWORKS.includes(chainId)
  return async (endpoint, machineSeconds) => {
    const { timestampNs } = await readBlock(endpoint, { finality: 'optimistic' })
    const shown = timestampNs / NS_PER_SECOND
    const isIdle = mayIdle && machineSeconds > shown
    return isIdle ? machineSeconds : agreedTime(endpoint.name, shown, machineSeconds)
  }
}
