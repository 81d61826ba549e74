/** The TypeScript of the documents, as programs that a reader would paste: each is compiled against the package, and those that stand by themselves are run. */
import { globSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'

/** One fence of a document. */
export interface Snippet {
  /** A file name without its ending: `embedding-2`. */
  readonly name: string
  /** For messages: `docs/embedding.md:8`. */
  readonly where: string
  readonly code: string
  /** Whether it runs by itself, to its end. */
  readonly isWhole: boolean
}

/** Names that the prose around a snippet stands for, by document, where its snippets have a single meaning of them. */
const GIVEN: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  auth: {
    client: "import('merogate/client').MerogateClient",
    contextId: 'string',
    password: 'string',
    wallet: '{ address: string; signMessage(message: string): Promise<string> }',
  },
  embedding: {
    anchors: "import('merogate').NodeInit['anchors']",
    call: "Parameters<import('merogate').Node['contexts']['execute']>[0]",
    context: "import('merogate').ContextId",
    home: 'string',
    node: "import('merogate').Node",
    other: "import('merogate').Node",
    report: '(details: unknown) => void',
  },
}

/** Snippets that end by themselves and need nothing but a folder with the example application. */
const WHOLE: ReadonlySet<string> = new Set([
  'README-1',
  'embedding-1',
  'local-chains-1',
  'local-chains-2',
  'local-chains-3',
])

/** All of the documents below `root`, in their order. */
export function findSnippets(root: string): readonly Snippet[] {
  return ['README.md', ...globSync('docs/*.md', { cwd: root }).sort()].flatMap((path) =>
    snippetsOf(path, readFileSync(join(root, path), 'utf8')),
  )
}

/** @param path of the document, below the root */
export function snippetsOf(path: string, page: string): readonly Snippet[] {
  const document = basename(path, '.md')
  return [...page.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map((found, index) => {
    const [, code = ''] = found
    const name = `${document}-${index + 1}`
    const line = page.slice(0, found.index).split('\n').length
    const where = `${path}:${line}`
    return { name, where, code: withGiven(code, GIVEN[document] ?? {}), isWhole: WHOLE.has(name) }
  })
}

/** The code behind declarations of what it uses and neither imports nor makes; always a module. */
function withGiven(code: string, given: Readonly<Record<string, string>>): string {
  const declared = Object.entries(given)
    .filter(([name]) => new RegExp(`(?<![.\\w'])${name}\\b(?!:)`).test(code))
    .filter(([name]) => !makes(code, name))
    .map(([name, type]) => `declare const ${name}: ${type}\n`)
  return `${declared.join('')}${code}export {}\n`
}

/** Whether a statement of the code declares a name. */
function makes(code: string, name: string): boolean {
  return [...code.matchAll(/^(?:const|let|import|await using) (\{[^}]*\}|\w+)/gm)].some(
    ([, names = '']) => new RegExp(`\\b${name}\\b`).test(names),
  )
}
