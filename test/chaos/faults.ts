/** What breaks while work goes on. Each fault begins at some operation and is over some seconds later; how it is chosen follows from the seed. */
import type { SimRandom } from '../simulation/random.ts'
import type { Fleet, Member } from './fleet.ts'

export const FAULT_KINDS = [
  'kill',
  'halt',
  'cut',
  'hold',
  'slow',
  'anchor',
  'disk',
  'clock',
] as const
export type FaultKind = (typeof FAULT_KINDS)[number]

/** A fault of a run. */
export interface Fault {
  readonly kind: FaultKind
  /** What and whom, for people. */
  readonly text: string
  /** Begins it. */
  begin(): Promise<void>
  /** Ends it: what was broken is whole again. */
  end(): Promise<void>
}

/** Delays of a slow link, ms, lowest and highest. */
const SLOW_MS = [20, 300] as const
/** How far a clock is stepped, ms: within what members tolerate, and far beyond it. */
const STEPS_MS = [-3_600_000, -4_000, -1_500, 1_500, 4_000, 3_600_000] as const

type Make = (fleet: Fleet, random: SimRandom) => Omit<Fault, 'kind'>

const MAKERS: Readonly<Record<FaultKind, Make>> = {
  kill: (fleet, random) => {
    const member = random.pick(fleet.members)
    return {
      text: member.name,
      begin: () => member.kill(),
      end: () => member.start(),
    }
  },
  halt: (fleet, random) => {
    const member = random.pick(fleet.members)
    return {
      text: member.name,
      begin: async () => member.halt(true),
      end: async () => member.halt(false),
    }
  },
  // a cut between two, or one side of the fleet from the other
  cut: (fleet, random) => {
    const [side, others] = sides(fleet, random)
    const links = side.flatMap((one) => others.flatMap((other) => fleet.between(one, other)))
    return {
      text: `${namesOf(side)} from ${namesOf(others)}`,
      begin: async () => links.forEach((link) => link.cut()),
      end: async () => links.forEach((link) => link.mend()),
    }
  },
  // one hears the other and is not heard
  hold: (fleet, random) => {
    const [from, to] = two(fleet, random)
    const [there, back] = fleet.between(from, to)
    return {
      text: `what ${from.name} sends to ${to.name}`,
      begin: async () => {
        there.hold('there')
        back.hold('back')
      },
      end: async () => {
        there.mend()
        back.mend()
      },
    }
  },
  slow: (fleet, random) => {
    const [side, others] = sides(fleet, random)
    const links = side.flatMap((one) => others.flatMap((other) => fleet.between(one, other)))
    const delayMs = random.between(...SLOW_MS)
    return {
      text: `${namesOf(side)} to ${namesOf(others)}, ${delayMs} ms a piece`,
      begin: async () => links.forEach((link) => link.slow(delayMs)),
      end: async () => links.forEach((link) => link.mend()),
    }
  },
  anchor: (fleet, random) => {
    const { name, anchor } = random.pick(fleet.members)
    return {
      text: `is away for ${name}`,
      begin: async () => anchor.cut(),
      end: async () => anchor.mend(),
    }
  },
  // what was answered while the disk was full must outlive a crash that comes right after
  disk: (fleet, random) => {
    const member = random.pick(fleet.members)
    const isKilled = random.chance(0.5)
    return {
      text: `of ${member.name} is full${isKilled ? ', then it is killed' : ''}`,
      begin: async () => member.disk?.fill(),
      end: async () => {
        await member.disk?.empty()
        if (!isKilled) return
        await member.kill()
        await member.start()
      },
    }
  },
  clock: (fleet, random) => {
    const member = random.pick(fleet.members)
    const aheadMs = random.pick(STEPS_MS)
    return {
      text: `of ${member.name} by ${aheadMs / 1000} s`,
      begin: async () => member.setClock(aheadMs),
      end: async () => member.setClock(0),
    }
  },
}

/** Faults by chance, each kind once before any comes again. */
export class FaultBag {
  readonly #fleet: Fleet
  readonly #random: SimRandom
  readonly #kinds: readonly FaultKind[]
  #left: FaultKind[] = []

  constructor(fleet: Fleet, random: SimRandom, kinds: readonly FaultKind[]) {
    this.#fleet = fleet
    this.#random = random
    this.#kinds = kinds
  }

  draw(): Fault {
    if (this.#left.length === 0) this.#left = [...this.#kinds]
    const kind = this.#random.pick(this.#left)
    this.#left = this.#left.filter((other) => other !== kind)
    return { kind, ...MAKERS[kind](this.#fleet, this.#random) }
  }
}

/** Two members that are not the same. */
function two(fleet: Fleet, random: SimRandom): [Member, Member] {
  const one = random.pick(fleet.members)
  return [one, random.pick(fleet.members.filter((other) => other !== one))]
}

/** A pair, or all members in two groups. */
function sides(fleet: Fleet, random: SimRandom): [Member[], Member[]] {
  const [one, other] = two(fleet, random)
  if (random.chance(0.5)) return [[one], [other]]
  const others = fleet.members.filter((member) => member !== one && member !== other)
  const left = others.filter(() => random.chance(0.5))
  return [
    [one, ...left],
    [other, ...others.filter((member) => !left.includes(member))],
  ]
}

function namesOf(members: readonly Member[]): string {
  return members.map(({ name }) => name).join('+')
}
