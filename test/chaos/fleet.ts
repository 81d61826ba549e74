/** Nodes as processes of their own, each with a home, a port, a clock that can be stepped, and a link of its own to each of the others. */
import { createWriteStream, rmSync, type WriteStream } from 'node:fs'
import { createServer } from 'node:net'
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { join } from 'node:path'
import { type Cluster, type ClusterNode, startCluster } from '../../scripts/support/cluster.ts'
import type { MerogateClient } from '../../src/client/index.ts'
import { Link } from './link.ts'
import { type NodeOrder, type Routes, ROUTES_VARIABLE } from './orders.ts'
import { SmallDisk } from './small-disk.ts'

const NAMES = ['alice', 'bob', 'carol', 'dave', 'erin'] as const
const MAIN = join(import.meta.dirname, 'node-main.ts')

/** Most nodes there can be. */
export const MAX_NODES: number = NAMES.length

/** Where a member's process is. */
type Life = 'up' | 'halted' | 'down'

/** One node of the fleet, over all its lives. */
export class Member {
  readonly name: string
  /** Its way to the anchor. */
  readonly anchor: Link
  /** Where its home can be filled up; undefined where no file system can be mounted. */
  readonly disk: SmallDisk | undefined
  readonly #start: () => Promise<ClusterNode>
  #node: ClusterNode | undefined
  /** Ends when the last start or kill that was asked for has ended: they come one after the other. */
  #turn: Promise<void> = Promise.resolve()
  #aheadMs = 0
  life: Life = 'down'

  constructor(
    name: string,
    anchor: Link,
    disk: SmallDisk | undefined,
    start: () => Promise<ClusterNode>,
  ) {
    this.name = name
    this.anchor = anchor
    this.disk = disk
    this.#start = start
  }

  get node(): ClusterNode {
    if (this.#node === undefined) throw new RangeError(`${this.name} was never started`)
    return this.#node
  }

  get client(): MerogateClient {
    return this.node.client
  }

  /** Starts it, or starts it again, unless it is up. */
  start(): Promise<void> {
    return this.#inTurn(async () => {
      if (this.life !== 'down') return
      this.#node = await this.#start()
      this.life = 'up'
      if (this.#aheadMs !== 0) this.#say({ kind: 'clock', aheadMs: this.#aheadMs })
    })
  }

  /** As a crash would. */
  kill(): Promise<void> {
    return this.#inTurn(async () => {
      if (this.life === 'down') return
      this.life = 'down'
      await this.node.process.kill()
    })
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.#turn.then(work)
    this.#turn = done.catch(() => {}) // told to whoever asked
    return done
  }

  /** As {@link kill}, at once and without waiting for it. */
  end(): void {
    if (this.life !== 'down') void this.node.process.kill()
  }

  /** SIGSTOP, or SIGCONT. */
  halt(isHalted: boolean): void {
    if (this.life === 'down') return
    this.life = isHalted ? 'halted' : 'up'
    this.node.process.halt(isHalted)
  }

  /** Sets its wall clock so far ahead of the machine's, or behind; it keeps that over restarts. */
  setClock(aheadMs: number): void {
    this.#aheadMs = aheadMs
    if (this.life !== 'down') this.#say({ kind: 'clock', aheadMs })
  }

  #say(order: NodeOrder): void {
    this.node.process.send({ ...order })
  }
}

export class Fleet implements AsyncDisposable {
  readonly folder: string
  readonly members: readonly Member[]
  readonly #links: ReadonlyMap<string, Link>
  readonly #cleanup: AsyncDisposableStack

  private constructor(
    folder: string,
    members: readonly Member[],
    links: ReadonlyMap<string, Link>,
    cleanup: AsyncDisposableStack,
  ) {
    this.folder = folder
    this.members = members
    this.#links = links
    this.#cleanup = cleanup
  }

