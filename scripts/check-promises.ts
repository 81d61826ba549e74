/**
 * Checks what the documentation promises: each sentence of `docs/` that says something is tried again, fetched again, taken over, resumed, healed,
 * given up or shut out links to the test that shows it, as `[test](../test/....test.ts 'title of the test')`, and the file has a test of that
 * title. Generated pages are left out: their sentences stand in the sources. `node scripts/check-promises.ts`, part of `npm run check`.
 */
import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { report } from './support/report.ts'

/** Pages that scripts write. */
const GENERATED: ReadonlySet<string> = new Set(['errors.md', 'limits.md', 'metrics.md'])

const PROMISE =
  /\b(?:tr(?:y|ies|ied)|fetch(?:es|ed)?|asks?|asked|looks?|looked|sends?|sent|runs?|read) (?:it |them |for )?again\b|\bretr(?:y|ies|ied)\b|\b(?:gives?|given) up\b|\bshuts? out\b|\b(?:takes?|taken) over\b|\bresum(?:e|es|ed)\b|\bheal(?:s|ed)?\b/i
const TEST_LINK = /\]\((\.\.\/test\/[^)\s"]+(?:\.test|-suite)\.ts)(?: (["'])(.+?)\2)?\)/g

/** The sentences of a page, rows of tables one by one; what stands in code blocks is left out. */
export function sentencesOf(page: string): readonly string[] {
  const prose = page.replaceAll(/^```[\s\S]*?^```$/gm, '')
  const blocks = prose.split(/\n\s*\n/).flatMap((block) => {
    const lines = block.split('\n')
    return lines[0]?.trimStart().startsWith('|') === true
      ? lines
      : block.replaceAll(/\n(?=\s*(?:[-*]|\d+\.) )/g, '\u0000').split('\u0000')
  })
  return blocks.flatMap((block) =>
    block
      .replaceAll(/\s*\n\s*/g, ' ')
      .split(/(?<=[.!?](?:\*\*)?)\s+(?=[A-Z`*[])/)
      .filter((sentence) => sentence.trim() !== ''),
  )
}

/** Promises of one page that no test is named for, or whose test is not there. `read` gives a test file's text, by its path from the page. */
export function findPromiseProblems(
  page: string,
  read: (path: string) => string | undefined,
): readonly string[] {
  return sentencesOf(page).flatMap((sentence) => {
    const links = [...sentence.matchAll(TEST_LINK)]
    const isPromise = PROMISE.test(sentence.replaceAll(/`[^`]*`/g, ''))
    const shown = sentence.length > 90 ? `${sentence.slice(0, 90)}…` : sentence
    if (links.length === 0) return isPromise ? [`names no test: ${shown}`] : []
    return links.flatMap(([, path = '', , title]) => {
      const text = read(path)
      if (text === undefined) return [`names ${path}, which is not there: ${shown}`]
      if (title === undefined) return [`names no title in ${path}: ${shown}`]
      return text.includes(title) ? [] : [`${path} has no test "${title}": ${shown}`]
    })
  })
}

if (import.meta.main) {
  const folder = join(import.meta.dirname, '..', 'docs')
  const read = (path: string): string | undefined => {
    const file = join(folder, path)
    return existsSync(file) ? readFileSync(file, 'utf8') : undefined
  }
  const problems = globSync('*.md', { cwd: folder })
    .filter((path) => !GENERATED.has(path) && dirname(path) === '.')
    .sort()
    .flatMap((path) =>
      findPromiseProblems(readFileSync(join(folder, path), 'utf8'), read).map(
        (problem) => `docs/${path} ${problem}`,
      ),
    )
  report('promises', problems, 'A promise has a caller, and a test that shows it.')
}
