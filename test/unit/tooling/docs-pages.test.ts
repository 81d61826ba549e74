import { globSync, readFileSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { findBrokenLinks, findStalePages } from '../../../scripts/check-docs.ts'
import {
  findLimits,
  findScattered,
  findSilentBounds,
  limitsPage,
} from '../../../scripts/docs-limits.ts'
import { currentMetricsPage, findMetrics, metricsPage } from '../../../scripts/docs-metrics.ts'

const SOURCES = join(import.meta.dirname, '../../../src')

describe('generated pages', () => {
  let root: string

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'docs-pages-'))
    await mkdir(join(root, 'room'))
  })
  afterEach(() => rm(root, { recursive: true }))

  const plant = (path: string, text: string): Promise<void> => writeFile(join(root, path), text)

  it('lists bounds with their values in readable units', async () => {
    await plant(
      'room/limits.ts',
      `
        /** Bytes of a thing, see {@link MAX_THINGS}. */
        export const MAX_THING_BYTES: number = 3 << 20
        /** Things | at once. */
        export const MAX_THINGS = 4096
        /** Waits, ms. */
        export const WAITS_MS: readonly number[] = [1_000, 2_500]
        export const SHARE = 0.25
        export const BOX_LIMITS: object = { boxBytes: 2048, boxes: 7 }
        export const KINDS: object = { a: 1 }
        export const NAME = 'text'
        export { OTHER_BYTES } from './other.ts'
      `,
    )
    await plant('room/other.ts', 'export const OTHER_BYTES = 1')
    const page = limitsPage(await findLimits(root))
    expect(page.split('\n').filter((line) => line.startsWith('| `'))).to.deep.equal([
      '| `MAX_THING_BYTES` | 3 MiB | Bytes of a thing, see `MAX_THINGS`. |',
      '| `MAX_THINGS` | 4 096 | Things \\| at once. |',
      '| `WAITS_MS` | 1 000, 2 500 | Waits, ms. |',
      '| `SHARE` | 0.25 |  |',
      '| `BOX_LIMITS` | boxBytes 2 KiB, boxes 7 |  |',
    ])
  })

  it('lists constants elsewhere that are bounds by their name, or says why they are none, and finds those that say nothing', async () => {
    await plant(
      'room/thing.ts',
      `
        /** Things at once. */
        const MAX_THINGS = 4 * (1 + 2)
        /** No bound: the width of a hash. */
        export const HASH_BYTES = 32
        const RETRY_MS = 50n
        const MAX_OTHER = somethingElse()
        const NS_PER_MS = 1000
      `,
    )
    const found = findScattered(root)
    expect(found.map(({ name, value }) => [name, value])).to.deep.equal([
      ...[
        ['MAX_THINGS', 12],
        ['HASH_BYTES', 32],
        ['RETRY_MS', 50n],
      ],
    ])
    const page = limitsPage(found)
    expect(page)
      .to.match(/## room\n[^#]*MAX_THINGS/)
      .and.match(/looks like a bound\n[^#]*HASH_BYTES/)
    expect(findSilentBounds(root)).to.have.length(1)
    expect(findSilentBounds(root)[0]).to.include('RETRY_MS')
  })

  it('says what every bound of the sources is for', async () => {
    const silent = (await findLimits(SOURCES)).filter(({ meaning }) => meaning === '')
    expect(silent.map(({ name }) => name)).to.deep.equal([])
  })

  it('lists metrics with type, labels and help', async () => {
    await plant(
      'room/metrics.ts',
      `metrics.counter('x_total', { help: 'Things done', labels: ['a', 'b'] })`,
    )
    expect(findMetrics(root)).to.deep.equal([
      { room: 'room', name: 'x_total', type: 'counter', labels: ['a', 'b'], help: 'Things done' },
    ])
    expect(metricsPage(findMetrics(root))).to.include(
      '| `x_total` | counter | `a`, `b` | Things done |',
    )
  })

  it('leaves out no metric of the sources, however it is declared', () => {
    const text = globSync('**/*.ts', { cwd: SOURCES })
      .map((path) => readFileSync(join(SOURCES, path), 'utf8'))
      .join('\n')
    const names = [...text.matchAll(/'(merogate_[a-z0-9_]+)'/g)].map(([, name]) => name)
    const page = currentMetricsPage()
    expect(names).not.to.deep.equal([])
    expect(names.filter((name) => !page.includes(`| \`${name}\` |`))).to.deep.equal([])
  })

  it('finds pages that are missing or old', async () => {
    await plant('current.md', 'now')
    await plant('old.md', 'then')
    const problems = findStalePages(root, { 'current.md': 'now', 'old.md': 'now', 'gone.md': '' })
    expect(problems.map((text) => text.split(' ')[0])).to.deep.equal(['old.md', 'gone.md'])
  })
  it('finds links that lead nowhere', async () => {
    await plant('room/there.md', 'here')
    await plant(
      'room/page.md',
      '[a](there.md) [b](there.md#x) [c](gone.md) [d](../room/gone.md#x) [e](https://example.org)',
    )
    expect(findBrokenLinks(root, 'room')).to.deep.equal([
      'room/page.md links to gone.md, which is not there',
      'room/page.md links to ../room/gone.md, which is not there',
    ])
  })
})
