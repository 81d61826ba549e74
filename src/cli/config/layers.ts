/** Plain tables laid over each other, and values reached by dotted keys. */

/** A table as TOML has it. */
export type Table = Record<string, unknown>

function isTable(value: unknown): value is Table {
  return (
    typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
  )
}

/** `over` on top of `under`: tables are merged, everything else is replaced. New tables; the arguments are untouched. */
export function overlay(under: Table, over: Table): Table {
  const merged: Table = { ...under }
  for (const [key, value] of Object.entries(over)) {
    const below = merged[key]
    merged[key] = isTable(value) ? overlay(isTable(below) ? below : {}, value) : value
  }
  return merged
}

/** A table with one value at a dotted key. */
export function nest(key: string, value: unknown): Table {
  return key.split('.').reduceRight<unknown>((inner, part) => ({ [part]: inner }), value) as Table // a key has at least one part
}

/** Whether a table has something at a dotted key. */
export function hasKey(table: Table, key: string): boolean {
  let at: unknown = table
  for (const part of key.split('.')) {
    if (!isTable(at) || !Object.hasOwn(at, part)) return false
    at = at[part]
  }
  return true
}
