/** All faults by name. */
import { anchorAway, anchorLate, anchorLost, anchorStale } from './anchors.ts'
import { skew, sleep, step, stop } from './clocks.ts'
import { full, rot } from './disks.ts'
import type { Fault } from './fault.ts'
import { crash, move, power, restart } from './machines.ts'
import { cut, double, drop, oneWay, slow, split } from './network.ts'
import { SCENES, type SceneName } from './scenes.ts'

export type FaultName =
  | ('cut' | 'drop' | 'double' | 'split' | 'one-way' | 'slow')
  | ('crash' | 'restart' | 'power' | 'move')
  | ('skew' | 'step' | 'sleep' | 'stop')
  | ('anchor-away' | 'anchor-late' | 'anchor-lost' | 'anchor-stale')
  | ('full' | 'rot')

const COMMON: Readonly<Record<FaultName, Fault>> = {
  cut,
  drop,
  double,
  split,
  'one-way': oneWay,
  slow,
  crash,
  restart,
  power,
  move,
  skew,
  step,
  sleep,
  stop,
  'anchor-away': anchorAway,
  'anchor-late': anchorLate,
  'anchor-lost': anchorLost,
  'anchor-stale': anchorStale,
  full,
  rot,
}

export const FAULTS: Readonly<Record<FaultName | SceneName, Fault>> = { ...COMMON, ...SCENES }

/** Those of a run for which nothing else is said. */
export const FAULT_NAMES: readonly FaultName[] = Object.keys(COMMON) as FaultName[] // its own keys
/** Those that must be asked for. */
export const SCENE_NAMES: readonly SceneName[] = Object.keys(SCENES) as SceneName[] // its own keys
