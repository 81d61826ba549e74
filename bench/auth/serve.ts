/**
 * One of the servers that `calls.ts` compares, in a process of its own: it tells its parent where it listens, and the time of the processor that it
 * used when it is asked. All answer the same call with the same body; the arguments are its kind and, for those without keys of their own, the token.
 */
import { createPublicKey, type JsonWebKey } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import express, { type RequestHandler } from 'express'
import jwt from 'jsonwebtoken'
import { openAuth } from '../../src/auth/index.ts'
import { systemClock, systemRandom } from '../../src/node/primitives/clock.ts'
import { toBase58 } from '../../src/node/primitives/bytes.ts'
import { httpServer } from '../../src/server/index.ts'
import { memoryStore } from '../../test/support/memory-store.ts'
import { stubNode } from '../../test/support/stub-node.ts'

/**
 * `guard`: the node's server with sign-in, the token of a key that may make this call alone. `no-guard`: without sign-in. `express-jsonwebtoken`: Express
 * with a check of the same token; `express`: with none.
 */
export type ServerKind = 'guard' | 'no-guard' | 'express-jsonwebtoken' | 'express'

/** What a client of it needs. */
export interface Served {
  readonly port: number
  readonly token: string
  /** Verifies the token. */
  readonly jwk: JsonWebKey
  /** The call, JSON. */
  readonly body: string
}

const node = stubNode()
const context = node.addContext()
const [executor] = await node.identities.owned(context)
const [contextId, executorPublicKey] = [toBase58(context), toBase58(executor ?? context)]

/** The node's server. */
async function serveNode(isGuarded: boolean, given: Served | undefined): Promise<Served> {
  const auth = isGuarded
    ? await openAuth({
        origin: 'http://localhost',
        verifiers: [],
        password: {},
        bootstrap: { allowLoopback: true },
      })({
        ...{ store: memoryStore(), seed: systemRandom.bytes(32) },
        ...{ clock: systemClock, random: systemRandom },
      })
    : undefined
  const server = httpServer({ listen: [{ host: '127.0.0.1', port: 0 }] })({ node, auth })
  await server.start()
  const { port } = server.address()
  if (auth === undefined) return { ...expected(given), port }
  const permissions = [`context:execute[${contextId},${executorPublicKey},get]`]
  const { accessToken: token } = await auth.mint({ name: 'bench', permissions })
  const params = { contextId, method: 'get', argsJson: { key: 'a' }, executorPublicKey }
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'execute', params })
  return { port, token, jwk: auth.jwks().keys[0] ?? {}, body }
}

/** Express alone. */
async function serveExpress(isChecked: boolean, given: Served | undefined): Promise<Served> {
  const served = expected(given)
  const key = createPublicKey({ key: served.jwk, format: 'jwk' })
  const check: RequestHandler = (req, res, next) => {
    const [, token = ''] = (req.headers.authorization ?? '').split(' ')
    jwt.verify(token, key, { algorithms: ['ES256'], issuer: 'merogate', audience: 'merogate' })
    next()
  }
  const app = express()
  app.disable('x-powered-by')
  app.disable('etag')
  if (isChecked) app.use(check)
  app.post('/jsonrpc', express.json(), (req, res) => {
    const { id } = req.body as { id: number } // the benchmark's own request
    res.json({ jsonrpc: '2.0', id, result: { output: null } })
  })
  const listener = app.listen(0, '127.0.0.1')
  await new Promise((resolve) => listener.once('listening', resolve))
  const { port } = listener.address() as AddressInfo // of TCP
  return { ...served, port }
}

function expected(given: Served | undefined): Served {
  if (given === undefined) throw new TypeError('expected the token as second argument')
  return given
}

const [kind, text] = process.argv.slice(2) as [ServerKind, string?] // calls.ts started it
const given = text === undefined ? undefined : (JSON.parse(text) as Served)
const isNode = kind === 'guard' || kind === 'no-guard'
const served = isNode
  ? await serveNode(kind === 'guard', given)
  : await serveExpress(kind === 'express-jsonwebtoken', given)
process.on('message', () => {
  const { user, system } = process.cpuUsage()
  process.send?.({ cpuUs: user + system })
})
process.once('disconnect', () => process.exit())
process.send?.(served)
