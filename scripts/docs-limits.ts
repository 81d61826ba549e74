/** Writes `docs/limits.md` from the sources: `node scripts/docs-limits.ts`. */
import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path/posix'
import { pathToFileURL } from 'node:url'
import ts from 'typescript'
import { docComment, tableCell } from './support/doc-comment.ts'

const ROOT = join(import.meta.dirname, '..')

/** The page, below the repository. */
export const LIMITS_PAGE = 'docs/limits.md'

/** What holds bounds: the `limits.ts` of each room, and the layouts of what travels. */
const SOURCES = ['**/limits.ts', 'node/codec/*.ts']

type Numbers = number | bigint | readonly number[] | Readonly<Record<string, number>>

/** One bound, or several under one name. */
export interface LimitEntry {
  /** Folder below `src`. */
  readonly room: string
  readonly name: string
  readonly value: Numbers
  /** Its doc comment. */
  readonly meaning: string
}

const INTRODUCTION = `# Limits

Whatever a stranger, a client or an application can send, and how long things may take. Names that end in \`_MS\` are milliseconds. These are
constants of the sources: what can be configured stands in [operating.md](operating.md).

This page is generated from the sources by \`node scripts/docs-limits.ts\`.`

/** All bounds, by room and in the order of the text. `root` is a folder like `src`. */
export async function findLimits(root: string): Promise<LimitEntry[]> {
  const entries: LimitEntry[] = []
  for (const path of globSync(SOURCES, { cwd: root }).sort()) {
    const file = join(root, path)
    const values = (await import(pathToFileURL(file).href)) as Readonly<Record<string, unknown>> // a module is values by name
    for (const { name, meaning } of constantsOf(path, readFileSync(file, 'utf8'))) {
      const value = values[name]
      if (isNumbers(name, value)) entries.push({ room: dirname(path), name, value, meaning })
    }
  }
  return entries
}

/** Constants that a file declares, with their doc comments. */
function constantsOf(path: string, text: string): { name: string; meaning: string }[] {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest)
  return source.statements.filter(ts.isVariableStatement).flatMap((statement) =>
    statement.declarationList.declarations.flatMap(({ name }) => {
      const isConstant = ts.isIdentifier(name) && /^[A-Z][A-Z0-9_]*$/.test(name.text)
      return isConstant ? [{ name: name.text, meaning: docComment(source, statement) }] : []
    }),
  )
}

/** Whether a value is a bound. Of objects only those called limits are: the others number kinds and errors. */
function isNumbers(name: string, value: unknown): value is Numbers {
  if (typeof value !== 'object' || value === null) {
    return typeof value === 'number' || typeof value === 'bigint'
  }
  return (
    (Array.isArray(value) || name.endsWith('_LIMITS')) &&
    Object.values(value).every((member) => typeof member === 'number')
  )
}

/** The text of the page. */
export function limitsPage(entries: readonly LimitEntry[]): string {
  const rooms = [...Map.groupBy(entries, ({ room }) => room)].map(
    ([room, list]) =>
      `\n## ${room}\n\n| name | value | meaning |\n| --- | --- | --- |\n${list.map(row).join('\n')}`,
  )
  return [INTRODUCTION, ...rooms, ''].join('\n')
}

function row({ name, value, meaning }: LimitEntry): string {
  const text = meaning.replaceAll(/\{@link (\w+)\}/g, '`$1`')
  return `| \`${name}\` | ${textOf(name, value)} | ${tableCell(text)} |`
}

function textOf(name: string, value: Numbers): string {
  if (typeof value === 'number' || typeof value === 'bigint') return numberText(name, value)
  return Object.entries(value)
    .map(([key, member]) =>
      Array.isArray(value) ? numberText(name, member) : `${key} ${numberText(key, member)}`,
    )
    .join(', ')
}

const UNITS: readonly (readonly [string, bigint])[] = [
  ['GiB', 1n << 30n],
  ['MiB', 1n << 20n],
  ['KiB', 1n << 10n],
]

/** Digits in groups of three; what counts bytes in the largest unit that leaves no rest. */
function numberText(name: string, value: number | bigint): string {
  if (typeof value === 'number' && !Number.isInteger(value)) return String(value)
  const whole = BigInt(value)
  const [unit, size] = UNITS.find(([, each]) => whole >= each && whole % each === 0n) ?? ['', 1n]
  const isBytes = /bytes$/i.test(name)
  const digits = String(isBytes ? whole / size : whole).replaceAll(/\B(?=(?:\d{3})+$)/g, ' ')
  return isBytes && unit !== '' ? `${digits} ${unit}` : digits
}

/** The page as the sources want it now. */
export async function currentLimitsPage(): Promise<string> {
  return limitsPage(await findLimits(join(ROOT, 'src')))
}

if (import.meta.main) {
  writeFileSync(join(ROOT, LIMITS_PAGE), await currentLimitsPage())
  console.log(`${LIMITS_PAGE}: written`)
}
