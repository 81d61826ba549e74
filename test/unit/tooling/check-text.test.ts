import { expect } from 'chai'
import { findTextProblems } from '../../../scripts/check-text.ts'

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
