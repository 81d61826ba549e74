/** A context as those outside see it: who was asked in, who came, who had to go. */
import type {
  ApplicationId,
  ContextId,
  GroupId,
  PublicKey,
} from '../../../src/node/primitives/ids.ts'
import type { Node } from '../../../src/node/index.ts'
import type { Machine } from '../machine.ts'

/** An identity of a machine in a context. */
export interface Seat {
  readonly machine: Machine
  readonly identity: PublicKey
  /**
   * `invited`: on its way in; `seated`: its node said that it joined; `gone`: removed, or left. Changes only when a caller was told so; what the
   * anchor says counts in the end.
   */
  state: 'invited' | 'seated' | 'gone'
  /** A revision of the member list that shows that it has gone; undefined while it has not. */
  goneBy: bigint | undefined
  /** When a caller was told that it joined, virtual ms: from then on its node remembers where members are. */
  joinedMs: number
  /** Where its invitation says that members are. */
  addresses: readonly string[]
  /** How it came in; in the same words it may come again. */
  come: { readonly text: string; readonly by: (node: Node) => Promise<unknown> } | undefined
  /** Somebody is about to change it. */
  isBusy: boolean
  /** It has to go, or its node forgets the context: what it wrote and nobody had by then may be gone. */
  mayLose: boolean
}

export interface Circle {
  readonly name: string
  readonly context: ContextId
  readonly group: GroupId
  /** The machine whose member may manage everything. */
  readonly owner: Machine
  readonly packing: 'bare' | 'bundle'
  readonly seats: Seat[]
  /** Ids of applications by build, as far as its owner has installed them. */
  readonly builds: ApplicationId[]
  /** Machines on their way to a seat. */
  readonly coming: Set<Machine>
  /** Calls whose event others handle: begun, and acknowledged. */
  readonly notified: { begun: number; done: number }
  /** A node forgot it for a while, and with it which handlers ran. */
  wasForgotten: boolean
  /** Everybody was a writer of it from the first event on. */
  isSteady: boolean
  /** Somebody is changing its application. */
  isUpdating: boolean
}

/**
 * Whether what a member wrote may wait for ever: of one who has gone nobody knows whether it was written before, and a machine that lost power
 * may have lost what it wrote before.
 */
export function mayWait({ state, mayLose, machine }: Seat): boolean {
  return state === 'gone' || mayLose || machine.powerLosses.length > 0
}

/** Seats of those who were told that they have joined. */
export function seated(circle: Circle): readonly Seat[] {
  return circle.seats.filter(({ state }) => state === 'seated')
}