  /** A chain and so many nodes, all started; logs go into the folder of the cluster, or into `logs`. */
  static async start(count: number, logs?: string): Promise<Fleet> {
    await using building = new AsyncDisposableStack()
    const cluster = building.use(await startCluster())
    const names = NAMES.slice(0, count)
    const ports = await freePorts(count)
    const links = new Map<string, Link>()
    for (const from of names) {
      for (const [at, to] of names.entries()) {
        const target = ports[at]
        if (from === to || target === undefined) continue
        links.set(wayOf(from, to), building.use(await Link.open(target)))
      }
    }
    const members: Member[] = []
    for (const [at, name] of names.entries()) {
      const disk = await SmallDisk.mount(join(cluster.folder, name))
      if (disk !== undefined) building.use(disk)
      const port = ports[at] ?? 0
      const routes = routesOf(name, names, ports, links)
      const log = createWriteStream(join(logs ?? cluster.folder, `${name}.log`), { flags: 'a' })
      building.defer(() => void log.end())
      // whoever keeps the logs wants to read them
      const level = logs === undefined ? 'warn' : 'debug'
      const anchor = building.use(await Link.open(Number(new URL(cluster.chainUrl).port)))
      const settings = [
        `swarm.listen=/ip4/127.0.0.1/tcp/${port}`,
        `anchor.local.url=http://127.0.0.1:${anchor.port}`,
        `log.level=${level}`,
      ]
      const start = (): Promise<ClusterNode> => startMember(cluster, name, settings, routes, log)
      members.push(new Member(name, anchor, disk, start))
    }
    // a process that was halted does not hear that we are gone
    const onExit = (): void => {
      for (const member of members) member.end()
      rmSync(cluster.folder, { recursive: true, force: true })
    }
    process.once('exit', onExit)
    // before the file systems go
    building.defer(async () => {
      process.off('exit', onExit)
      await Promise.all(members.map((member) => member.kill()))
    })
    await Promise.all(members.map((member) => member.start()))
    return new Fleet(cluster.folder, members, links, building.move())
  }

  /** The link by which one connects to the other. */
  link(from: Member, to: Member): Link {
    const link = this.#links.get(wayOf(from.name, to.name))
    if (link === undefined) throw new RangeError(`no link from ${from.name} to ${to.name}`)
    return link
  }

  /** Both links between two. */
  between(one: Member, other: Member): readonly [Link, Link] {
    return [this.link(one, other), this.link(other, one)]
  }

  mendLinks(): void {
    for (const link of this.#links.values()) link.mend()
    for (const { anchor } of this.members) anchor.mend()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#cleanup.disposeAsync()
  }
}

function startMember(
  cluster: Cluster,
  name: string,
  settings: readonly string[],
  routes: Routes,
  log: WriteStream,
): Promise<ClusterNode> {
  return cluster.node(name, {
    main: MAIN,
    // all workers together have two cores
    settings: [...settings, 'runtime.workers=1'],
    env: { [ROUTES_VARIABLE]: JSON.stringify(routes) },
    onLog: (line) => log.write(`${line}\n`),
  })
}

/** What a node must know to reach the others by its own links. */
function routesOf(
  from: string,
  names: readonly string[],
  ports: readonly number[],
  links: ReadonlyMap<string, Link>,
): Routes {
  const routes: Record<number, number> = {}
  for (const [at, to] of names.entries()) {
    const link = links.get(wayOf(from, to))
    const port = ports[at]
    if (link !== undefined && port !== undefined) routes[port] = link.port
  }
  return routes
}

function wayOf(from: string, to: string): string {
  return `${from} ${to}`
}

/** Ports below those that the system gives to connections: nobody takes one while its node is down. */
const PORTS = { from: 20_000, to: 32_000 } as const

/** Ports that nobody has now. */
async function freePorts(count: number): Promise<number[]> {
  const ports = new Set<number>()
  while (ports.size < count) {
    const port = randomInt(PORTS.from, PORTS.to)
    const server = createServer().listen(port, '127.0.0.1')
    try {
      await once(server, 'listening')
      ports.add(port)
    } catch {
      continue // somebody has it
    }
    await new Promise((resolve) => server.close(resolve))
  }
  return [...ports]
}
