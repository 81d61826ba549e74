import { expect } from 'chai'
import { MerogateError } from '../../../src/node/errors.ts'
import type { ErrorKind } from '../../../src/node/errors.ts'
import { apiCode, errorBody, statusOf } from '../../../src/server/errors.ts'
import { toRpcError } from '../../../src/server/json-rpc/errors.ts'

const STATUSES: readonly [ErrorKind, number][] = [
  ['input', 400],
  ['unauthenticated', 401],
  ['denied', 403],
  ['missing', 404],
  ['conflict', 409],
  ['limit', 429],
  ['transport', 502],
  ['protocol', 502],
  ['guest', 422],
  ['chain', 422],
  ['corrupt', 500],
  ['aborted', 499],
  ['internal', 500],
]

describe('errors over HTTP', () => {
  for (const [kind, status] of STATUSES) {
    it(`answers ${status} to ${kind}`, () => {
      expect(statusOf(new MerogateError('X_Y', kind, 'why'))).to.equal(status)
    })
  }

  it('answers 413 to whatever is too large', () => {
    const error = new MerogateError('BLOB_TOO_LARGE', 'limit', 'why')
    expect(statusOf(error)).to.equal(413)
    expect(apiCode(error)).to.equal('too_large')
  })

  it('says code, message, request id and details', () => {
    const error = new MerogateError('CONTEXT_NOT_FOUND', 'missing', 'no context', { context: 'x' })
    expect(errorBody(error, 'r1')).to.deep.equal({
      error: 'no context',
      code: 'context_not_found',
      requestId: 'r1',
      details: { context: 'x' },
    })
  })

  it('keeps what went wrong inside to itself', () => {
    for (const kind of ['internal', 'corrupt'] as const) {
      const error = new MerogateError('X', kind, '/secret/path', { path: '/secret/path' })
      expect(JSON.stringify(errorBody(error, 'r'))).not.to.include('secret')
      expect(JSON.stringify(toRpcError(error, { requestId: 'r' }))).not.to.include('secret')
    }
  })
})

describe('errors of calls', () => {
  const subject = { requestId: 'r', contextId: 'C', executor: 'P' }
  const rows: readonly [string, ErrorKind, Record<string, unknown>, string, number, unknown][] = [
    ['CONTEXT_NOT_FOUND', 'missing', {}, 'ContextNotFound', -32010, 'why'],
    ['CONTEXT_UNINITIALIZED', 'conflict', {}, 'Uninitialized', -32011, 'why'],
    [
      'IDENTITY_NOT_OWNED',
      'denied',
      {},
      'Unauthorized',
      -32012,
      { context_id: 'C', public_key: 'P' },
    ],
    [
      'IDENTITY_AMBIGUOUS',
      'input',
      {},
      'Unauthorized',
      -32012,
      { context_id: 'C', public_key: 'P' },
    ],
    [
      'APPLICATION_NOT_FOUND',
      'missing',
      { application: 'A' },
      'ApplicationNotInstalled',
      -32013,
      { application_id: 'A' },
    ],
    ['RUNTIME_PANIC', 'guest', {}, 'FunctionCallError', -32000, 'why'],
    ['RUNTIME_DEADLINE', 'guest', {}, 'Timeout', -32030, 'why'],
    ['METHOD_INVALID', 'input', {}, 'ParseError', -32602, 'why'],
    ['CONTEXT_BUSY', 'limit', {}, 'RateLimited', -32029, { retryAfterMs: 1000 }],
    ['RPC_OUTPUT_NOT_JSON', 'guest', {}, 'SerdeError', -32001, { message: 'why' }],
    ['ALIAS_NOT_FOUND', 'missing', { alias: 'x' }, 'AliasResolutionFailed', -32014, { alias: 'x' }],
  ]
  for (const [code, kind, details, type, number, data] of rows) {
    it(`answers ${type} to ${code}`, () => {
      const error = toRpcError(new MerogateError(code, kind, 'why', details), subject)
      expect(error).to.include({ type, code: number, message: 'why' })
      expect(error.data).to.deep.equal(data)
      expect(error.details).to.include({ code })
    })
  }

  it('decodes what an application returned as its error', () => {
    const data = [...new TextEncoder().encode('{"why":"taken"}')]
    const details = { type: 'ExecutionError', data }
    const error = toRpcError(new MerogateError('R', 'guest', 'bytes', details), subject)
    expect(error.details).to.deep.equal({ code: 'R', kind: 'app', json: { why: 'taken' } })
  })

  it('leaves bytes that are no JSON as they are', () => {
    const details = { type: 'ExecutionError', data: [0xff, 0xfe] }
    const error = toRpcError(new MerogateError('R', 'guest', 'bytes', details), subject)
    expect(error.details).to.deep.include({ kind: 'guest', data: [0xff, 0xfe] })
  })

  it('treats what is no error of ours as a bug', () => {
    const error = toRpcError(new RangeError('secret'), subject)
    expect(error).to.include({ type: 'InternalError', code: -32603 })
    expect(error.data).to.include('request r')
  })
})
