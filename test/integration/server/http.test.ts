import { request } from 'node:http'
import { expect } from 'chai'
import { isMerogateError, MerogateError } from '../../../src/node/errors.ts'
import { toBase58 } from '../../../src/node/primitives/bytes.ts'
import { httpServer } from '../../../src/server/index.ts'
import { MAX_REQUEST_ID_CHARS } from '../../../src/server/limits.ts'
import { systemClock } from '../../../src/node/primitives/clock.ts'
import { serving } from '../../support/serving.ts'
import type { Serving } from '../../support/serving.ts'
import { stubNode } from '../../support/stub-node.ts'

async function codeOf(work: Promise<unknown>): Promise<string | undefined> {
  try {
    await work
  } catch (error) {
    if (isMerogateError(error)) return error.code
    throw error
  }
  return undefined
}

/** The status of a request with headers that fetch does not let one set. */
function rawStatus(url: string, headers: Record<string, string>, method = 'GET'): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method, headers }, (response) => {
      response.resume()
      resolve(response.statusCode ?? 0)
    })
    sent.on('error', reject)
    sent.end()
  })
}

describe('the server', () => {
  describe('listening', () => {
    for (const host of ['0.0.0.0', '::', '192.168.1.1', 'example.com']) {
      it(`refuses ${host}`, async () => {
        const server = httpServer({ listen: [{ host, port: 0 }] })({ node: stubNode() })
        expect(await codeOf(server.start())).to.equal('SERVER_ADDRESS_NOT_LOOPBACK')
        expect(server.status).to.equal('stopped')
      })
    }

    it('names the port that is in use', async () => {
      await using world = await serving()
      const { host, port } = world.server.address()
      const second = httpServer({
        listen: [
          { host: '127.0.0.1', port: 0 },
          { host, port },
        ],
      })({
        node: stubNode(),
      })
      expect(await codeOf(second.start())).to.equal('SERVER_PORT_IN_USE')
      expect(second.status).to.equal('stopped')
      expect(() => second.address())
        .to.throw()
        .with.property('code', 'SERVER_NOT_STARTED')
    })

    it('has no address before it is started', () => {
      const server = httpServer()({ node: stubNode() })
      expect(() => server.address())
        .to.throw()
        .with.property('code', 'SERVER_NOT_STARTED')
    })

    it('serves several addresses', async () => {
      const listen = [
        { host: '127.0.0.1', port: 0 },
        { host: 'localhost', port: 0 },
      ]
      await using world = await serving({ listen })
      for (const { url } of world.server.addresses()) {
        expect((await fetch(`${url}/health`)).status).to.equal(200)
      }
    })

    it('can be started and stopped again and again', async () => {
      await using world = await serving()
      const { server } = world
      await server.start()
      await Promise.all([server.stop(), server.stop()])
      await server.stop()
      await server.start()
      expect((await fetch(`${server.address().url}/health`)).status).to.equal(200)
    })
  })

  describe('admission', () => {
    let world: Serving
    before(async () => {
      world = await serving({ allowedOrigins: ['https://app.example'] })
    })
    after(() => world.server.stop())

    it('refuses requests that name another host', async () => {
      expect(await rawStatus(`${world.url}/health`, { host: 'evil.example' })).to.equal(403)
      expect(await rawStatus(`${world.url}/jsonrpc`, { host: 'evil.example' }, 'POST')).to.equal(
        403,
      )
      expect(await rawStatus(`${world.url}/health`, { host: 'localhost:1' })).to.equal(200)
    })

    it('refuses requests of foreign pages, simple ones too', async () => {
      const headers = { origin: 'https://evil.example' }
      expect(await rawStatus(`${world.url}/admin-api/identity/context`, headers, 'POST')).to.equal(
        403,
      )
      expect(await rawStatus(`${world.url}/jsonrpc`, headers, 'OPTIONS')).to.equal(403)
    })

    for (const origin of ['http://localhost:5173', 'https://app.example']) {
      it(`lets pages of ${origin} in`, async () => {
        const answer = await world.send('GET', '/health', undefined, { origin })
        expect(answer.status).to.equal(200)
        expect(answer.headers.get('access-control-allow-origin')).to.equal(origin)
        expect(answer.headers.get('access-control-expose-headers')).to.include('x-request-id')
        const preflight = await world.send('OPTIONS', '/jsonrpc', undefined, {
          origin,
          'access-control-request-method': 'POST',
        })
        expect(preflight.status).to.equal(204)
        expect(preflight.headers.get('access-control-max-age')).to.equal('600')
      })
    }
  })

  describe('every answer', () => {
    let world: Serving
    before(async () => {
      world = await serving()
    })
    after(() => world.server.stop())

    it('carries the request id of the client', async () => {
      const answer = await world.send('GET', '/nope', undefined, { 'x-request-id': 'mine-1' })
      expect(answer.headers.get('x-request-id')).to.equal('mine-1')
      expect(answer.body).to.include({ requestId: 'mine-1', code: 'not_found' })
    })

    it('carries an id of ours when the client has none, or one that is too long', async () => {
      const long = 'x'.repeat(MAX_REQUEST_ID_CHARS + 1)
      for (const headers of [{}, { 'x-request-id': long }, { 'x-request-id': 'has space' }]) {
        const answer = await world.send('GET', '/health', undefined, headers)
        expect(answer.headers.get('x-request-id')).to.match(
          /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
        )
      }
    })

    it('tells nobody what it is made with, and not to guess types', async () => {
      const { headers } = await world.send('GET', '/health')
      expect(headers.get('x-powered-by')).to.equal(null)
      expect(headers.get('x-content-type-options')).to.equal('nosniff')
    })

    it('of a failure of ours says nothing about it', async () => {
      world.node.failNext('contexts.list', new Error('secret'))
      const answer = await world.send('GET', '/admin-api/contexts')
      expect(answer.status).to.equal(500)
      expect(answer.text).not.to.include('secret')
      expect(answer.body).to.include({ code: 'internal' })
    })

    it('to a path that cannot be decoded is 400', async () => {
      expect((await world.send('GET', '/admin-api/contexts/%ff')).status).to.equal(400)
    })
  })

  describe('health', () => {
    it('is alive', async () => {
      await using world = await serving()
      for (const path of ['/health', '/admin-api/health', '/admin-api/is-authed']) {
        const answer = await world.send('GET', path)
        expect(answer.status).to.equal(200)
        expect(answer.body).to.deep.equal({ data: { status: 'alive' } })
      }
    })

    it('is ready when all checks pass', async () => {
      await using world = await serving()
      for (const path of ['/ready', '/admin-api/ready']) {
        world.node.checks = { store: true }
        const good = await world.send('GET', path)
        expect(good.status).to.equal(200)
        expect(good.body).to.deep.equal({
          data: { status: 'ready', checks: { store: true, accepting: true, responsive: true } },
        })
        world.node.checks = { store: false }
        world.node.reasons = { store: 'the disk is full' }
        const bad = await world.send('GET', path)
        expect(bad.status).to.equal(503)
        expect(bad.body).to.deep.equal({
          data: {
            status: 'not ready',
            checks: { store: false, accepting: true, responsive: true },
            reasons: { store: 'the disk is full' },
          },
        })
        world.node.reasons = {}
      }
    })

    it('is not ready while the event loop is late, and sends away who only reads, with when to come again', async () => {
      await using world = await serving({}, systemClock, true)
      const contextId = toBase58(world.node.addContext())
      const until = performance.now() + 2_600
      while (performance.now() < until); // what a flood of work does
      await new Promise((resolve) => setTimeout(resolve, 100))
      const { status, body } = await world.send('GET', '/ready')
      expect(status).to.equal(503)
      expect(body).to.have.nested.property('data.checks.responsive', false)
      expect(body).to.have.nested.property('data.reasons.responsive')
      const refused = await world.send('GET', '/admin-api/contexts')
      expect(refused.status).to.equal(503)
      expect(refused.body).to.include({ code: 'busy' })
      expect(Number(refused.headers.get('retry-after'))).to.be.within(1, 10)
      const params = { contextId, method: 'echo', argsJson: 1 }
      const written = await world.rpc({ jsonrpc: '2.0', id: 1, method: 'execute', params })
      expect(written.body).to.have.nested.property('result.output', 1)
      expect((await world.send('GET', '/health')).status).to.equal(200)
      const { text } = await world.send('GET', '/metrics')
      expect(text).to.match(/merogate_event_loop_delay_seconds [01]\.\d/)
      expect(text).to.include('merogate_http_shed_total{asker="reader"} 1')
    })

    it('shows metrics by route, without ids', async () => {
      await using world = await serving()
      const id = toBase58(world.node.addContext())
      await world.send('GET', `/admin-api/contexts/${id}`)
      await world.send('GET', '/a/stranger/path')
      const { text, headers } = await world.send('GET', '/metrics')
      expect(headers.get('content-type')).to.include('text/plain')
      expect(text).to.include(
        'merogate_http_requests_total{method="GET",path="/admin-api/contexts/:id",status="200"} 1',
      )
      expect(text).to.include('path="unknown",status="404"')
      expect(text).not.to.include(id)
    })

    it('has no metrics without a registry, and no services that are off', async () => {
      const services = { admin: false, jsonrpc: false, websocket: false }
      const listen = [{ host: '127.0.0.1', port: 0 }]
      await using server = httpServer({ listen, services })({ node: stubNode() })
      await server.start()
      const { url } = server.address()
      for (const path of ['/metrics', '/jsonrpc', '/ws', '/admin-api/contexts']) {
        expect((await fetch(`${url}${path}`)).status).to.equal(404)
      }
      expect((await fetch(`${url}/health`)).status).to.equal(200)
    })
  })

  describe('stopping', () => {
    it('answers what is under way, then ends', async () => {
      await using world = await serving()
      const context = toBase58(world.node.addContext())
      let release = (): void => {}
      const gate = new Promise<void>((resolve) => (release = resolve))
      const reached = new Promise<void>((resolve) => {
        world.node.contexts.storageSize = async () => {
          resolve()
          await gate
          return 1
        }
      })
      const answer = world.send('GET', `/admin-api/contexts/${context}/storage`)
      await reached
      const stopped = world.server.stop()
      release()
      expect((await answer).status).to.equal(200)
      await stopped
      expect(world.server.status).to.equal('stopped')
    })

    it('cuts who holds on for too long', async () => {
      await using world = await serving({ drainMs: 20 })
      const context = toBase58(world.node.addContext())
      const reached = new Promise<void>((resolve) => {
        world.node.contexts.storageSize = () => {
          resolve()
          return new Promise(() => {})
        }
      })
      const answer = world.send('GET', `/admin-api/contexts/${context}/storage`).catch(() => 'cut')
      await reached
      await world.server.stop()
      expect(await answer).to.equal('cut')
    })

    it('ends work in the background, and waits until it has ended', async () => {
      await using world = await serving()
      const context = world.node.addContext()
      const steps: string[] = []
      world.node.contexts.sync = (_id, options) =>
        new Promise((_, reject) => {
          options?.signal?.addEventListener('abort', () => {
            steps.push('ended')
            reject(new MerogateError('X', 'aborted', 'enough'))
          })
        })
      await world.send('POST', `/admin-api/contexts/sync/${toBase58(context)}`)
      await world.server.stop()
      expect(steps).to.deep.equal(['ended'])
    })
  })
})
