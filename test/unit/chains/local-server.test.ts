import { createServer, type Server } from 'node:http'
import { connect } from 'node:net'
import { expect } from 'chai'
import { HttpService } from '../../../src/chains/local/client.ts'
import {
  MAX_ANSWER_BYTES,
  MAX_REQUEST_BYTES,
  MAX_WATCHERS,
} from '../../../src/chains/local/limits.ts'
import { startLocalChain, type LocalChain } from '../../../src/chains/local/server.ts'
import { localAnchor } from '../../../src/chains/local/anchor.ts'
import {
  MAX_PACKAGE_TEXT_BYTES,
  MAX_RELEASE_PAGE,
  MAX_RELEASE_SOURCES,
} from '../../../src/node/anchor/limits.ts'
import { derivePackageId } from '../../../src/node/anchor/packages/envelope.ts'
import { systemClock, systemRandom } from '../../../src/node/primitives/clock.ts'
import { silentLogger } from '../../../src/node/primitives/logger.ts'
import { creationOf, NAME, publishing, yanking } from '../../compliance/package-support.ts'
import { refusalOf, codeOf, contextOf, ownGroup, person } from '../../compliance/anchor-support.ts'

const a = person('A')
const context = contextOf(a)
const group = ownGroup(context)
const HEX32 = '00'.repeat(32)

describe('local chain service', () => {
  let chain: LocalChain

  const post = (body: string, type = 'application/json'): Promise<Response> =>
    fetch(`${chain.url}/v1/operations`, {
      method: 'POST',
      body,
      headers: { 'content-type': type },
    })
  const codeIn = async (response: Response): Promise<unknown> => {
    const body: unknown = await response.json()
    return typeof body === 'object' && body !== null && 'code' in body ? body.code : body
  }

  beforeEach(async () => {
    chain = await startLocalChain({ port: 0 })
  })

  afterEach(async () => {
    await chain.stop()
  })

  it('listens on this machine only, unless told otherwise', () => {
    expect(new URL(chain.url).hostname).to.equal('127.0.0.1')
  })

  it('answers paths it does not know with an error, not with absence', async () => {
    for (const path of [
      '/',
      '/v1/contexts/zz',
      `/v1/contexts/${HEX32}00`,
      '/v1/../etc',
      '/v2/domain',
    ]) {
      const response = await fetch(chain.url + path)
      expect(response.status, path).to.equal(404)
      expect(await codeIn(response), path).to.equal('LOCAL_CHAIN_ROUTE')
    }
    const wrongMethod = await fetch(`${chain.url}/v1/domain`, { method: 'DELETE' })
    expect(wrongMethod.status).to.equal(404)
  })

  it('answers unknown contexts and groups with refusal 5', async () => {
    for (const path of [
      `/v1/contexts/${HEX32}`,
      `/v1/groups/${HEX32}`,
      `/v1/groups/${HEX32}/members`,
      `/v1/groups/${HEX32}/members/${HEX32}`,
    ]) {
      const response = await fetch(chain.url + path)
      expect(response.status).to.equal(404)
      expect(await response.json()).to.deep.equal({
        refusal: { number: 5, name: 'ContextNotFound' },
      })
    }
  })

  it('answers unknown packages with refusal 40', async () => {
    for (const path of ['', '/releases', '/release?version=1.0.0', '/latest']) {
      const response = await fetch(`${chain.url}/v1/packages/${HEX32}${path}`)
      expect(response.status, path).to.equal(404)
      expect(await response.json()).to.deep.equal({
        refusal: { number: 40, name: 'PackageNotFound' },
      })
    }
  })

  it('answers the largest page of releases, which the client reads', async () => {
    const anchor = localAnchor({ url: chain.url })({
      ...{ clock: systemClock, random: systemRandom, logger: silentLogger },
    })
    const registry = anchor.packages
    if (registry === undefined) throw new RangeError('expected a registry')
    const id = derivePackageId(a.publicKey, NAME)
    await registry.submit(id, creationOf(), a)
    // a control character takes six bytes as JSON
    const long = '\u0001'.repeat(MAX_PACKAGE_TEXT_BYTES)
    const sources = Array.from({ length: MAX_RELEASE_SOURCES }, () => long)
    for (let patch = 0; patch < MAX_RELEASE_PAGE; patch++) {
      await registry.submit(id, publishing(`1.0.${patch}`, { sources }), a)
      await registry.submit(id, yanking(`1.0.${patch}`, long), a)
    }
    const page = await registry.readReleases(id)
    expect(page?.value.items.map(({ yankReason }) => yankReason.length)).to.deep.equal(
      Array.from({ length: MAX_RELEASE_PAGE }, () => MAX_PACKAGE_TEXT_BYTES),
    )
  })

  it('answers the next nonce of whoever never used the registry', async () => {
    const response = await fetch(`${chain.url}/v1/packages/nonces/${HEX32}`)
    expect(await response.json()).to.deep.equal({ height: '0', value: '0' })
  })

  it('refuses bodies that are not its own', async () => {
    for (const body of [
      '',
      '{',
      'null',
      '[]',
      '{"envelope":"00"}',
      '{"envelope":"0","signature":""}',
    ]) {
      const response = await post(body)
      expect(response.status, body).to.equal(400)
      expect(await codeIn(response), body).to.equal('LOCAL_CHAIN_REQUEST')
    }
    const plain = await post('{"envelope":"00","signature":"00"}', 'text/plain')
    expect(await codeIn(plain)).to.equal('LOCAL_CHAIN_REQUEST')
  })

  it('reads no body beyond its bound', async () => {
    const fill = (length: number): string => `{"envelope":"${'0'.repeat(length - 15)}"}`
    expect((await post(fill(MAX_REQUEST_BYTES))).status).to.equal(400)
    const response = await post(fill(MAX_REQUEST_BYTES + 1))
    expect(response.status).to.equal(413)
    expect(await codeIn(response)).to.equal('LOCAL_CHAIN_TOO_LARGE')
  })

  it('ends a connection that streams a body beyond its bound', async () => {
    const { port } = new URL(chain.url)
    const socket = connect(Number(port), '127.0.0.1')
    const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
    socket.on('error', () => undefined) // a reset is one way to be told
    socket.resume()
    socket.write(
      'POST /v1/operations HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n',
    )
    const chunk = `1000\r\n${'x'.repeat(0x1000)}\r\n`
    for (let sent = 0; sent <= MAX_REQUEST_BYTES; sent += 0x1000) socket.write(chunk)
    await closed
    expect((await fetch(`${chain.url}/v1/domain`)).status).to.equal(200)
  })

  it('refuses numbers that are none', async () => {
    for (const path of [
      `/v1/groups/${HEX32}/members?offset=-1`,
      `/v1/groups/${HEX32}/members?length=1e3`,
      `/v1/packages/${HEX32}/releases?offset=-1`,
      `/v1/packages/${HEX32}/release`,
      '/v1/changes?since=x',
      '/v1/changes?since=99999999999999999999',
      '/v1/changes?since=0&wait=soon',
    ]) {
      const response = await fetch(chain.url + path)
      expect(response.status, path).to.equal(400)
      await response.body?.cancel()
    }
  })

  it('keeps so many watchers and refuses the next, until one goes', async () => {
    const abort = new AbortController()
    const service = new HttpService(chain.url)
    const watchers = Array.from({ length: MAX_WATCHERS }, () =>
      service.waitForChanges(0n, 20_000, { signal: abort.signal }).catch(() => undefined),
    )
    /** Asks until the answer is this one; each asking is a round trip, not a pause. */
    const until = async (expected: string): Promise<void> => {
      while ((await codeOf(service.waitForChanges(0n, 1))) !== expected);
    }
    await until('ANCHOR_BUSY')
    abort.abort()
    await Promise.all(watchers)
    await until('no error')
  })

  it('ends open questions when it stops', async () => {
    const service = new HttpService(chain.url)
    const waiting = service.waitForChanges(0n, 20_000).catch((error: unknown) => error)
    await service.readDomain()
    await chain.stop()
    await waiting
    expect(await codeOf(service.readDomain())).to.equal('ANCHOR_UNREACHABLE')
  })

  it('says that a port is taken, or is none', async () => {
    for (const port of [Number(new URL(chain.url).port), -1, 65_536, NaN]) {
      expect(await codeOf(startLocalChain({ port }))).to.equal('LOCAL_CHAIN_LISTEN')
    }
  })
})

