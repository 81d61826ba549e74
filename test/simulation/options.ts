/** What can be said on the command line. */
import { parseArgs } from 'node:util'
import { FAULT_NAMES, SCENE_NAMES } from './faults/index.ts'
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
  /** Only say what can be said. */
  readonly isHelp: boolean
  readonly run: Omit<RunOptions, 'seed' | 'onNote'>
  /** Arguments that say the same, but for seeds and the ways of printing. */
  readonly same: readonly string[]
}

const text = { type: 'string' } as const

/** What `--help` prints. */
export const HELP: string = `npm run simulate -- [--seed S,...] [--runs N] [options]
Runs whole nodes on virtual time. The last line counts what went wrong; the exit code is 1 when anything did.

  --seed S,...         seeds to begin with (1)
  --runs N             so many seeds from each named on (1); about 30 a minute and process
  --jobs N             processes side by side (1)
  --nodes N            machines (3 to 5, by the seed)
  --operations N       operations of users (${OPERATIONS})
  --fault-count N      faults (${FAULT_COUNT})
  --faults a,b         only these: ${FAULT_NAMES.join(', ')};
                       or scenes, which are played when named: ${SCENE_NAMES.join(', ')}
  --actions a,b        only these: ${ACTION_NAMES.join(', ')}
  --without a,b        none of these faults and actions
  --trace              print all that happens
  --json               print a line of JSON for each run`

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
      help: { type: 'boolean', short: 'h' },
    },
  })
  const { runs, seed, jobs, trace = false, json = false, help = false, ...rest } = values
  const without = listOf(values.without)
  const named = (list: string | undefined): string[] => listOf(list)
  for (const name of [...named(values.faults), ...named(values.actions), ...without]) {
    const known: readonly string[] = [...FAULT_NAMES, ...SCENE_NAMES, ...ACTION_NAMES]
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
    isHelp: help,
    run: {
      nodes: values.nodes === undefined ? undefined : count(values.nodes, 0),
      operations: count(values.operations, OPERATIONS),
      faultCount: count(values['fault-count'], FAULT_COUNT),
      faults: [...chosen(values.faults, FAULT_NAMES), ...chosen(values.faults ?? '', SCENE_NAMES)],
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
