/** Kinds of values that several tables of the configuration have. */
import { z } from 'zod'

/** A path; a relative one belongs to the node's folder. */
export const path: z.ZodType<string, string> = z.string().min(1).max(4096)

/** Name of an environment variable. */
export const variable: z.ZodType<string, string> = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/, 'expected the name of an environment variable')

/** What a schema says of a value that stands in another; at `key` of it, when that is given. */
export function issuesOf(schema: z.ZodType, value: unknown, key?: string): z.core.$ZodRawIssue[] {
  const { error } = schema.safeParse(value)
  const before = key === undefined ? [] : [key]
  return (error?.issues ?? []).map((issue) => {
    const moved = { ...issue, path: [...before, ...issue.path], input: value }
    return moved as z.core.$ZodRawIssue // one that was reported may be reported again
  })
}
