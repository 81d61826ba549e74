import { expect } from 'chai'
import { findPromiseProblems, sentencesOf } from '../../../scripts/check-promises.ts'

const TESTS: Readonly<Record<string, string>> = {
  '../test/unit/a.test.ts': `it('asks somebody else', () => {})`,
}
const problems = (page: string): readonly string[] =>
  findPromiseProblems(page, (path) => TESTS[path])

describe('promises of the documentation', () => {
  it('need a test that is there, by its title', () => {
    expect(problems('A look at the anchor is tried again.')).to.have.length(1)
    const named = (path: string, title: string): string =>
      `It is tried again ([test](${path}${title})).`
    expect(problems(named('../test/unit/a.test.ts', ' "asks somebody else"'))).to.deep.equal([])
    expect(problems(named('../test/unit/a.test.ts', ''))).to.have.length(1)
    expect(problems(named('../test/unit/a.test.ts', ' "asks nobody"'))).to.have.length(1)
    expect(problems(named('../test/unit/b.test.ts', ' "asks somebody else"'))).to.have.length(1)
  })

  it('are looked for sentence by sentence, item by item and row by row', () => {
    const page = [
      'A first one. It\nis fetched again. A third.',
      '',
      '- one is given up',
      '- another',
      '',
      '| a | is shut out |',
      '| b | stays |',
    ].join('\n')
    expect(sentencesOf(page)).to.have.length(7)
    expect(problems(page)).to.have.length(3)
  })

  it('are not what code blocks and names say', () => {
    expect(problems('```\ntry again\n```\n\nThe answer is `retry`.')).to.deep.equal([])
  })
})
