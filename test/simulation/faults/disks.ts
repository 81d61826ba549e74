/** Faults of disks. */
import type { Fault } from './fault.ts'

/** A disk is full, and has room again. */
export const full: Fault = async ({ world, random, stage }) => {
  const { disk } = random.pick(world.machines)
  disk.isFull = true
  world.tally.count('disks full')
  await stage.pause(random.between(200, 15_000))
  disk.isFull = false
}
