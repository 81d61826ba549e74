/** Finds every error code of the sources with its kind and what it means, for `docs/errors.md`. */
import { globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path/posix'
import ts from 'typescript'
import type { ErrorKind } from '../../src/node/errors.ts'
import { docComment } from './doc-comment.ts'

/** Every kind, and what it says about who is at fault. */
export const KIND_TEXTS: Readonly<Record<ErrorKind, string>> = {
  input: 'the caller sent something malformed or out of range',
  unauthenticated: 'the caller did not say who it is, or not credibly',
  denied: 'the caller may not do this',
  missing: 'it is not here',
  conflict: 'it does not fit what is here now: look again',
  limit: 'a bound of ours: send less, or later',
  transport: 'the way to a peer or service: try again',
  protocol: 'the other side sent bad bytes or a bad proof',
  guest: 'the application failed',
  chain: 'the anchor said no',
  corrupt: 'the disk: what is stored is not what was written',
  aborted: 'the caller gave up',
  internal: 'a bug of ours, or a use after the end',
}

/** What the sources say about one code. */
export interface ErrorEntry {
  readonly code: string
  /** Folder below `src` that declares it, or else throws it first. */
  room: string
  /** One, unless it depends on the cause. */
  readonly kinds: Set<string>
  /** Unions that declare it, as `file: Name`. */
  readonly unions: string[]
  /** From the doc comment of its declaration. */
  meaning?: string
  /** First message it is thrown with, values left out. */
  message?: string
}

/** Codes of the base class, which belong to no room. */
const BASE: Readonly<Record<string, string>> = {
  ABORTED: "the caller's signal fired",
  INTERNAL: 'something went wrong that is none of these: a bug, its cause is in the log',
}

const CODE = /^[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*$/
/** A message that says something by itself. */
const SENTENCE = /[a-z]{2,} .*[a-z]{2,}/
/** `CODE what it means; CODE ...` in the doc comment of a union. */
const MEANINGS =
  /\b([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+) (.+?)(?=[;.]? [A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+ |[;.]?$)/g

/** All codes by name, in the order of rooms and names. `root` is a folder like `src`. */
export function findErrors(root: string): ErrorEntry[] {
  const entries = new Map<string, ErrorEntry>(
    Object.entries(BASE).map(([code, meaning]) => [
      code,
      { code, room: 'node', kinds: new Set(), unions: [], meaning },
    ]),
  )
  const files = globSync('**/*.ts', { cwd: root }).map((path) => path.replaceAll('\\', '/'))
  // what is made of this list is no part of it
  for (const path of files.sort().filter((each) => each !== 'node/error-codes.ts')) {
    new Reader(path, readFileSync(join(root, path), 'utf8'), entries).read()
  }
  return [...entries.values()].sort((a, b) => compare(a.room, b.room) || compare(a.code, b.code))
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** Adds what one file says to the entries. */
class Reader {
  readonly #path: string
  readonly #source: ts.SourceFile
  readonly #entries: Map<string, ErrorEntry>
  /** `const message = '...'` seen last, by name. */
  readonly #texts = new Map<string, string>()

  constructor(path: string, text: string, entries: Map<string, ErrorEntry>) {
    this.#path = path
    this.#source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest)
    this.#entries = entries
  }

  read(): void {
    this.#visit(this.#source)
  }

  #visit(node: ts.Node): void {
    if (ts.isTypeAliasDeclaration(node) && node.name.text.endsWith('ErrorCode')) {
      this.#union(node)
    } else if (ts.isVariableStatement(node)) {
      this.#kinds(node)
    } else if (ts.isVariableDeclaration(node) && ts.isIdentifier(node.name)) {
      const text = node.initializer === undefined ? undefined : this.#textOf(node.initializer)
      if (text !== undefined) this.#texts.set(node.name.text, text)
    } else if (ts.isNewExpression(node) || ts.isCallExpression(node)) {
      this.#thrown(node)
    }
    ts.forEachChild(node, (child) => this.#visit(child))
  }

  /** `type XErrorCode = 'X_A' | 'X_B'`, its doc comment with the meanings. */
  #union(node: ts.TypeAliasDeclaration): void {
    const members = ts.isUnionTypeNode(node.type) ? node.type.types : [node.type]
    const meanings = new Map(
      [...docComment(this.#source, node).matchAll(MEANINGS)].map(([, code, text]) => [code, text]),
    )
    for (const member of members) {
      if (!ts.isLiteralTypeNode(member) || !ts.isStringLiteral(member.literal)) continue
      const entry = this.#declared(member.literal.text, `${this.#path}: ${node.name.text}`)
      const meaning = docComment(this.#source, member) || meanings.get(entry.code)
      if (meaning !== undefined && meaning !== '') entry.meaning ??= meaning
    }
  }

  /** `const KINDS = { /** meaning *\/ X_A: 'input' }`. */
  #kinds(statement: ts.VariableStatement): void {
    for (const { name, initializer } of statement.declarationList.declarations) {
      if (!ts.isIdentifier(name) || name.text !== 'KINDS' || initializer === undefined) continue
      const object = bare(initializer)
      if (!ts.isObjectLiteralExpression(object)) continue
      for (const property of object.properties) {
        if (!ts.isPropertyAssignment(property) || !ts.isIdentifier(property.name)) continue
        if (!CODE.test(property.name.text)) continue
        const entry = this.#declared(property.name.text)
        if (ts.isStringLiteral(property.initializer)) entry.kinds.add(property.initializer.text)
        const meaning = docComment(this.#source, property)
        if (meaning !== '') entry.meaning ??= meaning
      }
    }
  }

  /** `new MerogateError('X_A', 'input', 'message')`, `roomError('X_A', 'message')`. */
  #thrown(node: ts.NewExpression | ts.CallExpression): void {
    const callee = ts.isIdentifier(node.expression) ? node.expression.text : ''
    if (!callee.endsWith('Error') || callee === 'isMerogateError') return
    const [first, ...others] = node.arguments ?? []
    for (const code of first === undefined ? [] : literals(first)) {
      if (!CODE.test(code)) continue
      const entry = this.#entry(code)
      for (const text of others.slice(0, 2).map((argument) => this.#textOf(argument))) {
        if (text === undefined) continue
        if (Object.hasOwn(KIND_TEXTS, text)) entry.kinds.add(text)
        else if (SENTENCE.test(text)) entry.message ??= text
      }
    }
  }

  /** The text of a literal, template, constant or a sum of these, values as an ellipsis; undefined for anything else. */
  #textOf(node: ts.Expression): string | undefined {
    if (ts.isStringLiteralLike(node)) return node.text
    if (ts.isIdentifier(node)) return this.#texts.get(node.text)
    if (ts.isBinaryExpression(node)) {
      const left = this.#textOf(node.left)
      const right = this.#textOf(node.right)
      return left === undefined || right === undefined ? undefined : left + right
    }
    if (!ts.isTemplateExpression(node)) return undefined
    return [node.head.text, ...node.templateSpans.map(({ literal }) => literal.text)].join('…')
  }

  #entry(code: string): ErrorEntry {
    const known = this.#entries.get(code)
    if (known !== undefined) return known
    const entry: ErrorEntry = { code, room: dirname(this.#path), kinds: new Set(), unions: [] }
    this.#entries.set(code, entry)
    return entry
  }

  #declared(code: string, union?: string): ErrorEntry {
    const entry = this.#entry(code)
    entry.room = dirname(this.#path)
    if (union !== undefined) entry.unions.push(union)
    return entry
  }
}

/** An expression without `as const`, `satisfies T` and parentheses. */
function bare(node: ts.Expression): ts.Expression {
  const isWrapped =
    ts.isAsExpression(node) || ts.isSatisfiesExpression(node) || ts.isParenthesizedExpression(node)
  return isWrapped ? bare(node.expression) : node
}

/** The strings an expression can be: a literal, or the two of a condition. */
function literals(node: ts.Expression): string[] {
  if (ts.isStringLiteralLike(node)) return [node.text]
  if (ts.isConditionalExpression(node)) {
    return [...literals(node.whenTrue), ...literals(node.whenFalse)]
  }
  return []
}
