/** `[anchor.<chain>]`: the authorities over membership this node can ask. Each chain checks its own table. */
import { z } from 'zod'
import { issuesOf } from '../fields.ts'
import type { ChainSettings, OptionGroup } from '../option-group.ts'

/** Chains in one configuration. */
const MAX_ANCHORS = 16

/** Names that chains have. */
export const CHAIN_NAME: RegExp = /^[a-z][a-z0-9-]{0,31}$/

/** What users write, by the chain's name. */
export type AnchorUser = Readonly<Record<string, object>>

/** What each chain's tools take, by its name. */
export type AnchorConfig = Readonly<Record<string, object>>

/** A table for each chain, in the order in which they were written. */
export function anchorGroup(
  chains: readonly ChainSettings[],
): OptionGroup<AnchorUser, AnchorConfig> {
  const anchors = chains.flatMap(({ anchor }) => anchor ?? [])
  const known = new Map(anchors.map((anchor) => [anchor.table, anchor]))
  return {
    table: 'anchor',
    schema: z
      .record(
        z.string().regex(CHAIN_NAME, 'expected a protocol name such as local'),
        z.looseObject({}),
      )
      .refine((given) => Object.keys(given).length <= MAX_ANCHORS, {
        message: `expected at most ${MAX_ANCHORS} anchors`,
      })
      .check(({ value, issues }) => {
        for (const [name, entry] of Object.entries(value)) {
          const found = known.get(name)
          issues.push(
            ...(found === undefined
              ? [{ code: 'unrecognized_keys' as const, keys: [name], input: value }]
              : issuesOf(found.schema, entry, name)),
          )
        }
      }),
    options: anchors.flatMap(({ table, options }) =>
      options.map((option) => ({ ...option, key: `${table}.${option.key}` })),
    ),
    resolve: (user, home) =>
      Object.fromEntries(
        Object.entries(user).map(([name, entry]) => [
          name,
          known.get(name)?.resolve(entry, home) ?? {}, // the schema let known chains through only
        ]),
      ),
  }
}
