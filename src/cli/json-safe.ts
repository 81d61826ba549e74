/** Values for JSON: what it has no word for, as text. */

/** A copy in which amounts (`bigint`) are decimal text. */
export function jsonSafe(value: object): Record<string, unknown> {
  const text = JSON.stringify(value, (_, each: unknown) =>
    typeof each === 'bigint' ? String(each) : each,
  )
  return JSON.parse(text) as Record<string, unknown> // an object went in
}
