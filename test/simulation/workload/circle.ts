/** A context as those outside see it: who was invited, who came, and what they write. */
import type {
  ApplicationId,
  ContextId,
  GroupId,
  PublicKey,
} from '../../../src/node/primitives/ids.ts'
import type { Machine } from '../machine.ts'

/** An identity of a machine in a context. */
export interface Seat {
  readonly machine: Machine
  readonly identity: PublicKey
}

export interface Circle {
  readonly context: ContextId
  readonly group: GroupId
  readonly application: ApplicationId
  readonly seats: Seat[]
}
