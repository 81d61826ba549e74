/** The work that goes on while things break: calls of the example application, on any node that is up, at a steady pace. */
import { isMerogateError } from '../../src/node/errors.ts'
import type { SimRandom } from '../simulation/random.ts'
import type { Member } from './fleet.ts'
import { type Fate, type Ledger } from './ledger.ts'

/** Answers that say for sure that nothing was done; all others leave it open. */
const REFUSALS: ReadonlySet<string> = new Set([
  ...['FunctionCallError', 'Uninitialized', 'Unauthorized', 'RateLimited', 'ParseError'],
  ...['ContextNotFound', 'ApplicationNotInstalled'],
])
/** Longest wait for an answer, ms: a node that is halted gives none. */
const ANSWER_MS = 8_000
/** Calls that wait for an answer at one time, of all nodes. */
const MAX_OPEN = 24

/** How often each is chosen, of a hundred. */
const MIX = [
  ['set', 55],
  ['incr', 20],
  ['push', 10],
  ['get', 15],
] as const
type Kind = (typeof MIX)[number][0]

/** One context and what was done to it. */
export interface Shared {
  readonly contextId: string
  readonly ledger: Ledger
}

export interface WorkInit {
  readonly members: readonly Member[]
  readonly contexts: readonly Shared[]
  readonly random: SimRandom
  readonly operations: number
  /** All of them are asked for within this time, ms. */
  readonly lastsMs: number
  /** Called before each operation, with how many there were. */
  readonly onOperation: (count: number) => void
}

/** Does the work; resolves when the last operation has its answer. */
export async function work(init: WorkInit): Promise<Record<Fate, number>> {
  const { random, operations, lastsMs, onOperation } = init
  const tally = { acknowledged: 0, refused: 0, unknown: 0 }
  const open = new Set<Promise<void>>()
  const began = performance.now()
  for (let count = 0; count < operations; count++) {
    onOperation(count)
    const dueMs = began + (lastsMs * count) / operations
    const waitMs = dueMs - performance.now()
    if (waitMs > 1) await new Promise((resolve) => setTimeout(resolve, waitMs))
    while (open.size >= MAX_OPEN) await Promise.race(open)
    const up = init.members.filter(({ life }) => life !== 'down')
    const one = operate(random.pick(up), random.pick(init.contexts), kindOf(random), count)
    const done: Promise<void> = one.then((fate) => {
      tally[fate]++
      open.delete(done)
    })
    open.add(done)
  }
  await Promise.all(open)
  return tally
}

function kindOf(random: SimRandom): Kind {
  let at = random.below(100)
  for (const [kind, share] of MIX) {
    at -= share
    if (at < 0) return kind
  }
  return 'get'
}

async function operate(member: Member, shared: Shared, kind: Kind, n: number): Promise<Fate> {
  const { contextId, ledger } = shared
  const key = `${member.name}-${n}`
  const args = { set: { key, value: key }, push: { value: key }, incr: {}, get: { key } }[kind]
  const signal = AbortSignal.timeout(ANSWER_MS)
  let fate: Fate
  try {
    await member.client.rpc.execute({ contextId, method: kind, args, signal })
    fate = 'acknowledged'
  } catch (error) {
    const code = signal.aborted ? 'no answer' : codeOf(error)
    fate = REFUSALS.has(code) ? 'refused' : 'unknown'
    ledger.refused(code)
  }
  if (kind !== 'get' && fate !== 'refused') ledger.note(kind, key, fate)
  return fate
}

/** What a call ended with: the type of the node's answer, or the client's own code. */
function codeOf(error: unknown): string {
  if (!isMerogateError(error)) throw error
  const { type, details } = error.details
  const { mayTakeEffect } = (details ?? {}) as { mayTakeEffect?: unknown }
  if (type === 'Timeout' && mayTakeEffect === false) return 'RateLimited'
  return typeof type === 'string' ? type : error.code
}
