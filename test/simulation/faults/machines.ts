/** Faults of processes and machines. */
import type { Fault } from './fault.ts'

/** A process is killed. */
export const crash: Fault = async ({ world, random, stage }) => {
  const machine = random.pick(world.machines)
  if (machine.life === undefined) return
  machine.crash(false)
  world.tally.count('crashes')
  await stage.pause(random.below(8_000))
  await machine.boot()
}

/** A machine loses power, and with it what was not synced. */
export const power: Fault = async ({ world, random, stage }) => {
  const machine = random.pick(world.machines)
  if (machine.life === undefined) return
  machine.crash(true)
  world.tally.count('power losses')
  await stage.pause(random.below(30_000))
  await machine.boot()
}

/** A node is stopped in good order, and started again. */
export const restart: Fault = async ({ world, random, stage }) => {
  if (world.awake.length === 0) return
  const machine = random.pick(world.awake)
  world.tally.count('restarts')
  await machine.stop()
  machine.exit()
  await stage.pause(random.below(5_000))
  await machine.boot()
}
