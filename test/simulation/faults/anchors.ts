/** Faults of the way to the anchor. */
import type { AnchorTrouble } from '../anchor.ts'
import type { Fault, FaultContext } from './fault.ts'

/** Nobody answers: at once, or not at all. */
export const anchorAway: Fault = (context) =>
  trouble(context, context.random.chance(0.5) ? { isRefused: true } : { isMute: true })

/** Answers take seconds. */
export const anchorLate: Fault = (context) =>
  trouble(context, { slowness: context.random.pick([20, 200]) })

/** What was asked for is done, and the answer gets lost. */
export const anchorLost: Fault = (context) => trouble(context, { loss: 0.7 })

/** Reads are answered by an endpoint that lags behind the one that tells of changes. */
export const anchorStale: Fault = (context) =>
  trouble(context, { staleMs: context.random.between(500, 20_000) })

async function trouble(
  { world, random, stage }: FaultContext,
  change: AnchorTrouble,
): Promise<void> {
  const isForAll = random.chance(0.5)
  const roads = isForAll
    ? world.machines.map(({ anchorRoad }) => anchorRoad)
    : [random.pick(world.machines).anchorRoad]
  const ends = roads.map((road) => road.begin(change))
  await stage.pause(random.between(2_000, 40_000))
  for (const end of ends) end()
}
