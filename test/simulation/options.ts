/** What can be said on the command line. */
import { parseArgs } from 'node:util'
import { FAULT_NAMES } from './faults/index.ts'
import type { RunOptions } from './run.ts'
import { ACTION_NAMES } from './workload/actions.ts'

/** Operations, and faults, of a run unless something else is said. */
const OPERATIONS = 200
const FAULT_COUNT = 8

export interface SimulateOptions {
  readonly seeds: readonly number[]
  /** Processes that run seeds side by side. */
  readonly jobs: number
  readonly isTraced: boolean
  /** Print a line of JSON for each run. */
  readonly isJson: boolean
  readonly run: Omit<RunOptions, 'seed' | 'onNote'>
  /** Arguments that say the same, but for seeds and the ways of printing. */
  readonly same: readonly string[]
}

const text = { type: 'string' } as const

/** @throws RangeError, TypeError when something is unknown or no number */
export function readOptions(args: readonly string[]): SimulateOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      runs: text,
      seed: text,
      jobs: text,
      nodes: text,
      operations: text,
      'fault-count': text,
      faults: text,
      actions: text,
      without: text,
      trace: { type: 'boolean' },
      json: { type: 'boolean' },
    },
  })
  const { runs, seed, jobs, trace = false, json = false, ...rest } = values
  const without = listOf(values.without)
  const named = (list: string | undefined): string[] => listOf(list)
  for (const name of [...named(values.faults), ...named(values.actions), ...without]) {
    const known: readonly string[] = [...FAULT_NAMES, ...ACTION_NAMES]
    if (!known.includes(name)) throw new RangeError(`expected some of ${known.join()}, got ${name}`)
  }
  const chosen = <N extends string>(list: string | undefined, all: readonly N[]): readonly N[] =>
    all.filter((name) => {
      const isAsked = list === undefined || named(list).includes(name)
      return isAsked && !without.includes(name)
    })
  return {
    seeds: seedsOf(seed, count(runs, 1)),
    jobs: Math.max(1, count(jobs, 1)),
    isTraced: trace,
    isJson: json,
    run: {
      nodes: values.nodes === undefined ? undefined : count(values.nodes, 0),
      operations: count(values.operations, OPERATIONS),
      faultCount: count(values['fault-count'], FAULT_COUNT),
      faults: chosen(values.faults, FAULT_NAMES),
      actions: chosen(values.actions, ACTION_NAMES),
    },
    same: Object.entries(rest).flatMap(([name, value]) => [`--${name}`, value]),
  }
}

function count(value: string | undefined, standard: number): number {
  const number = value === undefined ? standard : Number(value)
  if (!Number.isSafeInteger(number) || number < 0) {
    throw new RangeError(`expected a whole number, got ${value}`)
  }
  return number
}

/** So many from each seed named on. */
function seedsOf(named: string | undefined, runs: number): readonly number[] {
  return listOf(named ?? '1').flatMap((text) => {
    const first = count(text, 1)
    return Array.from({ length: runs }, (_, at) => first + at)
  })
}

function listOf(list: string | undefined): string[] {
  return list?.split(',').filter((name) => name !== '') ?? []
}
