import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import express from 'express'
import { openGuard } from '../../../src/server/access/guard.ts'
import { loginPageRoutes } from '../../../src/server/login-page.ts'
import { answerError } from '../../../src/server/request.ts'
import { guarded } from '../../../src/server/routes.ts'
import { silentLogger } from '../../../src/node/primitives/logger.ts'
import { NO_LOAD, NO_OPERATIONS } from '../../support/no-load.ts'
import { type Serving, sender } from '../../support/serving.ts'
import { tempFolder } from '../../support/temp-folder.ts'

const HTML = '<head><meta name="callback-origins" content="" /></head>'

/** A server of the page that is in a folder. */
async function servingPage(
  folder: string,
  allowedOrigins: readonly string[] = [],
): Promise<AsyncDisposable & { send: Serving['send'] }> {
  const app = express()
  app.use(
    guarded(openGuard, {
      load: NO_LOAD,
      isOpen: true,
      operations: NO_OPERATIONS,
    }),
  )
  loginPageRoutes(app, { folder, allowedOrigins: new Set(allowedOrigins) })
  app.use(answerError(silentLogger))
  const server = app.listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : 0
  return {
    send: sender(`http://127.0.0.1:${port}`),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

describe('serving the login page', () => {
  let temporary: Awaited<ReturnType<typeof tempFolder>>
  beforeEach(async () => {
    temporary = await tempFolder()
  })
  afterEach(() => temporary[Symbol.asyncDispose]())

  const made = (): string => {
    const folder = temporary.path
    mkdirSync(join(folder, 'assets'))
    writeFileSync(join(folder, 'index.html'), HTML)
    writeFileSync(join(folder, 'assets/index-a1.js'), 'start()')
    writeFileSync(join(folder, 'secret'), 'secret')
    return folder
  }

  it('allows it its own files and nothing else', async () => {
    await using server = await servingPage(made())
    const { status, headers, text } = await server.send('GET', '/auth/login?callback-url=x')
    expect([status, text]).to.deep.equal([200, HTML])
    const policy = headers.get('content-security-policy') ?? ''
    expect(policy).to.include("default-src 'none'").and.include("frame-ancestors 'none'")
    expect(policy).to.not.match(/unsafe|\*|https?:/)
    expect(headers.get('cross-origin-opener-policy')).to.equal('same-origin-allow-popups')
    expect(headers.get('cache-control')).to.equal('no-store')
    expect(headers.get('referrer-policy')).to.equal('no-referrer')
  })

  it('is there once it is built, though the node was started before', async () => {
    await using server = await servingPage(temporary.path)
    const before = await server.send('GET', '/auth/login')
    expect(before.status).to.equal(409)
    expect(before.text).to.include('npm run build')
    made()
    expect((await server.send('GET', '/auth/login')).text).to.equal(HTML)
    expect((await server.send('GET', '/auth/assets/index-a1.js')).text).to.equal('start()')
  })

  it('keeps files whose names have their hash, and has no others', async () => {
    await using server = await servingPage(made())
    const { headers, text } = await server.send('GET', '/auth/assets/index-a1.js')
    expect(text).to.equal('start()')
    expect(headers.get('content-type')).to.equal('text/javascript; charset=utf-8')
    expect(headers.get('cache-control')).to.include('immutable')
    for (const name of ['index-a2.js', '..%2fsecret', '%2e%2e%2fsecret', '..%5csecret', '%00']) {
      expect((await server.send('GET', `/auth/assets/${name}`)).status, name).to.equal(404)
    }
  })

  it('tells the page which origins are allowed, and takes no other text for one', async () => {
    const origins = ['https://app.example', '"><script>', 'https://b.example:8443', 'https://c/d']
    await using server = await servingPage(made(), origins)
    const { text } = await server.send('GET', '/auth/login')
    expect(text).to.include('content="https://app.example https://b.example:8443" />')
    expect(text).to.not.include('script')
  })

  it('says how to build what is not there', async () => {
    await using server = await servingPage(join(temporary.path, 'none'))
    const { status, text } = await server.send('GET', '/auth/login')
    expect(status).to.equal(409)
    expect(text).to.include('npm run build')
    expect((await server.send('GET', '/auth/assets/x.js')).status).to.equal(404)
  })
})
