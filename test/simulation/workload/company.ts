/** Everybody who uses the nodes of a run: the contexts there are, and the actions that go on beside the writing. */
import { decodeInvitation } from '../../../src/node/context/invitation.ts'
import type { ExecuteResult, Node } from '../../../src/node/index.ts'
import { type ContextId, idKey, type PublicKey } from '../../../src/node/primitives/ids.ts'
import { appBuild } from '../apps.ts'
import type { Finding } from '../checks/verdict.ts'
import type { Machine } from '../machine.ts'
import type { SimRandom } from '../random.ts'
import type { World } from '../world.ts'
import { write } from './calls.ts'
import { type Circle, seated, type Seat } from './circle.ts'
import { insist, type Insisted } from './insist.ts'
import { Ledger, type Outcome } from './ledger.ts'

export class Company {
  readonly world: World
  readonly ledger: Ledger
  readonly circles: Circle[] = []
  /** What must not be, as seen on the way. */
  readonly findings: Finding[] = []
  readonly random: SimRandom
  /** Machines that own contexts, or are about to. */
  readonly founders: Set<Machine> = new Set()
  readonly #busy = new Set<{ readonly what: string }>()
  #writes = 0
  #founded = 0

  constructor(world: World) {
    this.world = world
    this.ledger = new Ledger(world)
    this.random = world.work
  }

