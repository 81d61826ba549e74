/** One spelling for every JSON value (RFC 8785, JCS), so that a signature over it means the value and not its spelling. */
import { applicationError } from './errors.ts'
import { MAX_JSON_DEPTH } from './limits.ts'

/**
 * The canonical text of a value that came from `JSON.parse`: no white space, members sorted by UTF-16 code units, numbers and strings as
 * ECMAScript prints them (RFC 8785 3.2.2, 3.2.3). @throws BUNDLE_INVALID (input) when nested too deep or not a JSON value
 */
export function canonicalJson(value: unknown, depth: number = MAX_JSON_DEPTH): string {
  if (depth === 0) {
    throw applicationError(
      'BUNDLE_INVALID',
      `expected JSON nested at most ${MAX_JSON_DEPTH} deep, got more`,
      { max: MAX_JSON_DEPTH },
    )
  }
  if (Array.isArray(value)) {
    return `[${value.map((item) => canonicalJson(item, depth - 1)).join(',')}]`
  }
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, member]) => `${text(name)}:${canonicalJson(member, depth - 1)}`)
    return `{${members.join(',')}}`
  }
  if (typeof value === 'string') return text(value)
  if (typeof value === 'number' && Number.isFinite(value)) return JSON.stringify(value)
  if (typeof value === 'boolean' || value === null) return String(value)
  throw applicationError('BUNDLE_INVALID', `expected a JSON value, got ${typeof value}`)
}

function text(value: string): string {
  // half a surrogate pair has no UTF-8 form to sign (RFC 8785 3.2.2.2)
  if (!value.isWellFormed()) {
    throw applicationError('BUNDLE_INVALID', 'expected well-formed Unicode, got a lone surrogate')
  }
  return JSON.stringify(value)
}
