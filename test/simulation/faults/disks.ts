/** Faults of disks. */
import type { Fault } from './fault.ts'

/** What a node may log while its disk takes nothing. */
export const DISK_CODES: readonly string[] = ['STORE_FAILED', 'STORE_UNAVAILABLE', 'ENOSPC']

/** A disk is full, and has room again. */
export const full: Fault = async ({ world, random, stage }) => {
  const { disk } = random.pick(world.machines)
  disk.isFull = true
  world.tally.count('disks full')
  for (const code of DISK_CODES) world.expected.add(code)
  await stage.pause(random.between(200, 15_000))
  disk.isFull = false
}

/** A file of a blob is damaged, and found so when the node starts again. Only where somebody else has it: who founds contexts may have the only copy. */
export const rot: Fault = async ({ world, company, random, stage }) => {
  const guests = world.machines.filter((machine) => !company.founders.has(machine))
  if (guests.length === 0) return
  const machine = random.pick(guests)
  if (machine.life === undefined || !machine.disk.blobs.damage(random)) return
  world.tally.count('files damaged')
  world.expected.add('BLOB_CORRUPT')
  machine.crash(false)
  await stage.pause(random.below(3_000))
  await machine.boot()
}