  /** Actions that are under way, in words. */
  get busy(): readonly string[] {
    return [...this.#busy].map(({ what }) => what)
  }

  /** Goes on beside everything else; what it is busy with is known. */
  begin(what: string, action: () => Promise<void>): void {
    const busy = { what } // of two alike one may end first
    this.#busy.add(busy)
    action()
      .catch((error: unknown) => {
        const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
        this.findings.push({ verdict: 'stuck', text: `${what}: ${text}` })
      })
      .finally(() => this.#busy.delete(busy))
  }

  /** Asks a node until it is done or refused; a refusal that nothing explains is a finding. */
  async insist<T>(
    machine: Machine,
    what: string,
    work: (node: Node) => Promise<T>,
    isFair: (code: string) => boolean = () => false,
  ): Promise<Insisted<T>> {
    const answer = await insist(this, machine, what, work)
    if (answer.kind === 'refused' && !isFair(answer.code)) {
      this.findings.push({
        verdict: 'stuck',
        text: `${machine.name} was refused to ${what}: ${answer.code}`,
      })
    }
    return answer
  }

  /** Somebody writes somewhere. */
  writeAnywhere(): void {
    const circles = this.circles.filter((circle) => seated(circle).length > 0)
    if (circles.length === 0) return
    const circle = this.random.pick(circles)
    void this.write(circle, this.random.pick(seated(circle)))
  }

  write(circle: Circle, author: Seat): Promise<Outcome<ExecuteResult>> {
    const seats = this.alike(circle).flatMap((one) => one.seats)
    return write(this.ledger, { circle, seats, author }, this.random, `v${this.#writes++}`)
  }

  /** A machine writes a lot at once, wherever it may. */
  burst(machine: Machine, writes: number): void {
    const places = this.circles.flatMap((circle) =>
      seated(circle).flatMap((one) => (one.machine === machine ? [{ circle, one }] : [])),
    )
    if (places.length === 0) return
    for (let at = 0; at < writes; at++) {
      const { circle, one } = this.random.pick(places)
      void this.write(circle, one)
    }
  }

  /** A new context of a machine, with members of its own, or with those of another context of that machine. */
  async found(
    owner: Machine,
    sister?: Circle,
    { isSeeded = true }: { readonly isSeeded?: boolean } = {},
  ): Promise<void> {
    const name = `c${this.#founded++}`
    this.founders.add(owner)
    const packing = this.random.pick(['bare', 'bundle'] as const)
    const installed = await this.insist(owner, `install for ${name}`, (node) =>
      node.applications.installBytes(appBuild(0, packing), 'simulation'),
    )
    if (installed.kind === 'refused') return
    const { id: application } = installed.value
    const options = {
      application,
      ...(sister === undefined ? {} : { group: sister.group }),
      // in the same words all the same: an identity and a seed make one context only
      ...(isSeeded ? { seed: this.random.bytes(32) } : {}),
    }
    const made = await this.insist(owner, `create ${name}`, (node) => node.contexts.create(options))
    if (made.kind === 'refused') return
    const { context, group, member } = made.value
    this.circles.push({
      name,
      context,
      group,
      owner,
      packing,
      seats: [seat(owner, member, 'seated')],
      builds: [application],
      coming: new Set(),
      notified: { begun: 0, done: 0 },
      isSteady: this.circles.length === 0,
      wasForgotten: false,
      isUpdating: false,
    })
  }

  /** A machine is asked into a context, by name, and joins. */
  async admit(circle: Circle, machine: Machine): Promise<void> {
    const one = await this.enrol(circle, machine)
    if (one !== undefined) await this.invite(circle, one)
  }

  /** A machine has an identity that is to be asked in. */
  async enrol(circle: Circle, machine: Machine): Promise<Seat | undefined> {
    const invitee = await this.#identity(circle, machine)
    if (invitee === undefined) return undefined
    const one = seat(machine, invitee, 'invited')
    one.isBusy = true
    circle.seats.push(one)
    return one
  }

  /** Somebody with a seat is invited by name, perhaps not for the first time, and joins. */
  async invite(circle: Circle, one: Seat): Promise<void> {
    const text = await this.invitation(circle, one)
    if (text !== undefined) await this.enter(circle, one, text)
  }

  /** An invitation by name. */
  async invitation(circle: Circle, one: Seat): Promise<string | undefined> {
    const { context, owner, name } = circle
    const { machine, identity: invitee } = one
    const invited = await this.insist(owner, `invite ${machine.name} to ${name}`, (node) =>
      node.contexts.invite({ context, invitee }),
    )
    return invited.kind === 'refused' ? undefined : invited.value.text
  }

  /** Joins with an invitation by name. */
  enter(circle: Circle, one: Seat, text: string): Promise<void> {
    return this.take(circle, one, 'join', text, (node) => node.contexts.join(text))
  }

  /** Contexts of one group. */
  alike(circle: Circle): readonly Circle[] {
    return this.circles.filter(({ group }) => idKey(group) === idKey(circle.group))
  }

  /** Seats of one member in all contexts of its group. */
  seatsOf(circle: Circle, { identity }: Seat): readonly Seat[] {
    return this.alike(circle).flatMap(({ seats }) =>
      seats.filter((one) => idKey(one.identity) === idKey(identity)),
    )
  }

  /** Seats of a machine in all contexts of a group. */
  seatsAt(circle: Circle, machine: Machine): readonly Seat[] {
    return this.alike(circle).flatMap(({ seats }) => seats.filter((one) => one.machine === machine))
  }

  /** The member that a machine is in another context of the group, or a new one. */
  async #identity(circle: Circle, machine: Machine): Promise<PublicKey | undefined> {
    const known = this.alike(circle)
      .flatMap(seated)
      .find((one) => one.machine === machine && !one.isBusy)
    if (known !== undefined) return known.identity
    const made = await this.insist(machine, `make an identity for ${circle.name}`, (node) =>
      node.identities.create(),
    )
    return made.kind === 'done' ? made.value : undefined
  }

  /** An identity takes its seat, asking in the same words until it has it. */
  async take(
    circle: Circle,
    one: Seat,
    how: 'join' | 'claim',
    text: string,
    come: (node: Node) => Promise<unknown>,
  ): Promise<void> {
    one.addresses = decodeInvitation(text).addresses
    const joined = await this.insist(one.machine, `${how} ${circle.name}`, come)
    if (joined.kind === 'refused') return
    if (circle.notified.begun > 0) circle.isSteady = false
    one.come = { text, by: come }
    one.state = 'seated'
    one.joinedMs = this.world.time.ms
    one.isBusy = false
  }

  async ready(context: ContextId, machine: Machine): Promise<void> {
    await this.insist(machine, 'wait until it is ready', (node) => node.contexts.waitReady(context))
  }
}

export function seat(machine: Machine, identity: Seat['identity'], state: Seat['state']): Seat {
  const fresh = {
    goneBy: undefined,
    joinedMs: -Infinity,
    addresses: [],
    come: undefined,
    isBusy: false,
    mayLose: false,
  }
  return { machine, identity, state, ...fresh }
}
