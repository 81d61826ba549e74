import { expect } from 'chai'
import { toBase58 } from '../../../src/node/primitives/bytes.ts'
import {
  MAX_BATCH,
  MAX_JSON_DEPTH,
  MAX_METHOD_CHARS,
  MAX_RPC_BYTES,
  MAX_SUBSTITUTIONS,
} from '../../../src/server/limits.ts'
import { serving } from '../../support/serving.ts'
import type { Serving } from '../../support/serving.ts'
import { bytesOf } from '../../support/stub-node.ts'

interface Reply {
  id: unknown
  result?: { output: unknown }
  error?: { type: string; data: unknown; code: number; message: string; details?: unknown }
}

describe('POST /jsonrpc', () => {
  let world: Serving
  let contextId: string

  before(async () => {
    world = await serving()
    contextId = toBase58(world.node.addContext())
  })
  after(() => world.server.stop())

  const call = (method: string, argsJson: unknown = {}, more: object = {}): object => ({
    jsonrpc: '2.0',
    id: 1,
    method: 'execute',
    params: { contextId, method, argsJson, ...more },
  })
  const reply = async (body: unknown): Promise<Reply> => {
    const answer = await world.rpc(body)
    expect(answer.status).to.equal(200)
    expect(answer.headers.get('content-type')).to.equal('application/json; charset=utf-8')
    return answer.body as Reply
  }

  it('executes and answers exactly as the original', async () => {
    const answer = await world.rpc(call('echo', { any: 'json' }))
    expect(answer.text).to.equal('{"jsonrpc":"2.0","id":1,"result":{"output":{"any":"json"}}}')
  })

  it('answers null when the guest returned nothing', async () => {
    expect((await reply(call('set', { key: 'a', value: 'b' }))).result).to.deep.equal({
      output: null,
    })
  })

  it('says beside the output how far the clock of the machine is off', async () => {
    world.node.clockSkewMs = -3_600_000
    const answer = await world.rpc(call('echo', 1))
    expect(answer.text).to.include('"result":{"output":1,"clockSkewMs":-3600000}')
  })

  it('carries numbers beyond a double both ways', async () => {
    const text = JSON.stringify(call('echo', 'N')).replace(
      '"N"',
      '{"n":18446744073709551615,"f":1.0}',
    )
    const headers = { 'content-type': 'application/json' }
    const answer = await world.send('POST', '/jsonrpc', text, headers)
    expect(answer.text).to.include('"output":{"n":18446744073709551615,"f":1.0}')
  })

  for (const id of ['"abc"', '""', '0', '18446744073709551615', 'null']) {
    it(`echoes the id ${id}`, async () => {
      const text = JSON.stringify(call('echo')).replace('"id":1', `"id":${id}`)
      const answer = await world.send('POST', '/jsonrpc', text, {
        'content-type': 'application/json',
      })
      expect(answer.text).to.include(`"id":${id},`)
    })
  }

  it('takes mutate for execute, and query for a call that changes nothing', async () => {
    await reply({ ...call('set', { key: 'q', value: 'one' }), method: 'mutate' })
    await reply({ ...call('set', { key: 'q', value: 'two' }), method: 'query' })
    expect((await reply(call('get', { key: 'q' }))).result?.output).to.equal('one')
  })

  it('answers sync_status', async () => {
    const { result } = await reply({ ...call(''), method: 'sync_status', params: { contextId } })
    expect(result).to.include({ contextId, isInitialized: true, syncState: 'ready' })
  })

  it('tolerates a trailing slash and other parameters of the content type', async () => {
    const headers = { 'content-type': 'application/json; charset=utf-8' }
    const answer = await world.send('POST', '/jsonrpc/', JSON.stringify(call('echo')), headers)
    expect(answer.status).to.equal(200)
  })

  it('puts public keys in place of aliases', async () => {
    const key = toBase58(bytesOf(7))
    const { result } = await reply(call('echo', { to: `{${key}}` }, { substitute: [key] }))
    expect(result?.output).to.deep.equal({ to: key })
  })

  describe('refuses with plain text', () => {
    const base = { jsonrpc: '2.0', id: 1, method: 'execute', params: {} }
    const rows: readonly [string, unknown, number][] = [
      ['a string', '"x"', 422],
      ['a number', '5', 422],
      ['null', 'null', 422],
      ['no version', JSON.stringify({ ...base, jsonrpc: undefined }), 422],
      ['another version', JSON.stringify({ ...base, jsonrpc: '1.0' }), 422],
      ['no id', JSON.stringify({ ...base, id: undefined }), 422],
      ['a negative id', JSON.stringify({ ...base, id: -1 }), 422],
      ['a fractional id', JSON.stringify({ ...base, id: 1.5 }), 422],
      ['a boolean id', JSON.stringify({ ...base, id: true }), 422],
      ['an object as id', JSON.stringify({ ...base, id: {} }), 422],
      ['no JSON', '{', 400],
      ['an empty body', '', 400],
      ['bytes that are not UTF-8', new Uint8Array([0x22, 0xff, 0x22]), 400],
      ['too deep a nesting', '['.repeat(MAX_JSON_DEPTH + 1) + ']'.repeat(MAX_JSON_DEPTH + 1), 400],
      ['more bytes than allowed', `"${'x'.repeat(MAX_RPC_BYTES)}"`, 413],
    ]
    for (const [name, body, status] of rows) {
      it(name, async () => {
        const headers = { 'content-type': 'application/json' }
        const answer = await world.send('POST', '/jsonrpc', body, headers)
        expect(answer.status).to.equal(status)
        expect(answer.headers.get('content-type')).to.match(/^text\/plain/)
        expect(answer.text).not.to.equal('')
      })
    }
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/jsonp']) {
      it(`the content type ${type}`, async () => {
        const answer = await world.send('POST', '/jsonrpc', '{}', { 'content-type': type })
        expect(answer.status).to.equal(415)
      })
    }
    it('other methods, naming the one that works', async () => {
      const answer = await world.send('GET', '/jsonrpc')
      expect(answer.status).to.equal(405)
      expect(answer.headers.get('allow')).to.equal('POST')
    })
  })

  describe('answers an error', () => {
    const params = (change: object): object => ({
      ...call('echo'),
      params: { contextId, method: 'echo', argsJson: {}, ...change },
    })
    const rows: readonly [string, () => object, string, number][] = [
      ['no method', () => ({ ...call(''), method: undefined }), 'ParseError', -32600],
      ['an unknown method', () => ({ ...call(''), method: 'nope' }), 'ParseError', -32601],
      ['no params', () => ({ ...call(''), params: undefined }), 'ParseError', -32602],
      ['params by position', () => ({ ...call(''), params: [contextId] }), 'ParseError', -32602],
      ['no context', () => params({ contextId: undefined }), 'ParseError', -32602],
      ['a context id that is none', () => params({ contextId: 'x' }), 'ParseError', -32602],
      ['no arguments', () => params({ argsJson: undefined }), 'ParseError', -32602],
      ['a method that is no text', () => params({ method: 1 }), 'ParseError', -32602],
      [
        'a method with too long a name',
        () => params({ method: 'm'.repeat(MAX_METHOD_CHARS + 1) }),
        'ParseError',
        -32602,
      ],
      ['an executor that is none', () => params({ executorPublicKey: 'x' }), 'ParseError', -32602],
      [
        'too many substitutions',
        () => params({ substitute: Array(MAX_SUBSTITUTIONS + 1).fill('a') }),
        'ParseError',
        -32602,
      ],
      [
        'an alias that is none',
        () => params({ substitute: ['alice'] }),
        'AliasResolutionFailed',
        -32014,
      ],
      [
        'a context that is not here',
        () => params({ contextId: toBase58(bytesOf(9)) }),
        'ContextNotFound',
        -32010,
      ],
      [
        'an identity that is not ours',
        () => params({ executorPublicKey: toBase58(bytesOf(9)) }),
        'Unauthorized',
        -32012,
      ],
      ['a method the app lacks', () => params({ method: 'x' }), 'FunctionCallError', -32000],
      ['a panic', () => params({ method: 'panic' }), 'FunctionCallError', -32000],
      ['output that is no JSON', () => params({ method: 'raw' }), 'SerdeError', -32001],
      [
        'a context without state',
        () => params({ contextId: toBase58(world.node.addContext({ status: 'uninitialized' })) }),
        'Uninitialized',
        -32011,
      ],
    ]
    for (const [name, body, type, code] of rows) {
      it(`to ${name}`, async () => {
        const { error, id } = await reply(body())
        expect(id).to.equal(1)
        expect(error).to.include({ type, code })
        expect(error).to.have.property('data')
        expect(error?.message).to.be.a('string')
      })
    }

    it('with what the application said', async () => {
      const { error } = await reply(call('fail', { why: 'taken' }))
      expect(error?.type).to.equal('FunctionCallError')
      expect(error?.data).to.match(/^the method call returned an error: \[123, 34/)
      expect(error?.details).to.deep.include({ kind: 'app', json: { why: 'taken' } })
    })

    it('without a word about our own failures', async () => {
      world.node.failNext('contexts.execute', new Error('secret'))
      const answer = await world.rpc(call('echo'))
      expect(answer.text).not.to.include('secret')
      expect((answer.body as Reply).error?.type).to.equal('InternalError')
    })
  })

  describe('batches', () => {
    const batch = async (body: unknown[]): Promise<Reply[]> =>
      (await reply(body)) as unknown as Reply[]

    it('are answered in order, bad members included', async () => {
      const answers = await batch([call('echo', 1), 5, { ...call('x'), id: 'b' }, call('echo', 2)])
      expect(answers.map(({ id }) => id)).to.deep.equal([1, null, 'b', 1])
      expect(answers.map(({ error }) => error?.code)).to.deep.equal([
        undefined,
        -32600,
        -32000,
        undefined,
      ])
    })

    it('run their members one after the other', async () => {
      const body = [1, 2, 3].map((n) => call('set', { key: 'order', value: n }))
      await batch(body)
      expect((await reply(call('get', { key: 'order' }))).result?.output).to.equal(3)
    })

    it('execute notifications without answering them', async () => {
      const notification = { ...call('set', { key: 'n', value: 'yes' }), id: undefined }
      const answers = await batch([notification, call('get', { key: 'n' })])
      expect(answers.map(({ result }) => result?.output)).to.deep.equal(['yes'])
    })

    it('of notifications alone are answered with nothing', async () => {
      const answer = await world.rpc([{ ...call('echo'), id: undefined }])
      expect(answer.status).to.equal(204)
      expect(answer.text).to.equal('')
    })

    for (const size of [0, MAX_BATCH + 1]) {
      it(`of ${size} are one error`, async () => {
        const { error, id } = await reply(Array(size).fill(call('echo')))
        expect(id).to.equal(null)
        expect(error).to.include({ type: 'ParseError', code: -32600 })
      })
    }

    it(`of ${MAX_BATCH} are fine`, async () => {
      expect(await batch(Array(MAX_BATCH).fill(call('echo')))).to.have.length(MAX_BATCH)
    })
  })
})
