import { expect } from 'chai'
import { findMissingPages, findTextProblems } from '../../../scripts/check-text.ts'

// put together, so that this file does not hold what it looks for
const FOLDER = ['', 'root', 'app'].join('/')
const REGISTRY = ['https://registry', 'npmjs', 'org'].join('.')
const INDEX = ['https://index', 'crates', 'io'].join('.')

describe('forbidden text', () => {
  const refused: readonly (readonly [string, string])[] = [
    ['docs/limits.md', `see ${FOLDER}/x`],
    ['package-lock.json', `"resolved": "${REGISTRY}/a.tgz"`],
    ['scripts/build.sh', `curl ${INDEX}`],
    ['src/node/node.ts', `throw new Error('no code')`],
    ['src/server/http.ts', `const now = Date.now()`],
    ['src/node/sync/push/push.ts', `const chance = Math.random()`],
    ['src/node/sync/push/push.ts', `// TODO: later`],
    ['test/unit/a.test.ts', `it.only('x', () => {})`],
  ]
  for (const [path, text] of refused) {
    it(`finds ${JSON.stringify(text)} in ${path}`, () => {
      const problems = findTextProblems(path, `first line\n${text}\n`)
      expect(problems).to.have.length(1)
      expect(problems[0]).to.match(new RegExp(`^${path}:2: `))
    })
  }

  const allowed: readonly (readonly [string, string])[] = [
    ['apps/kv/Cargo.lock', `source = "${INDEX}/x"`],
    ['src/node/primitives/clock.ts', `return Date.now()`],
    ['scripts/build.ts', `throw new Error('for a developer')`],
    ['docs/limits.md', 'teamwork/, framework/ and the root of it'],
  ]
  for (const [path, text] of allowed) {
    it(`lets ${path} say ${JSON.stringify(text)}`, () => {
      expect(findTextProblems(path, text)).to.deep.equal([])
    })
  }
})

describe('names of pages', () => {
  const pages = new Set(['protocol.md', 'README.md'])
  const found = (text: string, path = 'src/node/node.ts'): readonly string[] =>
    findMissingPages(path, text, pages)

  it('are refused when the repository has no such page, each with its line', () => {
    const problems = found('// see docs/protocol.md\n// and spec.md 11.4\n/* (old-spec.md) */\n')
    expect(problems.map((text) => text.split('"')[1])).to.deep.equal(['spec.md', 'old-spec.md'])
    expect(problems[0]).to.match(/^src\/node\/node\.ts:2: /)
  })

  it('may be those of somebody else in an address, and made up in tests of the tools', () => {
    expect(found('https://example.org/a/GUIDE.md#x')).to.deep.equal([])
    expect(found('notes.md', 'test/unit/tooling/a.test.ts')).to.deep.equal([])
  })

  it('are not looked for in what is no text, or no name of a page', () => {
    expect(found('\0asm spec.md', 'apps/kv.wasm')).to.deep.equal([])
    expect(found('a.mdx, x.md.ts, README.md, and .md alone')).to.deep.equal([])
  })
})
