/**
 * Checks what the documentation says about the code: `docs/errors.md` is what the sources say, every error code is declared once and
 * has a meaning, and every `@default NAME` names a constant. `node scripts/check-docs.ts`, part of `npm run check`.
 */
import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ERRORS_PAGE, errorsPage } from './docs-errors.ts'
import { type ErrorEntry, findErrors } from './support/error-catalogue.ts'
import { report } from './support/report.ts'

/** Codes that are declared twice or that nobody explains. */
export function findErrorProblems(entries: readonly ErrorEntry[]): string[] {
  return entries.flatMap(({ code, room, unions, meaning, message }) => [
    ...(unions.length > 1 ? [`${code} is declared in ${unions.join(' and ')}`] : []),
    ...(meaning === undefined && message === undefined
      ? [
          `${code} of src/${room} has no meaning: say \`${code} ...;\` in the doc comment of its union`,
        ]
      : []),
  ])
}

/** `@default NAME` where no source file has such a constant. `root` is a folder like `src`. */
export function findDefaultProblems(root: string): string[] {
  const files = globSync('**/*.ts', { cwd: root })
    .sort()
    .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }))
  const constants = new Set(
    files.flatMap(({ text }) =>
      [...text.matchAll(/\bconst ([A-Z][A-Z0-9_]+)\b/g)].map(([, name]) => name),
    ),
  )
  return files.flatMap(({ path, text }) =>
    [...text.matchAll(/@default (?:\{@link )?([A-Z][A-Z0-9]*_[A-Z0-9_]+)\b/g)]
      .filter(([, name]) => !constants.has(name))
      .map(([, name]) => `src/${path}: @default ${name} names no constant`),
  )
}

if (import.meta.main) {
  const root = join(import.meta.dirname, '..')
  const entries = findErrors(join(root, 'src'))
  const page = join(root, ERRORS_PAGE)
  const isCurrent = existsSync(page) && readFileSync(page, 'utf8') === errorsPage(entries)
  report(
    'docs',
    [
      ...findErrorProblems(entries),
      ...findDefaultProblems(join(root, 'src')),
      ...(isCurrent
        ? []
        : [`${ERRORS_PAGE} is not what the sources say: run \`npm run docs:errors\``]),
    ],
    'Doc comments are the source of these pages.',
  )
}
