/** Zod schemas of what many routes accept, and the one way a body that has the wrong shape is reported. */
import { z } from 'zod'
import { isMerogateError } from '../node/errors.ts'
import type { MerogateError } from '../node/errors.ts'
import { fromBase58 } from '../node/primitives/bytes.ts'
import { ApplicationId, ContextId, GroupId, PublicKey } from '../node/primitives/ids.ts'
import type { Id, IdType } from '../node/primitives/ids.ts'
import { serverError } from './errors.ts'
import { isRawJson } from './json.ts'

/** A place in a body and what is wrong there; `path` is a JSON pointer. */
export interface Issue {
  readonly path: string
  readonly message: string
}

type IdSchema<B extends string> = z.ZodPipe<z.ZodString, z.ZodTransform<Id<B>, string>>

function idSchema<B extends string>(type: IdType<B>): IdSchema<B> {
  return z.string().transform((text, context): Id<B> => {
    try {
      return type.parse(text)
    } catch (error) {
      context.addIssue({ code: 'custom', message: messageOf(error) })
      return z.NEVER
    }
  })
}

/** Base58 text of 32 bytes, parsed. */
export const contextIdSchema: IdSchema<'context'> = idSchema(ContextId)
export const applicationIdSchema: IdSchema<'application'> = idSchema(ApplicationId)
export const groupIdSchema: IdSchema<'group'> = idSchema(GroupId)
export const publicKeySchema: IdSchema<'publicKey'> = idSchema(PublicKey)

/** Base58 text of a 32-byte hash or seed. */
export const bytes32Schema: z.ZodType<Uint8Array, string> = z
  .string()
  .max(45)
  .transform((text, context): Uint8Array => {
    try {
      const bytes = fromBase58(text)
      if (bytes.length === 32) return bytes
      context.addIssue({ code: 'custom', message: `expected 32 bytes, got ${bytes.length}` })
    } catch (error) {
      context.addIssue({ code: 'custom', message: messageOf(error) })
    }
    return z.NEVER
  })

/** A byte vector: a JSON array of at most `max` numbers from 0 to 255. */
export function bytesSchema(max: number): z.ZodType<Uint8Array, unknown> {
  return z.unknown().transform((value, context): Uint8Array => {
    if (!Array.isArray(value) || value.length > max) {
      const message = `expected an array of at most ${max} numbers from 0 to 255`
      context.addIssue({ code: 'custom', message })
      return z.NEVER
    }
    const bytes = new Uint8Array(value.length)
    for (let i = 0; i < value.length; i++) {
      const byte: unknown = value[i]
      if (typeof byte !== 'number' || !Number.isInteger(byte) || byte < 0 || byte > 255) {
        context.addIssue({
          code: 'custom',
          message: `expected a number from 0 to 255 at index ${i}`,
        })
        return z.NEVER
      }
      bytes[i] = byte
    }
    return bytes
  })
}

/** A body checked and turned into typed values. @throws SERVER_BODY_INVALID (input) with `details.issues` */
export function parseBody<T>(schema: z.ZodType<T>, body: unknown): T {
  const result = schema.safeParse(body)
  if (result.success) return result.data
  throw bodyInvalid(issuesOf(result.error))
}

/** The issues of a schema that did not match, at most ten. */
export function issuesOf(error: z.ZodError): Issue[] {
  return error.issues.slice(0, 10).map((issue) => ({
    path: issue.path.length === 0 ? '' : `/${issue.path.map(String).join('/')}`,
    message: issue.message,
  }))
}

/** One line for people: `contextId: expected ...`. */
export function issueText(issue: Issue): string {
  const name = issue.path.slice(1).replaceAll('/', '.')
  return name === '' ? issue.message : `${name}: ${issue.message}`
}

/** The error of a body that is JSON but has the wrong shape. */
export function bodyInvalid(issues: readonly Issue[]): MerogateError {
  const text = issues.map(issueText).join('; ')
  return serverError('SERVER_BODY_INVALID', 'input', `the body has the wrong shape: ${text}`, {
    issues,
  })
}

/** Whether a value is an unsigned integer of at most 64 bits as JSON has it. */
export function isUnsigned(value: unknown): boolean {
  if (isRawJson(value)) return /^\d{1,20}$/.test(value.rawJSON)
  return typeof value === 'number' && Number.isInteger(value) && value >= 0
}

function messageOf(error: unknown): string {
  return isMerogateError(error) ? error.message : 'not readable'
}
