/**
 * Checks what the documentation says about the code: the generated pages are what the sources say, links lead somewhere, `docs/api.md` has every route and no
 * other, every error code is declared once and has a meaning, and every `@default NAME` names a constant. `node scripts/check-docs.ts`, part of `npm run check`.
 */
import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { CODES_FILE, codesFile, ERRORS_PAGE, errorsPage } from './docs-errors.ts'
import { currentLimitsPage, findSilentBounds, LIMITS_PAGE } from './docs-limits.ts'
import { currentMetricsPage, METRICS_PAGE } from './docs-metrics.ts'
import { ACCESS } from '../src/server/access/table.ts'
import { findRouteProblems } from './support/documented-routes.ts'
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

/** Generated pages below `root` that are not what the sources say; `pages` are texts by path. */
export function findStalePages(root: string, pages: Readonly<Record<string, string>>): string[] {
  return Object.entries(pages).flatMap(([path, text]) => {
    const file = join(root, path)
    const isCurrent = existsSync(file) && readFileSync(file, 'utf8') === text
    return isCurrent ? [] : [`${path} is not what the sources say: write it again`]
  })
}

/** Links of Markdown files to files that are not there. `folder` is below `root`; what is after a `#` is not looked at. */
export function findBrokenLinks(root: string, folder: string): string[] {
  return globSync('**/*.md', { cwd: join(root, folder) })
    .sort()
    .flatMap((path) => {
      const file = join(root, folder, path)
      return [...readFileSync(file, 'utf8').matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)]
        .map(([, target = '']) => target)
        .filter((target) => !/^[a-z]+:/.test(target) && !existsSync(join(dirname(file), target)))
        .map((target) => `${folder}/${path} links to ${target}, which is not there`)
    })
}

if (import.meta.main) {
  const root = join(import.meta.dirname, '..')
  const entries = findErrors(join(root, 'src'))
  report(
    'docs',
    [
      ...findErrorProblems(entries),
      ...findDefaultProblems(join(root, 'src')),
      ...findSilentBounds(join(root, 'src')),
      ...findBrokenLinks(root, 'docs'),
      ...findRouteProblems(readFileSync(join(root, 'docs/api.md'), 'utf8'), Object.keys(ACCESS)),
      ...findStalePages(root, {
        [ERRORS_PAGE]: errorsPage(entries),
        [CODES_FILE]: codesFile(entries),
        [LIMITS_PAGE]: await currentLimitsPage(),
        [METRICS_PAGE]: currentMetricsPage(),
      }),
    ],
    'Doc comments are the source of the generated pages: scripts/docs-errors.ts, docs-limits.ts and docs-metrics.ts write them.',
  )
}
