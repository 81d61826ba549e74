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

Whatever a stranger, a client or an application can send, and how long things may take: what stands in the limits of each room, and every other constant that
has the name of a bound, or why it is none. Local chains have the bounds of the networks they stand for. Names that end in \`_MS\` are milliseconds. These are
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

interface Constant {
  readonly name: string
  /** Its doc comment. */
  readonly meaning: string
  /** What it is set to, where that is an expression of numbers. */
  readonly value: number | bigint | undefined
}

/** Constants that a file declares. */
function constantsOf(path: string, text: string): Constant[] {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest)
  return source.statements.filter(ts.isVariableStatement).flatMap((statement) =>
    statement.declarationList.declarations.flatMap(({ name, initializer }) => {
      const isConstant = ts.isIdentifier(name) && /^[A-Z][A-Z0-9_]*$/.test(name.text)
      if (!isConstant) return []
      const meaning = docComment(source, statement)
      return [{ name: name.text, meaning, value: initializer && numberOf(initializer) }]
    }),
  )
}

/** The value of an expression of number literals; undefined for any other. */
function numberOf(node: ts.Expression): number | bigint | undefined {
  if (ts.isNumericLiteral(node)) return Number(node.text)
  if (ts.isBigIntLiteral(node)) return BigInt(node.text.slice(0, -1))
  if (ts.isParenthesizedExpression(node)) return numberOf(node.expression)
  if (!ts.isBinaryExpression(node)) return undefined
  const [left, right] = [numberOf(node.left), numberOf(node.right)]
  if (typeof left !== 'number' || typeof right !== 'number') return undefined
  switch (node.operatorToken.kind) {
    case ts.SyntaxKind.AsteriskToken:
      return left * right
    case ts.SyntaxKind.PlusToken:
      return left + right
    case ts.SyntaxKind.MinusToken:
      return left - right
    case ts.SyntaxKind.LessThanLessThanToken:
      return left << right
    default:
      return undefined
  }
}

/** Names that bounds have. */
const BOUND =
  /^(?:MAX|MIN)_|_(?:MAX|MIN|LIMIT|CAP|TIMEOUT|BYTES|CHARS|MS|NS|SECONDS|DEPTH|BURST|TRIES|ROUNDS|ATTEMPTS)$|_PER_/
/** Units, which are none. */
const UNIT = /^(?:NS|MS|SECONDS)_PER_|^(?:SECOND|MINUTE|HOUR|DAY|YEAR)_(?:NS|MS|SECONDS)$/
/** Local chains have the bounds of the networks they stand for; the sign-in page runs in a browser. */
const ELSEWHERE = ['devnet/**', 'login-page/**']
/** In a doc comment: it only looks like a bound. */
const NONE = /^No bound: /

/** Constants beside the limits of each room that are bounds by their name, or look like it. */
export function findScattered(root: string): (LimitEntry & { readonly path: string })[] {
  const exclude = [...SOURCES, ...ELSEWHERE]
  return globSync('**/*.ts', { cwd: root, exclude })
    .sort()
    .flatMap((path) =>
      constantsOf(path, readFileSync(join(root, path), 'utf8'))
        .filter(({ name, value }) => value !== undefined && BOUND.test(name) && !UNIT.test(name))
        .map(({ name, meaning, value = 0 }) => ({
          ...{ room: dirname(path), path, name, value, meaning },
        })),
    )
}

/** What looks like a bound and says neither what it bounds nor that it is none. */
export function findSilentBounds(root: string): string[] {
  return findScattered(root)
    .filter(({ meaning }) => meaning === '')
    .map(
      ({ path, name }) =>
        `src/${path}: ${name} looks like a bound: say above it what it bounds, or \`No bound: ...\``,
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
  const [none, bounds] = [true, false].map((is) =>
    entries.filter(({ meaning }) => NONE.test(meaning) === is),
  ) as [LimitEntry[], LimitEntry[]] // as many as were asked for
  const rooms = [...Map.groupBy(bounds, ({ room }) => room)]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([room, list]) => `\n## ${room}\n\n${table(list)}`)
  const rest = none.map((entry) => ({ ...entry, meaning: entry.meaning.replace(NONE, '') }))
  const last = rest.length === 0 ? [] : [`\n## What only looks like a bound\n\n${table(rest)}`]
  return [INTRODUCTION, ...rooms, ...last, ''].join('\n')
}

function table(list: readonly LimitEntry[]): string {
  return `| name | value | meaning |\n| --- | --- | --- |\n${list.map(row).join('\n')}`
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
  const root = join(ROOT, 'src')
  return limitsPage([...(await findLimits(root)), ...findScattered(root)])
}

if (import.meta.main) {
  writeFileSync(join(ROOT, LIMITS_PAGE), await currentLimitsPage())
  console.log(`${LIMITS_PAGE}: written`)
}
