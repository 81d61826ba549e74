/** The applications and situations that are tried with each other, and one seeded trace of any two. */
import { runCollectionTrace, SHAPES } from './collections-app.ts'
import { loadKv } from './guest.ts'
import { type Mix, MIXES, runKvTrace } from './kv-traces.ts'
import { type OlderEra, RELEASES, runOlderTrace } from './older-app.ts'
import { runSharedTrace } from './shared-app.ts'
import { CONVERGED, type Situation, SITUATIONS, type TraceResult } from './trace-world.ts'

type Run = (situation: Situation, seed: number) => Promise<TraceResult>

const EVERYTHING = Object.keys(SHAPES)

/** Of the list, in turn by the seed. */
function inTurn<T>(list: readonly T[], seed: number): T {
  return list[seed % list.length] as T // below the length
}

function older(era: OlderEra): readonly [string, Run] {
  return [`older ${RELEASES[era]}`, (situation, seed) => runOlderTrace(era, situation, seed)]
}

/** What is tried, by name. Which part of an application a trace is about follows from its seed. */
export const APPLICATIONS: ReadonlyMap<string, Run> = new Map<string, Run>([
  [
    'kv-store',
    async (situation, seed) =>
      runKvTrace(await loadKv(), inTurn(Object.keys(MIXES) as Mix[], seed), situation, seed),
  ],
  // each alone, and now and then all together
  [
    'collections',
    (situation, seed) => {
      const shapes = seed % 20 === 19 ? EVERYTHING : [inTurn(EVERYTHING, seed)]
      return runCollectionTrace({ shapes, growOnly: seed % 3 === 0, condition: situation, seed })
    },
  ],
  ['shared', (situation, seed) => runSharedTrace(situation, seed)],
  older('E1'),
  older('E3'),
  older('E4'),
  older('E5a'),
])

export const SITUATION_NAMES = Object.keys(SITUATIONS) as Situation[]

/** Runs one trace. @returns what went wrong, undefined when nothing did */
export async function tryOut(
  application: string,
  situation: Situation,
  seed: number,
): Promise<string | undefined> {
  const run = APPLICATIONS.get(application)
  if (run === undefined) throw new RangeError(`there is no application ${application}`)
  const result = await run(situation, seed)
  if (JSON.stringify(result) === JSON.stringify(CONVERGED)) return undefined
  const parts = (['values', 'roots', 'complete'] as const).filter((part) => !result[part])
  return [...parts.map((part) => `${part} differ`), ...result.failures.slice(0, 1)].join(', ')
}
