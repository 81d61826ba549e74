/** Faults of clocks, and processes that stand still. */
import type { FaultContext, Fault } from './fault.ts'

/** Steps of a wall clock, ms: a time server's, a wrong zone's, a dead battery's. */
const STEPS_MS: readonly number[] = [300, 4_000, 90_000, 3_600_000]

/** A wall clock is wrong for a while, and then set right. */
export const step: Fault = async ({ world, random, stage }) => {
  const { wall } = random.pick(world.machines)
  const us = random.pick(STEPS_MS) * 1000 * (random.chance(0.5) ? 1 : -1)
  wall.skewUs += us
  world.tally.count(us > 0 ? 'clocks set forth' : 'clocks set back')
  await stage.pause(random.between(1_000, 30_000))
  wall.skewUs -= us
}

/** Clocks that nobody keeps right: each off by some part of a second. */
export const skew: Fault = async ({ world, random, stage }) => {
  const offs = world.machines.map((machine) => {
    const us = (random.below(1_600) - 800) * 1000
    machine.wall.skewUs += us
    return () => (machine.wall.skewUs -= us)
  })
  world.tally.count('clocks skewed', offs.length)
  await stage.pause(random.between(5_000, 60_000))
  for (const off of offs) off()
}

/** A laptop's lid is closed: nothing runs, timers wait. */
export const sleep: Fault = async (context) => {
  await standStill(context, 'asleep')
}

/** A process is stopped as by SIGSTOP: nothing runs, timers go on. */
export const stop: Fault = async (context) => {
  await standStill(context, 'stopped')
}

async function standStill(
  { world, random, stage }: FaultContext,
  how: 'asleep' | 'stopped',
): Promise<void> {
  const { life } = random.pick(world.machines)
  if (life === undefined || !life.isAwake) return
  life.halt(how)
  world.swarm.noticeAll()
  world.tally.count(how === 'asleep' ? 'machines asleep' : 'processes stopped')
  await stage.pause(random.pick([200, 3_000, 20_000, 120_000]))
  life.wake()
}
