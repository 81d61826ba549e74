/** All faults by name. */
import type { Fault } from './fault.ts'
import { crash, power, restart } from './machines.ts'
import { cut, double, drop, oneWay, slow, split } from './network.ts'

export type FaultName =
  'cut' | 'drop' | 'double' | 'split' | 'one-way' | 'slow' | 'crash' | 'restart' | 'power'

export const FAULTS: Readonly<Record<FaultName, Fault>> = {
  cut,
  drop,
  double,
  split,
  'one-way': oneWay,
  slow,
  crash,
  restart,
  power,
}

export const FAULT_NAMES: readonly FaultName[] = Object.keys(FAULTS) as FaultName[] // its own keys
