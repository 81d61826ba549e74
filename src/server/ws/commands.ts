/** The commands of a WebSocket, as clients send them. */
import { z } from 'zod'
import type { ContextId } from '../../node/primitives/ids.ts'
import { PARAMS_INVALID, parseError, type RpcError } from '../json-rpc/errors.ts'
import { MAX_AUTH_BYTES, MAX_WS_IDS_PER_COMMAND } from '../limits.ts'
import { contextIdSchema, issuesOf, issueText, isUnsigned } from '../schemas.ts'

const sequence = z.union([z.int().min(0), z.string().regex(/^\d{1,20}$/)]).transform(BigInt)

interface Subscribe {
  readonly contextIds: readonly ContextId[]
  readonly since?: bigint | Record<string, bigint> | null | undefined
  readonly fromSeq?: bigint | null | undefined
  readonly failures: boolean
}

export const subscribeSchema: z.ZodType<Subscribe> = z.object({
  contextIds: z.array(contextIdSchema).max(MAX_WS_IDS_PER_COMMAND),
  /** First sequence number wanted: one for all contexts, or one per context id. */
  since: z.union([sequence, z.record(z.string().max(45), sequence)]).nullish(),
  /** The same under its other name, for all contexts. */
  fromSeq: sequence.nullish(),
  /** Ours: say also what fails in these contexts. */
  failures: z.boolean().default(false),
})

export const unsubscribeSchema: z.ZodType<Pick<Subscribe, 'contextIds'>> = z.object({
  contextIds: z.array(contextIdSchema).max(MAX_WS_IDS_PER_COMMAND),
})

export const authenticateSchema: z.ZodType<{ readonly token: string }> = z.object({
  token: z.string().max(MAX_AUTH_BYTES),
})

/** The id to answer with: null when there is none; undefined when the frame is no command at all. */
export function readId(frame: unknown): unknown {
  if (typeof frame !== 'object' || frame === null || Array.isArray(frame)) return undefined
  const id = 'id' in frame ? frame.id : null
  return id === null || isUnsigned(id) ? id : undefined
}

export function paramsError(error: z.ZodError): RpcError {
  return parseError(PARAMS_INVALID, issuesOf(error).map(issueText).join('; '))
}

/** An id as the client wrote it. */
export function textAt(params: unknown, index: number): string {
  const ids = (params as { contextIds: readonly string[] }).contextIds // checked by the schemas above
  return ids[index] ?? ''
}

export function sinceOf(since: Subscribe['since'], context: string): bigint | undefined {
  if (since === null || since === undefined) return undefined
  return typeof since === 'bigint' ? since : since[context]
}
