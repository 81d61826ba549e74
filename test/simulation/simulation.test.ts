import { expect } from 'chai'
import { simulate } from './child.ts'

/** Seeds of the share that every run of the tests takes; `npm run simulate` takes as many as one likes. */
const SEEDS = 6

describe('simulated nodes', function () {
  this.timeout(180_000)

  it('agree in the end, whatever happened to them', async () => {
    const { code, lines } = await simulate('--runs', String(SEEDS))
    expect(lines.at(-1), lines.join('\n')).to.equal(
      `simulate: ${SEEDS} runs, 0 diverged, 0 lost, 0 stuck`,
    )
    expect(code).to.equal(0)
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
