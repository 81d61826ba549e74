/**
 * Finds durations that are measured with the wall clock, which people and time servers set back and forth: every reading of it in `src` is in
 * the list below, with what it is for. `node scripts/check-clocks.ts`, part of `npm run check`.
 */
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { report } from './support/report.ts'

/** A file that may read the wall clock, how often, and what for. */
interface Use {
  readonly count: number
  readonly why: string
}

const WALL_CLOCK: Readonly<Record<string, Use>> = {
  'src/auth/auth.ts': { count: 1, why: 'when an administrator was made' },
  'src/auth/keys/key-admin.ts': { count: 4, why: 'when keys were made and revoked' },
  'src/auth/sign-in/challenges.ts': { count: 2, why: 'until when a challenge is valid' },
  'src/auth/sign-in/sign-in.ts': { count: 1, why: 'when an administrator was made' },
  'src/auth/tokens/sessions.ts': { count: 8, why: 'until when tokens are valid' },
  'src/auth/tokens/signing-keys.ts': { count: 2, why: 'whose turn it is to sign' },
  'src/auth/tokens/tokens.ts': { count: 1, why: 'whether a token is valid' },
  'src/chains/ethereum/bindings.ts': { count: 1, why: 'compared with the time of blocks' },
  'src/chains/ethereum/inspect/inspect.ts': { count: 1, why: 'compared with the time of blocks' },
  'src/chains/shared/contract-service.ts': { count: 1, why: 'compared with the time of blocks' },
  'src/chains/shared/heights.ts': { count: 1, why: 'compared with the time of blocks' },
  'src/chains/ethereum/sign-in/sign-in.ts': { count: 1, why: 'whether a text is expired' },
  'src/chains/icp/rpc/clock.ts': { count: 2, why: 'compared with the time of certificates' },
  'src/chains/icp/inspect/inspect.ts': { count: 1, why: 'compared with the time of the chain' },
  'src/chains/near/inspect/inspect.ts': { count: 1, why: 'compared with the time of blocks' },
  'src/chains/near/send/adoption.ts': { count: 1, why: 'compared with the time of blocks' },
  'src/chains/near/wallet.ts': { count: 1, why: 'whether a challenge is expired' },
  'src/chains/stellar/inspect/inspect.ts': { count: 1, why: 'compared with the time of ledgers' },
  'src/chains/stellar/send/sender.ts': { count: 1, why: 'until when a transaction is good' },
  'src/chains/stellar/wallet.ts': { count: 1, why: 'whether a challenge is expired' },
  'src/chains/icp/sign-in/sign-in.ts': { count: 1, why: 'whether a delegation is expired' },
  'src/devnet/near/worker.ts': { count: 1, why: 'the time of blocks' },
  'src/devnet/icp/worker.ts': { count: 1, why: 'the time of certificates' },
  'src/devnet/stellar/worker.ts': { count: 1, why: 'the time of ledgers' },
  'src/node/anchor/envelope-anchor.ts': { count: 1, why: 'until when an invitation is valid' },
  'src/node/anchor/envelope-sender.ts': { count: 2, why: 'until when an operation is valid' },
  'src/node/anchor/fates.ts': { count: 1, why: 'until when an operation may take effect' },
  'src/node/anchor/following-anchor.ts': { count: 1, why: 'whether a group has moved' },
  'src/chains/local/model/authority.ts': { count: 1, why: 'whether an operation is still valid' },
  'src/node/context/intents/queue.ts': {
    count: 4,
    why: 'when an intent began, and about when next',
  },
  'src/node/context/application-look.ts': { count: 1, why: 'compared with the time of blocks' },
  'src/node/context/groups/group.ts': {
    count: 3,
    why: 'since when a key is owed, and when a view was replaced, for display; compared with the time of blocks',
  },
  'src/node/context/groups/second-look.ts': { count: 1, why: 'since when a view is in doubt' },
  'src/node/context/membership.ts': { count: 1, why: 'until when an invitation is valid' },
  'src/node/context/replica/failures.ts': { count: 1, why: 'when something failed, for people' },
  'src/node/context/replica/repair.ts': { count: 1, why: 'since when members differ, for people' },
  'src/node/context/replica/calls.ts': {
    count: 2,
    why: 'stamps of deltas, and since when calls into other contexts are owed, for people',
  },
  'src/node/context/cross-calls/cross-calls.ts': {
    count: 1,
    why: 'since when calls into other contexts are owed, for people',
  },
  'src/node/context/replica/merging.ts': { count: 1, why: 'stamps of deltas' },
  'src/server/operations.ts': { count: 1, why: 'since when an operation runs, for people' },
  'src/cli/session.ts': { count: 1, why: 'how long an operation has run by now, for people' },
  'src/node/primitives/node-clock.ts': { count: 1, why: 'the present, beside members’ clocks' },
  'src/node/primitives/steady-time.ts': { count: 1, why: 'what the reckoning begins with' },
  'src/node/runtime/wasm/engine.ts': { count: 1, why: 'the time that guests see' },
  'src/node/store/level-store.ts': { count: 1, why: 'since when nothing is stored, for display' },
  'src/node/sync/gossip.ts': { count: 2, why: 'the stamp of gossiped heads, and its judgement' },
  'src/cli/migration-text.ts': { count: 1, why: 'whether a group has moved, for display' },
  'src/cli/operator-token.ts': { count: 1, why: 'when a token expires, as it says itself' },
  'src/cli/sign-in/token-files.ts': { count: 1, why: 'the age of a lock, as the file system says' },
  'src/server/ws/connection.ts': { count: 2, why: 'when a token expires, as it says itself' },
  'src/server/relayer/relayer.ts': { count: 1, why: 'whether an operation is still valid' },
  'src/server/request.ts': { count: 1, why: 'the time in the id of a request' },
}

const READING = /\bnow(?:Ms|Ns)\(\)/g
/** Where the clock itself is. */
const HOME = 'src/node/primitives/clock.ts'
/** Where readings are declared, not made. */
const DECLARATION = /^\s*now(?:Ms|Ns)\(\): /

/** What is wrong with the readings of the wall clock in a file, one line each. */
export function findWallClocks(path: string, text: string): string[] {
  if (path === HOME) return []
  const found = text.split('\n').flatMap((line, at) => {
    if (DECLARATION.test(line)) return []
    return Array.from(line.matchAll(READING), () => at + 1)
  })
  const allowed = WALL_CLOCK[path]
  if (found.length === (allowed?.count ?? 0)) return []
  const why = allowed === undefined ? 'none' : `${allowed.count} (${allowed.why})`
  return [
    `${path}:${found.join(',')}: reads the wall clock ${found.length} times, the list says ${why}`,
  ]
}

if (import.meta.main) {
  const root = join(import.meta.dirname, '..')
  const files = globSync('src/**/*.ts', { cwd: root })
  const problems = files.flatMap((path) =>
    findWallClocks(path, readFileSync(join(root, path), 'utf8')),
  )
  const gone = Object.keys(WALL_CLOCK).filter((path) => !files.includes(path))
  problems.push(...gone.map((path) => `${path}: is in the list and does not exist`))
  report(
    'clocks',
    problems,
    'Use clock.monotonicMs() for durations, deadlines and rates; a stamp goes into the list of scripts/check-clocks.ts.',
  )
}
