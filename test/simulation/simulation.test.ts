import { expect } from 'chai'
import { simulate } from './child.ts'
import type { SceneName } from './faults/scenes.ts'

/** Seeds of the share that every run of the tests takes; `npm run simulate` takes as many as one likes. */
const SEEDS = 6

/** Seeds that draw each scene once, and by what figures it is seen that they bite. */
const SCENE_SEEDS = '1,2,3,4,5,6,7,18'
const BITES: Readonly<Record<SceneName, string>> = {
  stall: 'partners that stall',
  refilled: 'disks refilled',
  unrotated: 'removers restarted',
  nobody: 'joins with nobody there',
  'claim-cut': 'claims cut',
  outdated: 'applications missed',
  'inviter-away': 'inviters away',
  'found-again': 'contexts founded again and again',
}

interface SceneRun {
  readonly findings: readonly string[]
  readonly tally: Readonly<Record<string, number>>
}

describe('simulated nodes', function () {
  this.timeout(180_000)

  it('agree in the end, whatever happened to them', async () => {
    const { code, lines } = await simulate('--runs', String(SEEDS))
    expect(lines.at(-1), lines.join('\n')).to.equal(
      `simulate: ${SEEDS} runs, 0 diverged, 0 lost, 0 stuck`,
    )
    expect(code).to.equal(0)
  })

  it('come through every scene', async () => {
    const { lines } = await simulate(
      ...['--seed', SCENE_SEEDS, '--faults', Object.keys(BITES).join(), '--fault-count', '1'],
      ...['--nodes', '4', '--operations', '60', '--actions', 'update', '--json'],
    )
    const runs = lines
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as SceneRun) // --json prints a line of figures for each run
    expect(runs.flatMap(({ findings }) => findings)).to.deep.equal([])
    const bitten = Object.values(BITES).filter((figure) =>
      runs.some(({ tally }) => figure in tally),
    )
    expect(bitten).to.deep.equal(Object.values(BITES))
  })

  it('do the same to the byte when a seed is run again', async () => {
    const args = ['--seed', '7', '--operations', '60', '--json']
    const prints = await Promise.all(
      [simulate(...args), simulate(...args)].map(async (run) => {
        const { fingerprint, virtualMs, events } = JSON.parse((await run).lines[0] ?? '') as Record<
          string,
          unknown
        > // --json prints a line of figures for each run
        return { fingerprint, virtualMs, events }
      }),
    )
    expect(prints[0]).to.deep.equal(prints[1])
    expect(prints[0]?.fingerprint).to.match(/^[0-9a-f]{24}$/)
  })
})
