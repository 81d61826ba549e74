/** All functions of the system for one instance: each checks from where it is called, and is paid for. */
import { violated } from '../../errors.ts'
import { callFunctions } from './calls.ts'
import { cyclesFunctions } from './cycles.ts'
import { environmentFunctions } from './environment.ts'
import type { ApiFunctions, Machine, Word } from './machine.ts'
import { messageFunctions } from './messages.ts'
import { stableFunctions } from './stable.ts'
import { SYSTEM_API } from './table.ts'

type Callable = (...values: Word[]) => Word | void

export function systemFunctions(machine: Machine): Record<string, Callable> {
  const all: ApiFunctions = {
    ...messageFunctions(machine),
    ...callFunctions(machine),
    ...cyclesFunctions(machine),
    ...stableFunctions(machine),
    ...environmentFunctions(machine),
  }
  const out: Record<string, Callable> = {}
  for (const [name, { modes, instructions }] of Object.entries(SYSTEM_API)) {
    const run = all[name] as Callable // called by WebAssembly, with what the table says
    out[name] = (...values) => {
      if (!modes.has(machine.mode)) {
        throw violated(`"ic0_${name}" cannot be executed in ${machine.mode} mode`)
      }
      machine.burn(instructions)
      return run(...values)
    }
  }
  return out
}
