/**
 * Searches the files of the repository for text that may not be there: names of machines and registries, and what the house rules
 * forbid and no linter knows, and names of pages that are not in the repository. `node scripts/check-text.ts`, part of `npm run check`.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { basename, join, matchesGlob } from 'node:path'
import { report } from './support/report.ts'

/** A text that may not be in some files. */
interface Rule {
  readonly pattern: RegExp
  /** Globs of files it is for, and of those it is not for. */
  readonly files: readonly string[]
  readonly except?: readonly string[]
  /** What to do instead. */
  readonly instead: string
}

const RULES: readonly Rule[] = [
  {
    pattern: /\/(?:work|root)\//,
    files: ['**'],
    instead: 'names a folder of one machine: use a path below the repository or a temporary one',
  },
  {
    pattern: /registry\.npmjs\.org|index\.crates\.io/,
    files: ['**'],
    except: ['**/Cargo.lock'],
    instead: 'names a registry: leave the choice to the settings of whoever installs',
  },
  {
    pattern: /throw new Error\(/,
    files: ['src/**/*.{ts,tsx}'],
    instead: 'throws an error without a code: use the errors.ts of the room',
  },
  {
    pattern: /\b(?:Date\.now|Math\.random)\(|\bnew Date\(\)/,
    files: ['src/**/*.{ts,tsx}'],
    except: ['src/node/primitives/**'],
    instead: 'takes time or chance from the machine: use the Clock or Random component',
  },
  {
    pattern: /\b(?:TODO|FIXME|XXX)\b/,
    files: ['{src,test,scripts,bench}/**/*.ts'],
    except: ['scripts/check-text.ts', 'test/unit/tooling/**'],
    instead: 'leaves something behind: do it, or write an issue',
  },
  {
    pattern: /\b(?:describe|it)\.only\(/,
    files: ['test/**/*.ts'],
    except: ['test/unit/tooling/**'],
    instead: 'would keep every other test from running',
  },
]

/** What is wrong with the text of a file, one line each. */
export function findTextProblems(path: string, text: string): string[] {
  const isFor = (globs: readonly string[] = []): boolean =>
    globs.some((glob) => matchesGlob(path, glob))
  return RULES.filter(({ files, except }) => isFor(files) && !isFor(except)).flatMap((rule) => {
    const found = rule.pattern.exec(text)
    if (found === null) return []
    const line = text.slice(0, found.index).split('\n').length
    return [`${path}:${line}: "${found[0]}" ${rule.instead}`]
  })
}

/** A page by its name; what stands in an address is a page of somebody else. */
const PAGE = /https?:\/\/\S+|(?<![\w-])[\w-]+\.md\b(?!\.?\w)/g
/** Tests that make pages up. */
const MADE_UP = 'test/unit/tooling/**'

/** Pages that a file names and the repository lacks, one line each. `pages` has the names of those there are, without folders. */
export function findMissingPages(
  path: string,
  text: string,
  pages: ReadonlySet<string>,
): readonly string[] {
  // no text: a module or a picture
  if (text.includes('\0') || matchesGlob(path, MADE_UP)) return []
  return [...text.matchAll(PAGE)].flatMap(({ 0: name, index }) => {
    if (name.includes('://') || pages.has(name)) return []
    const line = text.slice(0, index).split('\n').length
    return [`${path}:${line}: "${name}" is no page of the repository: say it, or link to docs/`]
  })
}

/** Files that are committed or would be. */
function filesOf(root: string): string[] {
  const args = ['ls-files', '-z', '--cached', '--others', '--exclude-standard', '--deduplicate']
  return execFileSync('git', args, { cwd: root, encoding: 'utf8', maxBuffer: 1 << 28 })
    .split('\0')
    .filter((path) => path !== '' && existsSync(join(root, path)))
}

if (import.meta.main) {
  const root = join(import.meta.dirname, '..')
  const files = filesOf(root)
  const pages = new Set(files.map((path) => basename(path)).filter((name) => name.endsWith('.md')))
  const problems = files.flatMap((path) => {
    const text = readFileSync(join(root, path), 'latin1')
    return [...findTextProblems(path, text), ...findMissingPages(path, text, pages)]
  })
  report('text', problems, 'Change the lines named above.')
}
