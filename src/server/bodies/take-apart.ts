/** Takes the arguments of calls out of large JSON, so that what is left is small. */
import { fromUtf8, utf8 } from '../../node/primitives/bytes.ts'
import { isMerogateError } from '../../node/errors.ts'
import { serverError } from '../errors.ts'
import { JsonText, parseJson } from '../json.ts'
import { MAX_BATCH, MAX_INLINE_JSON_BYTES } from '../limits.ts'
import type { ReadBody, TakenArguments } from './messages.ts'

/**
 * Parses a body and takes out what stands under `params.argsJson` in it, or in each request of a batch.
 * @throws SERVER_BAD_JSON (input), SERVER_JSON_TOO_MANY, SERVER_BODY_TOO_LARGE (limit): too much besides the arguments
 */
export function takeApart(bytes: Uint8Array): ReadBody {
  const body = parseJson(textOf(bytes))
  const taken: TakenArguments[] = []
  if (!Array.isArray(body)) take(body, undefined, taken)
  else if (body.length <= MAX_BATCH) {
    for (const [member, request] of body.entries()) take(request, member, taken)
  }
  const text = JSON.stringify(body)
  if (text.length > MAX_INLINE_JSON_BYTES) {
    const message = `expected at most ${MAX_INLINE_JSON_BYTES} characters besides the arguments of calls, got ${text.length}`
    throw serverError('SERVER_BODY_TOO_LARGE', 'limit', message, { limit: MAX_INLINE_JSON_BYTES })
  }
  return { text, taken }
}

/** The body again, with the arguments as {@link JsonText}. */
export function putTogether({ text, taken }: ReadBody): unknown {
  const body = parseJson(text)
  for (const { member, bytes } of taken) {
    const params = paramsOf(member === undefined ? body : (body as readonly unknown[])[member])
    if (params !== undefined) params['argsJson'] = new JsonText(bytes)
  }
  return body
}

/** The text of a body. @throws SERVER_BAD_JSON (input) */
export function textOf(bytes: Uint8Array): string {
  try {
    return fromUtf8(bytes)
  } catch (cause) {
    if (!isMerogateError(cause, 'BYTES_NOT_UTF8')) throw cause
    throw serverError('SERVER_BAD_JSON', 'input', 'expected JSON in UTF-8', {}, { cause })
  }
}

function take(request: unknown, member: number | undefined, taken: TakenArguments[]): void {
  const params = paramsOf(request)
  if (params === undefined || !Object.hasOwn(params, 'argsJson')) return
  taken.push({ member, bytes: utf8(JSON.stringify(params['argsJson'])) })
  params['argsJson'] = null
}

function paramsOf(request: unknown): Record<string, unknown> | undefined {
  if (!isRecord(request) || !Object.hasOwn(request, 'params')) return undefined
  const params = request['params']
  return isRecord(params) ? params : undefined
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
