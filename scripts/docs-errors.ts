/** Writes `docs/errors.md`, and the type of all codes, from the sources: `npm run docs:errors`. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { tableCell } from './support/doc-comment.ts'
import { type ErrorEntry, findErrors, KIND_TEXTS } from './support/error-catalogue.ts'

const ROOT = join(import.meta.dirname, '..')

/** The page, below the repository. */
export const ERRORS_PAGE = 'docs/errors.md'

/** The type of all codes, below the repository. */
export const CODES_FILE = 'src/node/error-codes.ts'

const INTRODUCTION = `# Errors

Every error that merogate throws on purpose has a \`code\`, a \`kind\`, a message for people and \`details\` that are safe to send. Codes are
permanent within a major version; messages may improve any day. Recognise one with \`isMerogateError(error, 'CONTEXT_NOT_FOUND')\`.

This page is generated from the sources by \`npm run docs:errors\`. Where a meaning stands in quotes it is a message, with … for values.

## Kinds
`

/** The text of the page. */
export function errorsPage(entries: readonly ErrorEntry[]): string {
  const kinds = Object.entries(KIND_TEXTS).map(([kind, text]) => `| \`${kind}\` | ${text} |`)
  const rooms = [...Map.groupBy(entries, ({ room }) => room)].map(
    ([room, list]) =>
      `\n## ${room}\n\n| code | kind | meaning |\n| --- | --- | --- |\n${rows(list)}`,
  )
  return [INTRODUCTION, '| kind | what went wrong |', '| --- | --- |', ...kinds, ...rooms, ''].join(
    '\n',
  )
}

function rows(entries: readonly ErrorEntry[]): string {
  return entries
    .map(({ code, kinds, meaning, message }) => {
      const text = meaning ?? `“${message ?? ''}”`
      const cell = tableCell(text.replace(/\.$/, ''))
      return `| \`${code}\` | ${[...kinds].sort().join(', ') || 'depends'} | ${cell} |`
    })
    .join('\n')
}

/** The source of the type. */
export function codesFile(entries: readonly ErrorEntry[]): string {
  const codes = entries.map(({ code }) => code)
  const lines = [...new Set(codes)].sort().map((code) => `  | '${code}'`)
  return [
    '/** Every code of an error, generated from the sources by `npm run docs:errors`; docs/errors.md says what each means. */',
    'export type ErrorCode =',
    ...lines,
    '',
  ].join('\n')
}

if (import.meta.main) {
  const entries = findErrors(join(ROOT, 'src'))
  writeFileSync(join(ROOT, ERRORS_PAGE), errorsPage(entries))
  writeFileSync(join(ROOT, CODES_FILE), codesFile(entries))
  console.log(`${ERRORS_PAGE}, ${CODES_FILE}: written`)
}
