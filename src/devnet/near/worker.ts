/** The thread of a local chain: runs contracts, and serves requests, beside the process that started it. */
import { systemClock } from '../../node/primitives/clock.ts'
import { serveThread } from '../shared/thread-server.ts'
import { Chain } from './chain/chain.ts'
import type { NearStart } from './messages.ts'
import { PROTOCOL_88 } from './parameters.ts'
import { startRpcServer } from './rpc/server.ts'

/** Time from block to block where it only moves with them, nanoseconds. */
const BLOCK_NS = 1_000_000_000n

/** Time that stands still until it is read for the next block. */
function steppingClock(startMs: number): () => bigint {
  let now = BigInt(startMs) * 1_000_000n - BLOCK_NS
  return () => (now += BLOCK_NS)
}

await serveThread(async (start: NearStart) => {
  const clock = systemClock
  const { startMs, host, port, maxBodyBytes, pollingMs } = start
  const chain = new Chain({
    ...{ chainId: start.chainId, seed: start.seed, mode: start.mode, parameters: PROTOCOL_88 },
    historyBlocks: start.historyBlocks,
    now: startMs === undefined ? () => clock.nowNs() : steppingClock(startMs),
  })
  chain.begin(start.accounts)
  return startRpcServer({ chain, clock, host, port, maxBodyBytes, pollingMs })
})
