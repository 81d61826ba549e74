/** One machine: a disk, a wall clock and a way to the anchor, which stay, and a node whose process comes and goes. */
import { atRest, type AtRest } from '../../src/node/crypto/at-rest.ts'
import type { Node } from '../../src/node/index.ts'
import { networkKey, peerIdOf } from '../../src/node/network/key.ts'
import type { PeerId } from '../../src/node/network/network.ts'
import { createNode } from '../../src/node/node.ts'
import { HLC_MAX_AHEAD_MS } from '../../src/node/primitives/hlc.ts'
import type { Store } from '../../src/node/store/store.ts'
import { type AnchorComponents, type AnchorRoad, simAnchor } from './anchor.ts'
import { SimDisk } from './disk.ts'
import { simEngine } from './engine.ts'
import { Life, type WallClock } from './life.ts'
import { simLogger } from './logs.ts'
import { SimNetwork } from './network/sim-network.ts'
import type { SimRandom } from './random.ts'
import { Troubles } from './troubles.ts'
import type { World } from './world.ts'

/** Pause before a node that could not start is started again, as a supervisor does it, ms. */
const RESTART_MS = 2_000

/** A process with its node. */
export interface Running {
  readonly life: Life
  readonly node: Node
  readonly network: SimNetwork
  readonly store: Store
}

export class Machine {
  readonly index: number
  readonly peerId: PeerId
  readonly disk: SimDisk
  readonly wall: WallClock = { skewUs: 0 }
  readonly anchorRoad: AnchorRoad = new Troubles()
  /** When it lost power, virtual ms. */
  readonly powerLosses: number[] = []
  /** When it last went to another address, virtual ms. */
  movedMs: number = -Infinity
  /** The node, while it is started. */
  running: Running | undefined
  readonly #world: World
  readonly #seed: Uint8Array
  readonly random: SimRandom
  readonly #heard: AnchorComponents['heard'] = new Map()
  #life: Life | undefined
  #network: SimNetwork | undefined
  #moves = 0
  /** Counts decisions on whether it is to run: only the newest counts. */
  #decision = 0

  constructor(world: World, index: number, random: SimRandom) {
    this.#world = world
    this.index = index
    this.random = random
    this.#seed = random.bytes(32)
    this.peerId = peerIdOf(networkKey(this.#seed))
    this.disk = new SimDisk(world.tally)
    world.swarm.name(this.peerId, this.name)
  }

  get name(): string {
    return `n${this.index}`
  }

  /** How its secrets lie on the disk. */
  get atRest(): AtRest {
    return atRest(this.#seed, this.random)
  }

  /** The process, from its first moment on. */
  get life(): Life | undefined {
    return this.#life?.isAlive === true ? this.#life : undefined
  }

  /** Starts the node, again and again until it runs or is not wanted any more. */
  async boot(): Promise<void> {
    if (this.life !== undefined) return
    const decision = ++this.#decision
    while (this.#decision === decision) {
      const life = new Life(this.#world.time, this.wall)
      this.#life = life
      try {
        const running = await Promise.race([this.#start(life), life.over])
        if (running === undefined) return
        this.running = running
        this.#world.time.note(`${this.name} is up`)
        return
      } catch (error) {
        this.#world.time.note(`${this.name} did not start: ${String(error)}`)
        this.#world.tally.count('starts failed')
        this.#end(false)
        await this.#world.time.sleep(RESTART_MS)
      }
    }
  }

  /** The process is gone at once; with the power, or alone. */
  crash(withPower: boolean): void {
    this.#decision++
    if (this.#life?.isAlive !== true) return
    const { time, tally } = this.#world
    time.note(`${this.name} ${withPower ? 'loses power' : 'crashes'}`)
    this.#end(withPower)
    if (!withPower) return
    this.powerLosses.push(time.ms)
    const lost = this.disk.losePower(this.random)
    tally.count('batches lost with the power', lost)
  }

  /** Ends the node in good order, and notes what it leaves behind. */
  async stop(): Promise<void> {
    this.#decision++
    const { running } = this
    if (running === undefined) return
    const { life, node, network } = running
    try {
      await Promise.race([node.stop(), life.over])
      if (!life.isAlive) return
      this.#world.time.note(`${this.name} stopped`)
      const left = { streams: network.streams, topics: network.gossip.topics }
      for (const [what, number] of Object.entries({ ...left, timers: life.timers.length })) {
        if (number > 0) this.#world.leftovers.push(`${this.name} left ${number} ${what} behind`)
      }
      for (const origin of life.timers) {
        this.#world.heard('warn', `${this.name} left a timer ${origin}`)
      }
    } finally {
      if (this.#life === life) this.#end(false)
    }
  }

  /** Gets another address with its next life. */
  move(): void {
    this.#moves++
    this.movedMs = this.#world.time.ms
  }

  #end(withPower: boolean): void {
    this.#life?.end()
    if (this.#network !== undefined) this.#world.swarm.vanish(this.#network, withPower)
    this.running = undefined
    this.#network = undefined
  }

  async #start(life: Life): Promise<Running> {
    const { time, swarm, authority, tally } = this.#world
    const aheadMs = this.wall.skewUs / 1000
    if (aheadMs > HLC_MAX_AHEAD_MS) {
      tally.count('starts with a clock ahead')
      this.#world.aheadMs = Math.max(this.#world.aheadMs, aheadMs)
    }
    const random = this.random.fork(this.index)
    const logger = simLogger({
      name: this.name,
      onLine: (level, text) => this.#world.heard(level, text),
    })
    const store = await this.disk.open(life, random.fork(1), logger)
    const address = `/ip4/10.0.${this.#moves}.${this.index + 1}/tcp/2428`
    const network = new SimNetwork(this.peerId, address, {
      swarm,
      life,
      random: random.fork(2),
      logger,
    })
    this.#network = network
    const anchor = simAnchor({
      authority,
      road: this.anchorRoad,
      heard: this.#heard,
      time,
      life,
      random: random.fork(3),
      tally,
    })
    const node = await createNode(
      { home: '', anchors: [anchor], clock: life, random: random.fork(4), logger },
      {
        seed: this.#seed,
        store,
        blobStore: this.disk.blobs.open(life, random.fork(6)),
        engine: ({ clock }) => simEngine(store, life, clock, random.fork(5)),
        network,
      },
    )
    await node.start()
    return { life, node, network, store }
  }
}
