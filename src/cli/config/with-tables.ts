/** Settings that hold everywhere, and beside them in the same table one of each chain, which the chain checks by itself. */
import { z } from 'zod'
import { issuesOf } from './fields.ts'
import type { OptionGroup } from './option-group.ts'

/** Tables of chains by their names. */
interface Tables {
  readonly [chain: string]: unknown
}

/**
 * The group of both. Tables of chains that nobody knows are unknown keys of the rules; what is left out stays out.
 * @param problemOf what is wrong with the whole, given the tables that were written; undefined when nothing is
 */
export function withTables<U extends object, R extends object>(
  rules: OptionGroup<U, R>,
  tables: readonly OptionGroup<object, object | undefined>[],
  problemOf: (user: Tables, given: readonly string[]) => string | undefined = () => undefined,
): OptionGroup<U & Tables, R & Tables> {
  const names = new Set(tables.map(({ table }) => table))
  const rulesOf = (user: object): object =>
    Object.fromEntries(Object.entries(user).filter(([key]) => !names.has(key)))
  return {
    table: rules.table,
    schema: z.looseObject({}).check(({ value, issues }) => {
      issues.push(...issuesOf(rules.schema, rulesOf(value)))
      const given = tables.filter(({ table }) => value[table] !== undefined)
      for (const { table, schema } of given) issues.push(...issuesOf(schema, value[table], table))
      const message = problemOf(
        value,
        given.map(({ table }) => table),
      )
      if (message !== undefined) issues.push({ code: 'custom', message, input: value })
    }) as unknown as z.ZodType<U & Tables>, // the rules' own schema has looked at what is theirs
    options: [
      ...rules.options,
      ...tables.flatMap(({ table, options }) =>
        options.map((option) => ({ ...option, key: `${table}.${option.key}` })),
      ),
    ],
    resolve: (user, home) => ({
      ...rules.resolve(user, home),
      ...Object.fromEntries(
        tables.map(({ table, resolve }) => {
          const given = user[table] as object | undefined // its schema has looked at it
          return [table, given && resolve(given, home)]
        }),
      ),
    }),
  }
}
