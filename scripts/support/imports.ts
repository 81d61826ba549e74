/** Reads what TypeScript files import, for the checks of the repository. */
import ts from 'typescript'

/** One import, export-from, `import()` or `import('x').T` of a file. */
export interface ImportOf {
  /** The specifier as written; undefined when an `import()` computes it. */
  readonly specifier: string | undefined
  /** Whether nothing of it is left at run time. */
  readonly isType: boolean
  /** Line, from 1. */
  readonly line: number
}

/** All imports of one file, in the order of the text. */
export function importsOf(name: string, text: string): ImportOf[] {
  const source = ts.createSourceFile(name, text, ts.ScriptTarget.Latest)
  const found: ImportOf[] = []
  const add = (node: ts.Node, at: ts.Node | undefined, isType: boolean): void => {
    const specifier = at !== undefined && ts.isStringLiteralLike(at) ? at.text : undefined
    const { line } = source.getLineAndCharacterOfPosition(node.getStart(source))
    found.push({ specifier, isType, line: line + 1 })
  }
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) {
      // `import { type A }` leaves an import behind, so only `import type` counts
      add(
        node,
        node.moduleSpecifier,
        node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword,
      )
    } else if (ts.isExportDeclaration(node) && node.moduleSpecifier !== undefined) {
      add(node, node.moduleSpecifier, node.isTypeOnly)
    } else if (ts.isImportTypeNode(node)) {
      add(node, ts.isLiteralTypeNode(node.argument) ? node.argument.literal : undefined, true)
    } else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      add(node, node.arguments[0], false)
    }
    ts.forEachChild(node, visit)
  }
  visit(source)
  return found
}
