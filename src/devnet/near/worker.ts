/** The thread of a local chain: runs contracts, and serves requests, beside the process that started it. */
import { parentPort, workerData } from 'node:worker_threads'
import { type Clock, systemClock } from '../../node/primitives/clock.ts'
import { Chain } from './chain/chain.ts'
import type { ThreadReply, ThreadRequest, ThreadStart } from './messages.ts'
import { PROTOCOL_88 } from './parameters.ts'
import { startRpcServer } from './rpc/server.ts'

/** Time from block to block where it only moves with them, nanoseconds. */
const BLOCK_NS = 1_000_000_000n

/** Time that stands still until it is read for the next block. */
function steppingClock(startMs: number): () => bigint {
  let now = BigInt(startMs) * 1_000_000n - BLOCK_NS
  return () => (now += BLOCK_NS)
}

async function run(start: ThreadStart, clock: Clock): Promise<void> {
  const post = (reply: ThreadReply): void => parentPort?.postMessage(reply)
  const { startMs } = start
  const chain = new Chain({
    ...{ chainId: start.chainId, seed: start.seed, mode: start.mode, parameters: PROTOCOL_88 },
    historyBlocks: start.historyBlocks,
    now: startMs === undefined ? () => clock.nowNs() : steppingClock(startMs),
  })
  chain.begin(start.accounts)
  const { host, port, maxBodyBytes } = start
  const server = await startRpcServer({ chain, clock, host, port, maxBodyBytes })
  const closing = new AbortController()
  parentPort?.on('message', (request: ThreadRequest) => {
    if (request.type === 'close') {
      closing.abort()
      void server.close().then(() => parentPort?.close())
      return
    }
    const { id, method, params } = request
    void server.answer(method, params, closing.signal).then((answer) => {
      if ('result' in answer) post({ type: 'result', id, result: answer.result })
      else post({ type: 'error', id, error: answer.error })
    })
  })
  post({ type: 'listening', port: server.port })
}

try {
  await run(workerData as ThreadStart, systemClock) // what index.ts sends
} catch (error) {
  const message = error instanceof Error ? error.message : String(error)
  parentPort?.postMessage({ type: 'failed', message } satisfies ThreadReply)
}
