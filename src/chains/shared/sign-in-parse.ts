/**
 * Reads texts as {@link signInText} writes them, where a client made one itself, from a nonce of ours. The parser takes what the grammar of
 * CAIP-122, which is EIP-4361's, gives and nothing else: one text has one meaning, and every line of it is accounted for.
 * @see https://chainagnostic.org/CAIPs/caip-122
 */
import { MAX_SIGN_IN_TEXT_CHARS } from './limits.ts'

/** The fields of a text; times as ms since 1970. */
export interface SignInFields {
  /** Before the domain, without `://`. */
  readonly scheme: string | undefined
  readonly domain: string
  /** As it stands there. */
  readonly account: string
  readonly statement: string | undefined
  readonly uri: string
  readonly version: string
  readonly chainId: string
  readonly nonce: string
  readonly issuedAtMs: number
  readonly expiresAtMs: number | undefined
  readonly notBeforeMs: number | undefined
  readonly resources: readonly string[]
}

/** What is wrong with a text, in few words for the log. */
export class SignInSyntaxError extends Error {}

/** How a chain writes what differs between chains. */
export interface SignInForm {
  /** Name of the standard, for messages: `EIP-4361`. */
  readonly standard: string
  /** The chain's name as people write it. */
  readonly chainName: string
  readonly account: RegExp
  /** What is wrong with an account that has this form; undefined when nothing is. */
  readonly problemOf?: ((account: string) => string | undefined) | undefined
  readonly chainId: RegExp
}

/** Printable ASCII and line ends: all that the grammar has. */
const CHARACTERS = /^[\x20-\x7e\n]*$/
const FIRST_LINE =
  /^(?:(?<scheme>[a-zA-Z][a-zA-Z0-9+.-]*):\/\/)?(?<domain>[^\s/?#]+) wants you to sign in with your (?<chain>[\w ]+) account:$/
const NONCE = /^[0-9a-zA-Z]{8,128}$/
/** RFC 3339 date-time. */
const DATE_TIME =
  /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/
/** Characters of a URI (RFC 3986). */
const URI = /^[a-zA-Z][a-zA-Z0-9+.-]*:[\w\-.~:/?#[\]@!$&'()*+,;=%]*$/
/** A nonce of ours, on a line of its own. */
const OUR_NONCE = /\nNonce: ([0-9a-f]{64})\n/

/** The nonce in `provider_data.message`, believed by nobody: it finds the challenge. */
export function nonceOfText(data: unknown): string | undefined {
  if (typeof data !== 'object' || data === null || !('message' in data)) return undefined
  const { message } = data
  if (typeof message !== 'string' || message.length > MAX_SIGN_IN_TEXT_CHARS) return undefined
  return OUR_NONCE.exec(message)?.[1]
}

/** The fields of a text. @throws SignInSyntaxError */
export function parseSignInText(text: string, form: SignInForm): SignInFields {
  if (text.length > MAX_SIGN_IN_TEXT_CHARS) throw new SignInSyntaxError('the text is too long')
  if (!CHARACTERS.test(text)) throw new SignInSyntaxError('a character that no text has')
  const lines = new Lines(text.split('\n'))
  const { scheme, domain, chain } = match(FIRST_LINE, lines.next(), 'the first line')
  if (chain !== form.chainName) throw new SignInSyntaxError('the first line is none')
  const account = checked(form.account, lines.next(), 'the address')
  lines.blank()
  const statement = lines.statement()
  const uri = checked(URI, lines.field('URI'), 'URI')
  const version = lines.field('Version')
  const chainId = checked(form.chainId, lines.field('Chain ID'), 'Chain ID')
  const nonce = checked(NONCE, lines.field('Nonce'), 'Nonce')
  const issuedAtMs = time(lines.field('Issued At'), 'Issued At')
  const expires = lines.optional('Expiration Time')
  const notBefore = lines.optional('Not Before')
  lines.optional('Request ID')
  const resources = lines.resources()
  lines.end()
  return {
    ...{ scheme, domain: domain ?? '', account, statement, uri, version, chainId, nonce },
    ...{ issuedAtMs, resources },
    expiresAtMs: expires === undefined ? undefined : time(expires, 'Expiration Time'),
    notBeforeMs: notBefore === undefined ? undefined : time(notBefore, 'Not Before'),
  }
}

/** Lines that are taken one after the other. */
class Lines {
  readonly #lines: readonly string[]
  #at = 0

  constructor(lines: readonly string[]) {
    this.#lines = lines
  }

  next(): string {
    const line = this.#lines[this.#at]
    if (line === undefined) throw new SignInSyntaxError(`the text ends after ${this.#at} lines`)
    this.#at++
    return line
  }

  blank(): void {
    if (this.next() !== '') throw new SignInSyntaxError(`line ${this.#at} is not empty`)
  }

  /** One line between two empty ones; without it the two stand together. */
  statement(): string | undefined {
    const line = this.next()
    if (line === '') return undefined
    this.blank()
    return line
  }

  field(name: string): string {
    const value = this.optional(name)
    if (value === undefined)
      throw new SignInSyntaxError(`${name} is missing on line ${this.#at + 1}`)
    return value
  }

  optional(name: string): string | undefined {
    const line = this.#lines[this.#at]
    if (line?.startsWith(`${name}: `) !== true) return undefined
    this.#at++
    return line.slice(name.length + 2)
  }

  resources(): string[] {
    if (this.#lines[this.#at] !== 'Resources:') return []
    this.#at++
    const found: string[] = []
    for (; this.#lines[this.#at]?.startsWith('- ') === true; this.#at++) {
      found.push(checked(URI, (this.#lines[this.#at] ?? '').slice(2), 'a resource'))
    }
    return found
  }

  end(): void {
    if (this.#at !== this.#lines.length) {
      throw new SignInSyntaxError(`line ${this.#at + 1} has no place in the text`)
    }
  }
}

function match(pattern: RegExp, text: string, what: string): Record<string, string | undefined> {
  const found = pattern.exec(text)
  if (found === null) throw new SignInSyntaxError(`${what} is none`)
  return found.groups ?? {}
}

function checked(pattern: RegExp, text: string, what: string): string {
  match(pattern, text, what)
  return text
}

function time(text: string, what: string): number {
  const ms = Date.parse(checked(DATE_TIME, text, what))
  if (Number.isNaN(ms)) throw new SignInSyntaxError(`${what} is no time`)
  return ms
}
