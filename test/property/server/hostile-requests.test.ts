import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import { Writable } from 'node:stream'
import { expect } from 'chai'
import type { Express } from 'express'
import type { WebSocket } from 'ws'
import { parseManifest } from '../../../src/node/applications/manifest.ts'
import { readBundle } from '../../../src/node/applications/bundle.ts'
import { noMetrics } from '../../../src/node/metrics.ts'
import { toBase58, utf8 } from '../../../src/node/primitives/bytes.ts'
import { systemClock, systemRandom } from '../../../src/node/primitives/clock.ts'
import { silentLogger } from '../../../src/node/primitives/logger.ts'
import { ALL_SERVICES, serverApp } from '../../../src/server/app.ts'
import { background } from '../../../src/server/background.ts'
import { bodyBudget } from '../../../src/server/bodies/budget.ts'
import { BodyPace } from '../../../src/server/bodies/pace.ts'
import { type JsonReader, jsonReader } from '../../../src/server/bodies/reader.ts'
import { EVERYTHING } from '../../../src/server/access/guard.ts'
import { dispatcher } from '../../../src/server/json-rpc/dispatcher.ts'
import { Overruns } from '../../../src/server/json-rpc/overruns.ts'
import { MAX_INLINE_JSON_BYTES, MAX_WS_IDS_PER_COMMAND } from '../../../src/server/limits.ts'
import { Connection } from '../../../src/server/ws/connection.ts'
import { authKit } from '../../support/auth-kit.ts'
import { wasmModule, writeBundle } from '../../support/bundles.ts'
import { seededRandom } from '../../support/hand-clock.ts'
import { NO_LOAD } from '../../support/no-load.ts'
import { slowestUs } from '../../support/spoilt-frames.ts'
import { stubNode } from '../../support/stub-node.ts'

/** Ten thousand of each are read when that is asked for: a request costs half a millisecond. */
const FRAMES = Number(process.env['MEROGATE_TEST_FRAMES'] ?? 500)
/** Main thread that one may take, us. */
const MAX_US = 5_000

const random = seededRandom('hostile requests')
const base = { clock: systemClock, logger: silentLogger, metrics: noMetrics }
const id = (): string => toBase58(random.bytes(32))
/** A JSON list of so many bytes. */
const listOf = (one: string, bytes: number): string =>
  `[${Array(Math.floor(bytes / (one.length + 1)))
    .fill(one)
    .join(',')}]`
/** Room for whatever a list stands in. */
const FULL_BYTES = MAX_INLINE_JSON_BYTES - 1_024
/** Lists that are as dear to read as may be. */
const FULL_LISTS = ['[]', '{}', '1.5', '1', '"x"', '""', `"${'1'.repeat(44)}"`, '-0.0e1'].map(
  (one) => listOf(one, FULL_BYTES),
)
const nested = (depth: number): string => `${'['.repeat(depth)}${']'.repeat(depth)}`

/** An application behind no server: a request costs what it costs in the main thread, and no socket. */
async function doors(isGuarded: boolean, reader: JsonReader) {
  const kit = await authKit()
  const node = stubNode()
  const context = toBase58(node.addContext())
  const components = { ...base, node, load: NO_LOAD, overruns: new Overruns(systemClock) }
  const dispatch = dispatcher({ ...components, reader })
  const app: Express = serverApp({
    ...components,
    ...{
      bodies: { reader, budget: bodyBudget(), pace: new BodyPace(systemClock), clock: systemClock },
      dispatch,
    },
    ...{ random: systemRandom, exposed: undefined, background: background(silentLogger) },
    ...{
      relayer: undefined,
      auth: isGuarded ? kit.auth : undefined,
      wallets: [],
      mockTokens: false,
    },
    ...{ doors: { hosts: new Set<string>(), origins: new Set<string>() }, trustedProxies: [] },
    ...{ isSecure: false, services: ALL_SERVICES, isDraining: () => false },
  })
  const ask = (
    method: string,
    url: string,
    body: Uint8Array,
    headers: Record<string, string> = {},
  ): Promise<void> => {
    const req = new IncomingMessage(new Socket())
    const json = { 'content-type': 'application/json', 'content-length': String(body.length) }
    Object.assign(req, { method, url, headers: { host: '127.0.0.1', ...json, ...headers } })
    req.push(body)
    req.push(null)
    const res = new ServerResponse(req)
    const sink = new Writable({ write: (_chunk, _encoding, done) => done() })
    res.assignSocket(sink as unknown as Socket) // it is only written to
    app(req, res)
    return new Promise((resolve) =>
      res.once('finish', () => {
        res.emit('close')
        resolve()
      }),
    )
  }
  return { kit, node, context, dispatch, ask }
}

