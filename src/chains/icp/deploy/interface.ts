/**
 * Whether a canister's interface takes something away from those who call it. What was there has to be there in the same form: every method with
 * the same arguments, answers and mode. That refuses some changes that callers would not notice, and none that they would.
 */

/** Methods by name, each as a text that is the same where its types are. */
export type Service = ReadonlyMap<string, string>

/** A text that is no interface, or says something that is not read here. */
export class CandidSyntaxError extends Error {}

/** A name, a text in quotes, a number, an arrow, or a mark. */
const TOKEN =
  /\s+|\/\/[^\n]*|\/\*[\s\S]*?\*\/|("(?:[^"\\]|\\.)*"|[A-Za-z_]\w*|\d[\d_]*|->|[{}();:,=])/y

/** Types of Candid that are names. */
const PRIMITIVES: ReadonlySet<string> = new Set([
  ...['nat', 'nat8', 'nat16', 'nat32', 'nat64', 'int', 'int8', 'int16', 'int32', 'int64'],
  ...['float32', 'float64', 'bool', 'text', 'null', 'reserved', 'empty', 'principal'],
])

/** What is wrong with a new interface, one line for each method that it takes away or changes. */
export function takenAway(before: string, after: string): readonly string[] {
  const next = serviceOf(after)
  return [...serviceOf(before)].flatMap(([name, form]) => {
    const now = next.get(name)
    if (now === undefined) return [`${name} is gone`]
    return now === form ? [] : [`${name} is another`]
  })
}

/** The methods of an interface. @throws CandidSyntaxError */
export function serviceOf(text: string): Service {
  return new Parser(tokensOf(text)).service()
}

function tokensOf(text: string): readonly string[] {
  const tokens: string[] = []
  TOKEN.lastIndex = 0
  while (TOKEN.lastIndex < text.length) {
    const at = TOKEN.lastIndex
    const found = TOKEN.exec(text)
    if (found === null) throw new CandidSyntaxError(`no interface of Candid at character ${at}`)
    if (found[1] !== undefined) tokens.push(found[1])
  }
  return tokens
}

/** A type, as far as it is read: a name, or a shape with parts. */
type Form = string | { readonly shape: string; readonly parts: readonly Form[] }

class Parser {
  readonly #tokens: readonly string[]
  readonly #types = new Map<string, Form>()
  #at = 0

  constructor(tokens: readonly string[]) {
    this.#tokens = tokens
  }

