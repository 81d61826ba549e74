/** Events as an endpoint has them, in ranges of blocks that it is ready to answer. */
import { toQuantity } from 'ethers'
import { badAnswer } from '../../../node/anchor/errors.ts'
import { isMerogateError } from '../../../node/errors.ts'
import type { Heights } from '../../shared/heights.ts'
import { MAX_LOG_BLOCKS } from '../limits.ts'
import type { Endpoint } from '../../shared/endpoints.ts'
import { rpcErrorKind } from '../rpc/rpc-errors.ts'

/** An event, as far as it was checked. */
export interface Log {
  readonly topics: readonly string[]
  /** Hexadecimal with 0x. */
  readonly data: string
  readonly block: number
  readonly transaction: string
}

/** What is asked for. */
export interface LogRange {
  readonly address: string
  /** What each topic must be; null: anything. @default anything */
  readonly topics?: readonly (string | null)[] | undefined
  /** First and last block, both included. */
  readonly from: number
  readonly to: number
}

/** Events of the first blocks of a range, in their order, up to and with the block `to`. */
export interface LogPart {
  readonly logs: readonly Log[]
  readonly to: number
}

/**
 * The first part of a range: MAX_LOG_BLOCKS at most, and fewer where the endpoint finds that too much.
 * @throws ANCHOR_BAD_ANSWER (protocol), and what the endpoint answers for a single block
 */
export async function readLogs(endpoint: Endpoint, range: LogRange): Promise<LogPart> {
  const { address, topics, from } = range
  let to = Math.min(range.to, from + MAX_LOG_BLOCKS - 1)
  for (;;) {
    const blocks = { fromBlock: toQuantity(from), toBlock: toQuantity(to) }
    const filter = { address, ...(topics === undefined ? {} : { topics }), ...blocks }
    try {
      const answer = await endpoint.send('eth_getLogs', [filter])
      if (!Array.isArray(answer)) throw badAnswer(endpoint.name, 'events of another shape')
      return { logs: answer.map((log) => toLog(endpoint, log, { from, to })), to }
    } catch (error) {
      if (to === from || !isTooMuch(error)) throw error
      to = from + Math.floor((to - from) / 2)
    }
  }
}

/** Endpoints limit the blocks, the events or the bytes, and say so in words of their own. */
function isTooMuch(error: unknown): boolean {
  return rpcErrorKind(error) !== undefined || isMerogateError(error, 'CHAIN_TOO_LONG')
}

function toLog(endpoint: Endpoint, log: unknown, { from, to }: { from: number; to: number }): Log {
  if (typeof log === 'object' && log !== null) {
    const { topics, data, blockNumber, transactionHash } = log as Record<string, unknown> // each is checked below
    const block = isHex(blockNumber) ? Number(blockNumber) : -1
    const isWhole =
      Array.isArray(topics) && topics.every(isHex) && isHex(data) && isHex(transactionHash)
    if (isWhole && block >= from && block <= to) {
      return { topics, data, block, transaction: transactionHash }
    }
  }
  throw badAnswer(endpoint.name, 'an event of another shape')
}

function isHex(value: unknown): value is string {
  return typeof value === 'string' && /^0x[0-9a-f]*$/i.test(value)
}

/** An event and where it lies. */
export interface Logged<E> {
  readonly event: E
  readonly block: number
  /** Hash of its transaction, hexadecimal with 0x. */
  readonly transaction: string
}

/**
 * All events of a range of blocks that `decode` knows, oldest first, as far as the blocks are final.
 * @throws ANCHOR_UNREACHABLE (transport), ANCHOR_BAD_ANSWER (protocol)
 */
export async function readEvents<E>(
  heights: Heights,
  { address, from, to }: LogRange,
  decode: (where: string, log: Log) => E | undefined,
  signal?: AbortSignal,
): Promise<readonly Logged<E>[]> {
  const found: Logged<E>[] = []
  let next = from
  let last = to
  while (next <= last) {
    const first = next
    const part = await heights.run(
      'final',
      async (endpoint, height) => {
        last = Math.min(to, Number(height))
        if (last < first) return { events: [], to: last }
        const read = await readLogs(endpoint, { address, from: first, to: last })
        const events = read.logs.flatMap((log) => {
          const event = decode(endpoint.name, log)
          const { block, transaction } = log
          return event === undefined ? [] : [{ event, block, transaction }]
        })
        return { events, to: read.to }
      },
      signal,
    )
    found.push(...part.events)
    next = part.to + 1
  }
  return found
}
