/** One call that is running. */
import type { Address } from '../value/address.ts'
import type { MapEntries } from '../value/objects.ts'
import type { Val } from '../value/word.ts'
import type { Instance } from '../storage/entries.ts'
import type { Random } from './random.ts'

/** What a contract keeps in its own entry, as far as this frame knows. */
export interface InstanceMap {
  map: MapEntries
  isChanged: boolean
}

/** A contract of a contract's own. */
export interface ContractFrame {
  readonly contract: Address
  readonly method: string
  readonly args: readonly Val[]
  readonly instance: Instance
}

export interface Frame {
  /** Undefined where the transaction itself is running, and no contract. */
  readonly call: ContractFrame | undefined
  /** Objects that the contract has handles of, in the order of its handles. */
  readonly handles: Val[]
  /** Memory of the instance, as it is now; undefined where it has none. */
  memory: (() => ArrayBuffer) | undefined
  instanceMap: InstanceMap | undefined
  random: Random | undefined
  /** What is given back when it ends. */
  linearMemory: number
  /** How large its memory was when it was last paid for. */
  paidMemory: number
}

export function newFrame(call?: ContractFrame): Frame {
  return {
    ...{ call, handles: [], memory: undefined, instanceMap: undefined, random: undefined },
    ...{ linearMemory: 0, paidMemory: 0 },
  }
}
