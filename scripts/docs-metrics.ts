/** Writes `docs/metrics.md` from the sources: `node scripts/docs-metrics.ts`. */
import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path/posix'
import ts from 'typescript'
import { tableCell } from './support/doc-comment.ts'

const ROOT = join(import.meta.dirname, '..')

/** The page, below the repository. */
export const METRICS_PAGE = 'docs/metrics.md'

/** What is counted, as the sources declare it. */
export interface MetricEntry {
  /** Folder below `src`. */
  readonly room: string
  readonly name: string
  readonly type: string
  readonly labels: readonly string[]
  readonly help: string
}

const INTRODUCTION = `# Metrics

A node serves them at \`GET /metrics\` in the Prometheus text format, together with the usual figures of the process (\`process_*\`, \`nodejs_*\`).
Base units are seconds and bytes; no label holds an id. Embedders pass their own registry as \`metrics\` to \`createNode\`.

What to watch: \`merogate_context_root_mismatches_total\` and \`merogate_sync_root_mismatches_total\` stay at 0 while all copies agree;
\`merogate_runtime_worker_restarts_total\` grows when an application overruns its time, or holds up others (reason \`moved\`); \`merogate_sync_push_overflows_total\` when a peer
cannot keep up; \`merogate_context_deltas_rejected_total\` when somebody sends what no honest node makes.

This page is generated from the sources by \`node scripts/docs-metrics.ts\`.`

const TYPES = ['counter', 'gauge', 'histogram']

/** Every metric that the sources declare with a literal name, by room and name. `root` is a folder like `src`. */
export function findMetrics(root: string): MetricEntry[] {
  return globSync('**/*.ts', { cwd: root })
    .sort()
    .flatMap((path) => metricsOf(path, readFileSync(join(root, path), 'utf8')))
}

/** `metrics.counter('merogate_...', { help: '...', labels: ['...'] })` in one file. */
function metricsOf(path: string, text: string): MetricEntry[] {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest)
  const found: MetricEntry[] = []
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression)) {
      const type = node.expression.name.text
      const [name, options] = node.arguments
      if (TYPES.includes(type) && name !== undefined && ts.isStringLiteral(name)) {
        const { help, labels } = optionsOf(options)
        found.push({ room: dirname(path), name: name.text, type, labels, help })
      }
    }
    ts.forEachChild(node, visit)
  }
  visit(source)
  return found
}

function optionsOf(node: ts.Expression | undefined): { help: string; labels: string[] } {
  const texts: Record<string, string[]> = {}
  const properties = node !== undefined && ts.isObjectLiteralExpression(node) ? node.properties : []
  for (const property of properties) {
    if (!ts.isPropertyAssignment(property) || !ts.isIdentifier(property.name)) continue
    const { initializer } = property
    const values = ts.isArrayLiteralExpression(initializer) ? initializer.elements : [initializer]
    texts[property.name.text] = values.flatMap((value) =>
      ts.isStringLiteralLike(value) ? [value.text] : [],
    )
  }
  return { help: texts['help']?.join('') ?? '', labels: texts['labels'] ?? [] }
}

/** The text of the page. */
export function metricsPage(entries: readonly MetricEntry[]): string {
  const rooms = [...Map.groupBy(entries, ({ room }) => room)].map(
    ([room, list]) =>
      `\n## ${room}\n\n| name | type | labels | meaning |\n| --- | --- | --- | --- |\n${list.map(row).join('\n')}`,
  )
  return [INTRODUCTION, ...rooms, ''].join('\n')
}

function row({ name, type, labels, help }: MetricEntry): string {
  const shown = labels.map((label) => `\`${label}\``).join(', ')
  return `| \`${name}\` | ${type} | ${shown} | ${tableCell(help)} |`
}

/** The page as the sources want it now. */
export function currentMetricsPage(): string {
  return metricsPage(findMetrics(join(ROOT, 'src')))
}

if (import.meta.main) {
  writeFileSync(join(ROOT, METRICS_PAGE), currentMetricsPage())
  console.log(`${METRICS_PAGE}: written`)
}