describe('client of the local chain service', () => {
  let server: Server
  let url: string
  let answer: { status: number; body: string }

  before((done) => {
    server = createServer((_, response) => {
      response.writeHead(answer.status, { 'content-type': 'application/json' })
      response.end(answer.body)
    })
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      if (typeof address === 'object' && address !== null) url = `http://127.0.0.1:${address.port}`
      done()
    })
  })

  after((done) => {
    server.close(() => done())
    server.closeAllConnections()
  })

  it('takes no answer of another shape for one', async () => {
    const service = new HttpService(url)
    for (const [status, body, code] of [
      [200, 'hello', 'ANCHOR_BAD_ANSWER'],
      [200, '{}', 'ANCHOR_BAD_ANSWER'],
      [200, '{"height":"1","value":null}', 'ANCHOR_BAD_ANSWER'],
      [200, '{"height":"1","value":{"group":"00"}}', 'ANCHOR_BAD_ANSWER'],
      [404, '{}', 'ANCHOR_BAD_ANSWER'],
      [404, '{"code":"X","message":"no such path"}', 'ANCHOR_BAD_ANSWER'],
      [404, '{"refusal":{"number":5,"name":"Surprise"}}', 'ANCHOR_BAD_ANSWER'],
      [429, '{"code":"X","message":"later"}', 'ANCHOR_BUSY'],
      [503, '{"code":"X","message":"stopping"}', 'ANCHOR_UNREACHABLE'],
    ] as const) {
      answer = { status, body }
      expect(await codeOf(service.readContext(context)), body).to.equal(code)
    }
  })

  it('never takes a failure for somebody who is no member', async () => {
    const service = new HttpService(url)
    answer = { status: 404, body: '{"refusal":{"number":5,"name":"ContextNotFound"}}' }
    const read = service.readMember(group, a.publicKey)
    expect(await refusalOf(read)).to.equal('ContextNotFound')
  })

  it('reads no answer beyond its bound', async () => {
    const service = new HttpService(url)
    for (const [extra, code] of [
      [0, 'no error'],
      [1, 'ANCHOR_BAD_ANSWER'],
    ] as const) {
      const body = '{"height":null}'
      const padding = ' '.repeat(MAX_ANSWER_BYTES - body.length + extra)
      answer = { status: 200, body: body + padding }
      expect(await codeOf(service.findApplied(new Uint8Array(32)))).to.equal(code)
    }
  })

  it('heeds the signal of its caller', async () => {
    const signal = AbortSignal.abort()
    const code = await codeOf(new HttpService(url).readDomain({ signal }))
    expect(code).to.equal('ABORTED')
  })
})
