/** Faults of the network. */
import type { Machine } from '../machine.ts'
import type { Road, Trouble } from '../network/roads.ts'
import type { World } from '../world.ts'
import type { Fault } from './fault.ts'

/** Roads from each of some machines to each of the others. */
function roads(world: World, some: readonly Machine[], others: readonly Machine[]): Road[] {
  return some.flatMap((a) =>
    others.filter((b) => b !== a).map((b) => world.swarm.roads.from(a.peerId, b.peerId)),
  )
}

/** Troubles some roads. @returns what ends it */
function troubled(world: World, some: readonly Road[], trouble: Trouble): () => void {
  const ends = some.map((road) => road.troubles.begin(trouble))
  world.swarm.noticeAll()
  return () => {
    for (const end of ends) end()
  }
}

/** Nothing passes between some machines and the others. @returns what ends it */
export function parted(world: World, some: readonly Machine[]): () => void {
  const others = without(world.machines, some)
  const between = [...roads(world, some, others), ...roads(world, others, some)]
  return troubled(world, between, { isBlocked: true })
}

function without(machines: readonly Machine[], some: readonly Machine[]): Machine[] {
  return machines.filter((machine) => !some.includes(machine))
}

/** Connections are reset. */
export const cut: Fault = async ({ world, random, stage }) => {
  for (let times = random.between(1, 6); times > 0; times--) {
    const { links } = world.swarm
    if (links.length > 0) {
      world.swarm.cut(random.pick(links))
      world.tally.count('connections reset')
    }
    await stage.pause(random.below(2_000))
  }
}

/** Messages get lost, gossip for good. */
export const drop: Fault = async ({ world, random, stage }) => {
  const all = roads(world, world.machines, world.machines)
  const end = troubled(world, all, { loss: random.pick([0.1, 0.3, 0.9]) })
  await stage.pause(random.between(2_000, 20_000))
  end()
}

/** Gossip comes twice. */
export const double: Fault = async ({ world, random, stage }) => {
  const all = roads(world, world.machines, world.machines)
  const end = troubled(world, all, { doubling: 0.5 })
  await stage.pause(random.between(2_000, 20_000))
  end()
}

/** Nothing passes between two groups of machines. */
export const split: Fault = async ({ world, random, stage }) => {
  const alone = random.pick(world.machines)
  const some = world.machines.filter((machine) => machine === alone || random.chance(0.3))
  if (some.length === world.machines.length) some.splice(0, 1)
  const end = parted(world, some)
  world.tally.count('splits')
  await stage.pause(random.pick([500, 3_000, 15_000, 40_000]))
  end()
}

/** One machine hears another, and cannot answer. */
export const oneWay: Fault = async ({ world, random, stage }) => {
  const mute = random.pick(world.machines)
  const other = random.pick(without(world.machines, [mute]))
  const end = troubled(world, roads(world, [mute], [other]), { isBlocked: true })
  world.tally.count('roads one way')
  await stage.pause(random.between(1_000, 30_000))
  end()
}

/** A machine's connections are slow. */
export const slow: Fault = async ({ world, random, stage }) => {
  const lame = [random.pick(world.machines)]
  const others = without(world.machines, lame)
  const touched = [...roads(world, lame, others), ...roads(world, others, lame)]
  const end = troubled(world, touched, { slowness: random.pick([5, 20, 60]) })
  world.tally.count('machines slow')
  await stage.pause(random.between(5_000, 30_000))
  end()
}
