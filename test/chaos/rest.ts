/** Whether all members have come to rest: one root, one number of deltas, nothing that waits; and whether all that was acknowledged is there. */
import type { Context } from '../../src/client/index.ts'
import type { Member } from './fleet.ts'
import type { Content } from './ledger.ts'
import type { Shared } from './operations.ts'

/** Members have so long to come to rest once everything is whole, ms. */
export const REST_MS = 10_000
/** Between two looks, ms. */
const LOOK_MS = 200
/** Longest wait for one answer, ms. */
const ANSWER_MS = 5_000

/** How one member stands in one context. */
interface Standing {
  readonly member: string
  readonly context: Context | undefined
  /** Why there is none. */
  readonly failure?: string
}

/** The end of the wait. */
export interface Rest {
  /** How long it took, ms; undefined: they did not come to rest in time. */
  readonly afterMs: number | undefined
  /** What stands in the way at the last look, one line each. */
  readonly open: readonly string[]
  /** What stood in the way last when they came to rest. */
  readonly slowest: readonly string[]
  /** Equal deltas and unequal roots, or a root that was not the author's. */
  readonly diverged: readonly string[]
}

/** Waits until everything is at rest, or time is up. */
export async function untilRest(
  members: readonly Member[],
  contexts: readonly Shared[],
  withinMs: number,
): Promise<Rest> {
  const began = performance.now()
  let slowest: readonly string[] = []
  for (;;) {
    const open: string[] = []
    const diverged: string[] = []
    for (const { contextId } of contexts) {
      const standings = await Promise.all(members.map((member) => standingOf(member, contextId)))
      open.push(...openPoints(contextId, standings))
      diverged.push(...differences(contextId, standings))
    }
    const afterMs = performance.now() - began
    if (open.length === 0 || diverged.length > 0 || afterMs > withinMs) {
      return { afterMs: open.length === 0 ? afterMs : undefined, open, slowest, diverged }
    }
    slowest = open
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
  }
}

async function standingOf(member: Member, contextId: string): Promise<Standing> {
  try {
    return {
      member: member.name,
      context: await withinTime(member.client.admin.context(contextId)),
    }
  } catch (error) {
    return { member: member.name, context: undefined, failure: String(error) }
  }
}

function openPoints(contextId: string, standings: readonly Standing[]): string[] {
  const seen = standings.flatMap(({ context }) => (context === undefined ? [] : [context]))
  const isOne =
    new Set(seen.map(({ rootHash, deltas }) => `${rootHash} ${deltas.applied}`)).size === 1
  const isClear = standings.every(({ context }) => {
    if (context === undefined) return false
    const { pending, parked, quarantined } = context.deltas
    return context.status === 'ready' && pending + parked + quarantined === 0
  })
  if (isOne && isClear && seen.length === standings.length) return []
  return standings.map(({ member, context, failure }) => {
    const name = `${contextId.slice(0, 6)} ${member}`
    if (context === undefined) return `${name}: ${failure ?? 'no answer'}`
    const { status, rootHash, deltas, waitsFor, lastFailure } = context
    const why = [waitsFor.parked, waitsFor.quarantined].map((one) => JSON.stringify(one)).join(' ')
    const last = lastFailure === null ? '' : ` ${lastFailure.code} ${lastFailure.message}`
    return `${name}: ${status} ${rootHash.slice(0, 6)} ${JSON.stringify(deltas)} ${why}${last}`
  })
}

function differences(contextId: string, standings: readonly Standing[]): string[] {
  const seen = standings.flatMap(({ member, context }) =>
    context === undefined ? [] : [{ member, context }],
  )
  const byHeads = Map.groupBy(seen, ({ context }) => JSON.stringify(context.dagHeads ?? []))
  const unequal = [...byHeads.values()].flatMap((group) => {
    const roots = new Set(group.map(({ context }) => context.rootHash))
    if (roots.size === 1) return []
    const names = group.map(({ member }) => member).join(', ')
    return [`${contextId.slice(0, 6)}: one history and ${roots.size} roots at ${names}`]
  })
  const mismatches = seen
    .filter(({ context }) => context.rootMismatches > 0)
    .map(
      ({ member, context }) =>
        `${contextId.slice(0, 6)}: ${context.rootMismatches} roots differ from their authors’ at ${member}`,
    )
  return [...unequal, ...mismatches]
}

/** What members lack of what was acknowledged, one line each. */
export async function lostBy(
  members: readonly Member[],
  contexts: readonly Shared[],
): Promise<string[]> {
  const lines: string[] = []
  for (const { contextId, ledger } of contexts) {
    for (const { name, client } of members) {
      const call = { contextId, method: 'summary', readOnly: true }
      const content = await withinTime(client.rpc.execute<Content>(call))
      lines.push(
        ...ledger.findings(content).map((line) => `${contextId.slice(0, 6)} ${name}: ${line}`),
      )
    }
  }
  return lines
}

/** A promise's end, or a failure when it takes too long. */
async function withinTime<T>(promise: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(
    () => late.reject(new RangeError(`no answer in ${ANSWER_MS} ms`)),
    ANSWER_MS,
  )
  try {
    return await Promise.race([promise, late.promise])
  } finally {
    clearTimeout(timer)
  }
}
