/** Single mutations of sources, as data: what the rule's text is, and what stands in its place. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** One rule that is broken by hand. */
export interface Mutation {
  /** Says what is done, in a few words with hyphens. */
  readonly id: string
  /** Below the repository. */
  readonly file: string
  /** Text that the file has exactly once, whatever white space lies between its words. */
  readonly from: string
  readonly to: string
}

/** Mutations of one file: by id, what is replaced and by what. */
export function inFile(
  file: string,
  list: Readonly<Record<string, readonly [from: string, to: string]>>,
): readonly Mutation[] {
  return Object.entries(list).map(([id, [from, to]]) => ({ id, file, from, to }))
}

/** The pattern of a text and nothing else. */
export function literal(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
}

/** Matches a text with any white space between its words. */
function patternOf(text: string): RegExp {
  const words = text.trim().split(/\s+/)
  return new RegExp(words.map(literal).join('\\s+'), 'g')
}

/** The file as the mutation leaves it; a text when it cannot be made. */
export function mutate(
  root: string,
  { file, from, to }: Mutation,
): { readonly source: string } | { readonly problem: string } {
  let source: string
  try {
    source = readFileSync(join(root, file), 'utf8')
  } catch {
    return { problem: `${file} is not there` }
  }
  const found = [...source.matchAll(patternOf(from))]
  const [match] = found
  if (match === undefined || found.length > 1) {
    return { problem: `${file} has this ${found.length} times, expected once: ${from}` }
  }
  const mutated = source.slice(0, match.index) + to + source.slice(match.index + match[0].length)
  return { source: mutated }
}

/** What is wrong with a list: texts that are not there once, and ids given twice. */
export function findProblems(root: string, list: readonly Mutation[]): readonly string[] {
  const ids = new Set<string>()
  return list.flatMap((mutation) => {
    const { id } = mutation
    const made = mutate(root, mutation)
    const problems = 'problem' in made ? [`${id}: ${made.problem}`] : []
    if (ids.has(id)) problems.push(`${id}: is there twice`)
    ids.add(id)
    return problems
  })
}
