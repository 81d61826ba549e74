/** The thread of a local chain: runs canisters, and serves requests, beside the process that started it. */
import { systemClock } from '../../node/primitives/clock.ts'
import { serveThread } from '../shared/thread-server.ts'
import { Subnet } from './chain/subnet.ts'
import { startIcpServer } from './http/server.ts'
import { fund } from './ledger/ledger.ts'
import type { IcpStart } from './messages.ts'

/** How often timers and charges are looked at, ms. */
const TICK_MS = 100

await serveThread(async (start: IcpStart) => {
  const clock = systemClock
  const {
    seed,
    hasSubnet,
    isSigning,
    mode,
    limits,
    startMs,
    host,
    port,
    maxBodyBytes,
    callTimeoutMs,
  } = start
  const fixed = startMs === undefined ? undefined : BigInt(startMs) * 1_000_000n
  const now = (): bigint => fixed ?? clock.nowNs()
  const chain = new Subnet({ seed, hasSubnet, isSigning, mode, limits, now })
  for (const { principal, cycles } of start.accounts) fund(chain, principal, cycles)
  const server = { chain, clock, host, port, maxBodyBytes, callTimeoutMs, tickMs: TICK_MS }
  return startIcpServer(server)
})
