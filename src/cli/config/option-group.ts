/**
 * The shape of one table of the configuration: a group keeps its schema, defaults, and the words of its flags in one file, and turns what
 * users write into what the node takes.
 */
import type { z } from 'zod'

/** How the text of a flag or an environment variable becomes a value; a list is separated by commas. */
export type OptionKind = 'text' | 'integer' | 'boolean' | 'list'

/** One setting of a group. */
export interface Option {
  /** Dotted path within the table. */
  readonly key: string
  readonly kind: OptionKind
  /** What it does, for the command line's help. */
  readonly text: string
}

/** `U` is what users write, snake_case and all optional; `R` is complete, camelCase, with absolute paths. */
export interface OptionGroup<U, R> {
  /** Name of the table. */
  readonly table: string
  readonly schema: z.ZodType<U>
  readonly options: readonly Option[]
  /** @param home the node's folder, to which relative paths belong */
  resolve(user: U, home: string): R
}

/** What one chain says in the configuration, checked by itself; the `table` of each group is its name. */
export interface ChainSettings<U extends object = object, R extends object = object> {
  /** `[anchor.<chain>]`. Undefined: its contracts are no anchor here. */
  readonly anchor?: OptionGroup<U, R>
  /** `[relayer.<chain>]`: the account that pays for others. Undefined: nobody can pay there. */
  readonly relayer?: OptionGroup<object, object>
  /** `[auth.<chain>]`: whose wallets may sign in. Undefined: nobody's. */
  readonly wallet?: OptionGroup<object, object | undefined>
}
