/** What one kind of attacker does, and how that is told. */
import type { HostileClient } from './hostile-client.ts'
import type { Hostile } from './hostile.ts'
import type { ClientStanding, PeerStanding, Tally } from './order.ts'

/** Goes on until the signal fires, and tells what came of it. */
export type Attack = (signal: AbortSignal) => Promise<Tally>

/** Of a peer. */
export type PeerScenario = ScenarioOf<Hostile, PeerStanding>
/** Of a client of the API. */
export type ClientScenario = ScenarioOf<HostileClient, ClientStanding>
export type Scenario = PeerScenario | ClientScenario

interface ScenarioOf<Attacker, Standing> {
  readonly name: string
  readonly standing: Standing
  /** In a few words. */
  readonly does: string
  /** Whether somebody is invited meanwhile who must get in. @default false */
  readonly isNewcomerInvited?: boolean
  /** A number of its tally that must be reached for the node to have done as promised. @default none */
  readonly mustReach?: readonly [name: string, least: number]
  /** What it does is work that its own share of the machine pays for: calls of others may take five times as long, for the processor is shared. @default false */
  readonly takesCore?: boolean
  /** Makes ready what takes time, so that the attack itself is nothing but sending. */
  prepare(hostile: Attacker): Promise<Attack>
}

export function isOfClient(scenario: Scenario): scenario is ClientScenario {
  return ['nobody', 'client', 'application'].includes(scenario.standing)
}

/** Does something so often, until the signal fires or it fails. Returns how often it was done. */
export async function everyMs(
  ms: number,
  signal: AbortSignal,
  work: (turn: number) => Promise<unknown> | void,
): Promise<number> {
  const start = performance.now()
  let turn = 0
  for (; !signal.aborted; turn++) {
    const waitMs = start + turn * ms - performance.now()
    if (waitMs > 0 || turn % 64 === 0)
      await new Promise((resolve) => setTimeout(resolve, Math.max(waitMs, 0)))
    if (signal.aborted) break
    await work(turn)
  }
  return turn
}

/** As {@link everyMs}, over streams that are opened again when the node ends them; a node that takes none any more counts as shut. */
export async function insisting<T extends { readonly stream: { drained(): Promise<void> } }>(
  ms: number,
  signal: AbortSignal,
  open: () => Promise<T>,
  work: (stream: T, turn: number) => Promise<unknown> | void,
): Promise<{ sent: number; cut: number; shut: number }> {
  const tally = { sent: 0, cut: 0, shut: 0 }
  let stream: T | undefined
  await everyMs(ms, signal, async (turn) => {
    try {
      stream ??= await open()
    } catch {
      tally.shut++
      await new Promise((resolve) => setTimeout(resolve, 250))
      return
    }
    try {
      await work(stream, turn)
      const isOver = new Promise((resolve) => signal.addEventListener('abort', resolve))
      await Promise.race([stream.stream.drained(), isOver])
      tally.sent++
    } catch {
      stream = undefined
      tally.cut++
    }
  })
  return tally
}

/** Does something over and over in so many lanes until the signal fires. What each turn resolves to is counted. */
export async function overAndOver(
  lanes: number,
  signal: AbortSignal,
  work: (lane: number, turn: number) => Promise<string>,
): Promise<Tally> {
  const tally: Record<string, number> = {}
  const lane = async (at: number): Promise<void> => {
    for (let turn = 0; !signal.aborted; turn++) {
      const what = await work(at, turn).catch(() => 'failed')
      if (!signal.aborted) tally[what] = (tally[what] ?? 0) + 1
      // who is refused at once must not spin
      if (what === 'failed') await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
  await Promise.all(Array.from({ length: lanes }, (_, at) => lane(at)))
  return tally
}
