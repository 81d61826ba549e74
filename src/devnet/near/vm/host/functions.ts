/** How host functions are written down. */
import type { Machine } from '../machine.ts'
import type { Promises } from '../promises.ts'

/** What a host function works on. */
export interface Host {
  readonly machine: Machine
  readonly promises: Promises
}

/** Arguments and results are i64s, in `abort` i32s. */
export type HostFunction = (...args: bigint[]) => bigint | number | undefined | void

export type HostFunctions = Readonly<Record<string, HostFunction>>
