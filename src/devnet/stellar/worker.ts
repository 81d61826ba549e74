/** The thread of a local network: runs contracts, and serves requests, beside the process that started it. */
import { systemClock } from '../../node/primitives/clock.ts'
import { serveThread } from '../shared/thread-server.ts'
import { Chain } from './chain/chain.ts'
import type { StellarStart } from './messages.ts'
import { parametersOf } from './parameters.ts'
import { startStellarServer } from './rpc/server.ts'

await serveThread(async (start: StellarStart) => {
  const { passphrase, seed, mode, accounts, retentionLedgers, startSeconds } = start
  const { host, port, maxBodyBytes } = start
  const chain = new Chain({
    ...{ passphrase, seed, mode, accounts, retentionLedgers },
    parameters: parametersOf(start.parameters),
    now: () => startSeconds ?? Math.floor(systemClock.nowMs() / 1000),
    isTimeHeld: startSeconds !== undefined,
  })
  return startStellarServer({ chain, host, port, maxBodyBytes })
})
