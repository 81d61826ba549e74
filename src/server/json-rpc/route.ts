/** `POST /jsonrpc`: one request or a batch (docs/api.md). */
import { authError } from '../../auth/index.ts'
import { isMerogateError } from '../../node/errors.ts'
import { statusOf } from '../errors.ts'
import { MAX_BATCH, MAX_RPC_BYTES } from '../limits.ts'
import { requestIdOf } from '../request.ts'
import { accessIn, jsonBody } from '../routes.ts'
import type { Handler } from '../routes.ts'
import { isUnsigned } from '../schemas.ts'
import type { CallOrigin, Dispatcher, Outcome } from './dispatcher.ts'
import { INVALID_REQUEST, parseError } from './errors.ts'

/**
 * The handler. A single request whose envelope is wrong is refused with 422 and plain text, as the original does; everything after the
 * envelope is 200 with a result or an error, but for a call that the caller may not make: 403. Members of a batch run one after the other.
 */
export function jsonRpcHandler(dispatch: Dispatcher): Handler {
  const read = jsonBody(MAX_RPC_BYTES)
  return async (req, res) => {
    const requestId = requestIdOf(res)
    const plain = (status: number, text: string): void => {
      res.status(status).type('text/plain').send(text)
    }
    let body: unknown
    try {
      body = await read(req, res)
    } catch (error) {
      if (!isMerogateError(error)) throw error
      plain(statusOf(error), error.message)
      return undefined
    }
    const from = { requestId, access: accessIn(res) }
    const answer = Array.isArray(body)
      ? await answerBatch(dispatch, body, from)
      : await answerSingle(dispatch, body, from)
    if (typeof answer === 'object') plain(422, answer.problem)
    else if (answer === undefined) res.status(204).end()
    else {
      res.setHeader('content-type', 'application/json; charset=utf-8')
      res.end(answer)
    }
    return undefined
  }
}

type Envelope = { id: unknown; method: unknown; params: unknown }

/** What is wrong with an envelope, or its parts. */
function readEnvelope(body: unknown): Envelope | { problem: string } {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    return { problem: 'expected a request object' }
  }
  if (!('jsonrpc' in body)) return { problem: 'missing field `jsonrpc`' }
  if (body.jsonrpc !== '2.0') return { problem: 'jsonrpc: expected "2.0"' }
  if (!('id' in body)) return { problem: 'missing field `id`' }
  const { id } = body
  if (id !== null && typeof id !== 'string' && !isUnsigned(id)) {
    return { problem: 'id: expected a string, an unsigned integer or null' }
  }
  const method = 'method' in body ? body.method : undefined
  const params = 'params' in body ? body.params : undefined
  return { id, method, params }
}

async function answerSingle(
  dispatch: Dispatcher,
  body: unknown,
  from: CallOrigin,
): Promise<string | { problem: string }> {
  const envelope = readEnvelope(body)
  if ('problem' in envelope) return envelope
  const { id, method, params } = envelope
  const outcome = await dispatch.call(method, params, from)
  if ('error' in outcome && outcome.error.type === 'PermissionDenied') {
    const { message, details: { needs } = {} } = outcome.error
    const named = typeof needs === 'string' ? { needs } : {}
    throw authError('AUTH_PERMISSION_DENIED', message, named)
  }
  return replyText(id, outcome)
}

/** One text for all answers in order; undefined when nothing asked for one. */
async function answerBatch(
  dispatch: Dispatcher,
  members: readonly unknown[],
  from: CallOrigin,
): Promise<string | undefined> {
  if (members.length === 0 || members.length > MAX_BATCH) {
    const text = `expected a batch of 1 to ${MAX_BATCH} requests, got ${members.length}`
    return replyText(null, { error: parseError(INVALID_REQUEST, text) })
  }
  const deadline = dispatch.deadline()
  try {
    const replies = await answerEach(dispatch, members, { ...from, deadline })
    return replies.length === 0 ? undefined : `[${replies.join(',')}]`
  } finally {
    deadline.cancel()
  }
}

async function answerEach(
  dispatch: Dispatcher,
  members: readonly unknown[],
  from: CallOrigin,
): Promise<readonly string[]> {
  const replies: string[] = []
  for (const member of members) {
    const isNotification = isObject(member) && !('id' in member)
    const envelope = readEnvelope(isNotification ? { ...member, id: null } : member)
    if ('problem' in envelope) {
      replies.push(replyText(null, { error: parseError(INVALID_REQUEST, envelope.problem) }))
      continue
    }
    const { id, method, params } = envelope
    const outcome = await dispatch.call(method, params, from)
    if (!isNotification) replies.push(replyText(id, outcome))
  }
  return replies
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** An answer as text. The result is spliced in as it is. */
function replyText(id: unknown, outcome: Outcome): string {
  const body =
    'result' in outcome ? `"result":${outcome.result}` : `"error":${JSON.stringify(outcome.error)}`
  return `{"jsonrpc":"2.0","id":${JSON.stringify(id)},${body}}`
}
