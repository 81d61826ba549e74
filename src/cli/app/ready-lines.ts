/** Methods of an application as lines to paste into a shell. */
import { stringifyJson } from '../../client/json.ts'
import { printable } from '../../node/primitives/text.ts'
import { exampleOf, type MethodText } from './abi.ts'

/** Methods that are shown; `app inspect` shows all. */
const MAX_LINES = 40
/** Characters that are kept of a line. */
const MAX_CHARS = 400

export interface ReadyLine {
  readonly method: string
  readonly args: Readonly<Record<string, unknown>>
  readonly line: string
}

/** A node as a shell names it: `token` is the variable that holds its token. */
export interface ReadyNode {
  readonly api: string
  readonly token: string
}

/** One for each method but `init`, which has run, with an example of what it takes. */
export function readyLines(
  methods: readonly MethodText[],
  contextId: string,
  { api, token }: ReadyNode,
): readonly ReadyLine[] {
  return methods
    .filter(({ name }) => name !== 'init')
    .slice(0, MAX_LINES)
    .map((method) => {
      const { name, params } = method
      const args = exampleOf(method)
      const given = params.length === 0 ? '' : ` --args ${quoted(stringifyJson(args) ?? '{}')}`
      const words = `MEROGATE_TOKEN=$${token} merogate call ${quoted(name)} --api ${api} --context ${contextId}`
      return { method: name, args, line: `${words}${given}` }
    })
}

/** As one word for a shell. */
function quoted(text: string): string {
  const shown = printable(text, MAX_CHARS)
  return /^[\w./:-]+$/.test(shown) ? shown : `'${shown.replaceAll("'", `'\\''`)}'`
}
