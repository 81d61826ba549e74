/** Reads doc comments, for the pages that are generated from them. */
import ts from 'typescript'

/** The doc comment right before a node, as one line; empty when there is none. */
export function docComment(source: ts.SourceFile, node: ts.Node): string {
  const range = ts.getLeadingCommentRanges(source.text, node.pos)?.at(-1)
  const comment = range === undefined ? '' : source.text.slice(range.pos, range.end)
  if (!comment.startsWith('/**')) return ''
  return comment
    .slice(3, -2)
    .replace(/^\s*\* ?/gm, ' ')
    .replace(/\s+/g, ' ')
    .trim()
}

/** A text as the cell of a Markdown table. */
export function tableCell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ')
}