const call = (contextId: string, argsJson: string, more = ''): string =>
  `{"jsonrpc":"2.0","id":1,"method":"execute","params":{"contextId":"${contextId}","method":"echo","argsJson":${argsJson}${more}}}`

describe('requests that mean no good', () => {
  const readers: JsonReader[] = []
  after(() => Promise.all(readers.map((reader) => reader.stop())))
  const newReader = (): JsonReader => {
    const reader = jsonReader()
    readers.push(reader)
    return reader
  }

  const expectQuick = async (
    read: (bytes: Uint8Array) => unknown,
    seeds: readonly string[] | readonly Uint8Array[],
  ): Promise<void> => {
    const bytes = seeds.map((seed) => (typeof seed === 'string' ? utf8(seed) : seed))
    const options = { frames: FRAMES, maxUs: MAX_US, random }
    expect(await slowestUs(read, bytes, options)).to.be.at.most(MAX_US)
  }

  it('as JSON-RPC are answered, none of them with more than 5 ms of the main thread', async () => {
    const { ask, context } = await doors(false, newReader())
    const alias = id()
    await expectQuick(
      (bytes) => ask('POST', '/jsonrpc', bytes.subarray(0, MAX_INLINE_JSON_BYTES)),
      [
        ...[call(context, '{"key":"a"}'), call(context, '[1.0,18446744073709551615]')],
        call(context, `"{${alias}}"`, `,"substitute":["${alias}"]`),
        `[${Array(50).fill(call(context, '{}')).join(',')}]`,
        ...FULL_LISTS.map((list) => call(context, list)),
        ...[FULL_LISTS[0] ?? '', nested(60_000), nested(128), `{"a":${listOf('"a"', FULL_BYTES)}}`],
      ],
    )
  }).timeout(120_000)

  it('of the admin API are answered, none of them with more than 5 ms of the main thread', async () => {
    const { ask, context } = await doors(false, newReader())
    const paths = [
      ...['/admin-api/contexts', '/admin-api/contexts/invite', '/admin-api/contexts/join'],
      ...['/admin-api/install-application', '/admin-api/install-dev-application'],
      ...['/admin-api/peers/dial', '/admin-api/contexts/invite/open'],
      ...['members/remove', 'members/role', 'capabilities/grant', 'application', 'refresh'].map(
        (path) => `/admin-api/contexts/${context}/${path}`,
      ),
    ]
    await expectQuick(
      (bytes) => ask('POST', paths[random.below(paths.length)] ?? '', bytes),
      [
        `{"applicationId":"${id()}","initializationParams":[1,2,3]}`,
        `{"contextId":"${context}","inviteeId":"${id()}","inviterId":"${id()}"}`,
        `{"url":"http://127.0.0.1/a.mpk","path":"/nowhere","hash":"${id()}","metadata":[1]}`,
        ...FULL_LISTS.flatMap((list) =>
          ['initializationParams', 'metadata', 'members', 'addresses', 'more'].map(
            (name) => `{"applicationId":"${id()}","contextId":"${id()}","${name}":${list}}`,
          ),
        ),
        `{"applicationId":"${'1'.repeat(FULL_BYTES - 100)}","contextId":"${'z'.repeat(50)}"}`,
        `{${Array.from({ length: 5_000 }, (_, i) => `"k${i}":1`).join(',')}}`,
      ],
    )
  }).timeout(120_000)

  it('with headers, tokens and passwords are answered, none of them with more than 5 ms of the main thread', async () => {
    const { ask, kit } = await doors(true, newReader())
    const token = (await kit.auth.mint({ name: 'somebody', permissions: ['admin'] })).accessToken
    const names = ['authorization', 'origin', 'host', 'prefer', 'idempotency-key', 'x-request-id']
    const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1')
    await expectQuick(
      async (bytes) => {
        const value = latin1(bytes.subarray(0, 16_384))
        const name = names[random.below(names.length)] ?? ''
        const all = { authorization: `Bearer ${token}`, [name]: value }
        const [method, path] =
          random.below(2) === 0 ? ['DELETE', 'contexts/x'] : ['GET', 'contexts']
        await ask(method, `/admin-api/${path}`, new Uint8Array(), all)
        await ask('POST', `/auth/${random.below(2) === 0 ? 'refresh' : 'challenge'}`, bytes)
      },
      [
        ...[`Bearer ${token}`, `Bearer ${'.'.repeat(16_000)}`, `Bearer ${'a.'.repeat(8_000)}`],
        ...[`Bearer ${'='.repeat(16_000)}`, `Bearer${' '.repeat(16_000)}x`, ' '.repeat(16_000)],
        ...['respond-async, wait=1', `${'respond-async,'.repeat(1_000)}`, 'wait='.repeat(3_000)],
        ...[`http://${'a.'.repeat(8_000)}`, `http://[${':'.repeat(16_000)}]`, '127.0.0.1:1'],
        `{"access_token":"${token}","refresh_token":"${token}"}`,
        `{"method":"${'x'.repeat(16_000)}","permissions":${listOf('"context"', 16_000)}}`,
      ],
    )
  }).timeout(120_000)

  it('as frames of a socket are answered, none of them with more than 5 ms of the main thread', async () => {
    const reader = newReader()
    const { context, dispatch, node } = await doors(false, reader)
    const socket = { OPEN: 1, readyState: 1, send() {}, bufferedAmount: 0, close() {} }
    const connection = new Connection(
      socket as unknown as WebSocket, // as much of one as is used here
      { address: '', openedMs: 0 },
      EVERYTHING,
      {
        ...{ clock: systemClock, reader, dispatch, events: node.events },
        authenticate: () => Promise.resolve(EVERYTHING),
        pay: () => 0,
        ...{ requestId: () => 'id', watch() {}, unwatch() {}, onSkipped() {}, onFailure() {} },
      },
    )
    const ids = Array.from({ length: MAX_WS_IDS_PER_COMMAND }, id)
    const subscribing = (method: string, contextIds: string, more = ''): string =>
      `{"id":1,"method":"${method}","params":{"contextIds":${contextIds}${more}}}`
    await expectQuick(
      (bytes) => connection.receive(bytes.subarray(0, MAX_INLINE_JSON_BYTES)),
      [
        subscribing('subscribe', `["${context}"]`, ',"fromSeq":1'),
        ...['subscribe', 'unsubscribe'].map((method) => subscribing(method, JSON.stringify(ids))),
        ...FULL_LISTS.map((list) => subscribing('subscribe', list)),
        ...FULL_LISTS.map((list) => subscribing('subscribe', '[]', `,"since":${list}`)),
        subscribing('subscribe', '[]', `,"since":{${ids.map((one) => `"${one}":"1"`).join(',')}}`),
        `{"id":1,"method":"authenticate","params":{"token":"${'x'.repeat(FULL_BYTES)}"}}`,
        `{"id":1,"method":"execute","params":${call(context, '{}')}}`,
      ],
    )
  }).timeout(120_000)

  it('as bundles and their manifests are read or refused, none of them with more than 5 ms of the main thread', async () => {
    const manifest = {
      ...{ version: '1.0', package: 'com.example.app', appVersion: '1.0.0' },
      wasm: { path: 'app.wasm', size: 8, hash: null },
    }
    const text = JSON.stringify(manifest)
    const bundle = await writeBundle([
      ['manifest.json', text],
      ['app.wasm', wasmModule()],
    ])
    const many = await writeBundle(
      Array.from({ length: 60 }, (_, i) => [`${i}`.repeat(40), 'x'] as const),
    )
    await expectQuick(
      (bytes) => parseManifest(bytes),
      [text, ...FULL_LISTS.map((list) => `{"version":"1.0","links":${list}}`), nested(30_000)],
    )
    await expectQuick((bytes) => readBundle(bytes), [bundle, many])
  }).timeout(120_000)
})
