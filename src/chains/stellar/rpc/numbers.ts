/** Numbers as endpoints write them: some as text. */
import { z } from 'zod'

/** Number of a ledger. */
export const LEDGER: z.ZodType<number> = z.int().min(0).max(0xffff_ffff)

/** A number that may be text. */
export const WHOLE: z.ZodType<bigint> = z
  .union([z.int().min(0), z.string().regex(/^\d{1,20}$/)])
  .transform(BigInt)

/** Bytes in base64, so many characters at most. */
export function base64(most: number): z.ZodType<string> {
  return z
    .string()
    .max(most)
    .regex(/^[A-Za-z0-9+/]*={0,2}$/)
}

/** Characters of an entry, a transaction or a value: all are within 132 kB, or are what came of them. */
export const MAX_XDR_CHARS: number = 1024 * 1024