  service(): Service {
    while (this.#take('type')) {
      const name = this.#name()
      this.#expect('=')
      this.#types.set(name, this.#type())
      this.#take(';')
    }
    this.#expect('service')
    if (this.#peek() !== ':') this.#name()
    this.#expect(':')
    // what a canister is told when it is made is no part of what it offers
    if (this.#peek() === '(') {
      this.#list()
      this.#expect('->')
    }
    const methods = this.#methods()
    this.#take(';')
    if (this.#peek() !== undefined) throw new CandidSyntaxError('something behind the service')
    return new Map([...methods].map(([name, form]) => [name, this.#textOf(form, [])]))
  }

  #methods(): ReadonlyMap<string, Form> {
    const methods = new Map<string, Form>()
    this.#expect('{')
    while (!this.#take('}')) {
      const name = this.#name()
      this.#expect(':')
      methods.set(name, this.#type())
      if (this.#peek() !== '}') this.#expect(';')
    }
    return methods
  }

  #type(): Form {
    const token = this.#peek()
    if (token === '(') return this.#function()
    const word = this.#name()
    if (word === 'opt' || word === 'vec') return { shape: word, parts: [this.#type()] }
    if (word === 'blob') return { shape: 'vec', parts: ['nat8'] }
    if (word === 'func') return this.#function()
    if (word === 'record' || word === 'variant') return this.#fields(word)
    if (word === 'service') {
      const parts = [...this.#methods()].map(([name, form]) => ({ shape: name, parts: [form] }))
      return { shape: 'service', parts: sorted(parts) }
    }
    return word
  }

  #function(): Form {
    const takes = this.#list()
    this.#expect('->')
    const answers = this.#list()
    const modes: string[] = []
    for (let mode = this.#peek(); isMode(mode); mode = this.#peek()) {
      modes.push(mode)
      this.#at++
    }
    return { shape: `func ${modes.join(' ')}`, parts: [takes, answers] }
  }

  /** Types in brackets, whose names say nothing. */
  #list(): Form {
    const parts: Form[] = []
    this.#expect('(')
    while (!this.#take(')')) {
      if (this.#tokens[this.#at + 1] === ':') this.#at += 2
      parts.push(this.#type())
      if (this.#peek() !== ')') this.#expect(',')
    }
    return { shape: 'list', parts }
  }

  /** Fields by name or number; without either they are counted. */
  #fields(word: 'record' | 'variant'): Form {
    const parts: { shape: string; parts: readonly Form[] }[] = []
    this.#expect('{')
    for (let next = 0; !this.#take('}');) {
      const isNamed = this.#tokens[this.#at + 1] === ':'
      const isBare = word === 'variant' && !isNamed
      const shape = isNamed || isBare ? this.#name() : String(next)
      if (isNamed) this.#expect(':')
      parts.push({ shape, parts: [isBare ? 'null' : this.#type()] })
      next = /^\d+$/.test(shape) ? Number(shape) + 1 : next
      if (this.#peek() !== '}') this.#expect(';')
    }
    return { shape: word, parts: sorted(parts) }
  }

  /** A type with its names resolved; one that is within itself is named by how far out it lies. */
  #textOf(form: Form, within: readonly string[]): string {
    if (typeof form !== 'string') {
      const parts = form.parts.map((part) => this.#textOf(part, within))
      return `${form.shape}(${parts.join(', ')})`
    }
    const known = this.#types.get(form)
    if (known === undefined) {
      if (PRIMITIVES.has(form)) return form
      throw new CandidSyntaxError(`a type that is not there: ${form}`)
    }
    const depth = within.lastIndexOf(form)
    if (depth >= 0) return `^${within.length - depth}`
    if (!this.#isWithinItself(form)) return this.#textOf(known, within)
    return `rec(${this.#textOf(known, [...within, form])})`
  }

  #isWithinItself(name: string): boolean {
    const seen = new Set<string>()
    const names = (form: Form): readonly string[] =>
      typeof form === 'string' ? [form] : form.parts.flatMap(names)
    for (let next = names(this.#types.get(name) ?? ''); next.length > 0;) {
      if (next.includes(name)) return true
      const fresh = next.filter((each) => !seen.has(each))
      for (const each of fresh) seen.add(each)
      next = fresh.flatMap((each) => names(this.#types.get(each) ?? 'null'))
    }
    return false
  }

  #peek(): string | undefined {
    return this.#tokens[this.#at]
  }

  #take(token: string): boolean {
    if (this.#peek() !== token) return false
    this.#at++
    return true
  }

  #expect(token: string): void {
    if (this.#take(token)) return
    throw new CandidSyntaxError(`expected ${token}, got ${this.#peek() ?? 'the end'}`)
  }

  /** A name or number, bare or in quotes. */
  #name(): string {
    const token = this.#peek()
    if (token === undefined || !/^["\w]/.test(token)) {
      throw new CandidSyntaxError(`expected a name, got ${token ?? 'the end'}`)
    }
    this.#at++
    // quotes that are needed stay
    return /^"\w+"$/.test(token) ? token.slice(1, -1) : token
  }
}

function isMode(token: string | undefined): token is string {
  return token === 'query' || token === 'oneway' || token === 'composite_query'
}

/** Order does not matter to fields and methods. */
function sorted(
  parts: readonly { readonly shape: string; readonly parts: readonly Form[] }[],
): readonly Form[] {
  return parts.toSorted((one, other) => (one.shape < other.shape ? -1 : 1))
}
