/**
 * Semantic versions 2.0.0 (https://semver.org/spec/v2.0.0.html) as the registry takes them: strict, each number a u32, no build metadata,
 * since two versions that differ in it alone have one precedence (item 10) and would be two releases of one rank.
 */
import { MAX_U32 } from '../limits.ts'

/** A version that was parsed. */
export interface Version {
  readonly major: number
  readonly minor: number
  readonly patch: number
  /** Identifiers behind the hyphen; none for a stable version. */
  readonly preRelease: readonly string[]
}

// item 2: no leading zeros; a u32 has ten digits at most
const NUMBER = '(0|[1-9][0-9]{0,9})'
// item 9: identifiers of [0-9A-Za-z-], not empty, and without leading zeros when all are digits
const IDENTIFIER = '(?:0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*)'
const VERSION = new RegExp(
  `^${NUMBER}\\.${NUMBER}\\.${NUMBER}(?:-(${IDENTIFIER}(?:\\.${IDENTIFIER})*))?$`,
)
const DIGITS = /^[0-9]+$/

/** The version that a text is, or undefined. */
export function parseVersion(text: string): Version | undefined {
  const match = VERSION.exec(text)
  if (match === null) return undefined
  const [major = NaN, minor = NaN, patch = NaN] = match.slice(1, 4).map(Number)
  if (!(major <= MAX_U32 && minor <= MAX_U32 && patch <= MAX_U32)) return undefined
  return { major, minor, patch, preRelease: match[4]?.split('.') ?? [] }
}

/** ASCII order of two texts. */
function compareText(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1
}

/** Item 11.4: digits by value and below the rest, the rest in ASCII order. Without leading zeros the longer number is the greater one. */
function compareIdentifiers(a: string, b: string): number {
  const isNumber = DIGITS.test(a)
  if (isNumber !== DIGITS.test(b)) return isNumber ? -1 : 1
  return (isNumber ? a.length - b.length : 0) || compareText(a, b)
}

/** Items 11.3 and 11.4: none is above any, then the first difference counts, then the longer list. */
function comparePreReleases(a: readonly string[], b: readonly string[]): number {
  if (a.length === 0 || b.length === 0) return b.length - a.length
  for (const [index, identifier] of a.entries()) {
    const other = b[index]
    if (other === undefined) return 1
    const order = compareIdentifiers(identifier, other)
    if (order !== 0) return order
  }
  return a.length - b.length
}

/** Negative when `a` has the lower precedence, positive when the higher, 0 for the same version (item 11). */
export function compareVersions(a: Version, b: Version): number {
  return (
    a.major - b.major ||
    a.minor - b.minor ||
    a.patch - b.patch ||
    comparePreReleases(a.preRelease, b.preRelease)
  )
}
