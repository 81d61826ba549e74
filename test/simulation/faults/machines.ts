/** Faults of processes and machines. */
import type { Fault } from './fault.ts'

/** Writes just before a machine goes down, so that something is under way, and how soon it goes, ms. */
const BURST = 20
const BURST_MS = 60

/** A process is killed. */
export const crash: Fault = async ({ world, company, random, stage }) => {
  const machine = random.pick(world.machines)
  if (machine.life === undefined) return
  company.burst(machine, BURST)
  await world.time.sleep(random.below(BURST_MS))
  machine.crash(false)
  world.tally.count('crashes')
  await stage.pause(random.below(8_000))
  await machine.boot()
}

/** A machine loses power, and with it what was not synced. */
export const power: Fault = async ({ world, company, random, stage }) => {
  const machine = random.pick(world.machines)
  if (machine.life === undefined) return
  company.burst(machine, BURST)
  await world.time.sleep(random.below(BURST_MS))
  machine.crash(true)
  world.tally.count('power losses')
  await stage.pause(random.below(30_000))
  await machine.boot()
}

/** A machine goes to another network: its address changes with its next start. The first one stays where all can find it. */
export const move: Fault = async ({ world, random, stage }) => {
  const machine = random.pick(world.machines.slice(1))
  if (machine.life === undefined) return
  world.tally.count('machines moved')
  machine.crash(false)
  machine.move()
  await stage.pause(random.below(5_000))
  await machine.boot()
}

/** A node is stopped in good order, and started again. */
export const restart: Fault = async ({ world, random, stage }) => {
  if (world.awake.length === 0) return
  const machine = random.pick(world.awake)
  world.tally.count('restarts')
  try {
    await machine.stop()
  } catch (error) {
    world.tally.count('stops failed')
    world.time.note(`${machine.name} did not stop in good order: ${String(error)}`)
  }
  await stage.pause(random.below(5_000))
  await machine.boot()
}
