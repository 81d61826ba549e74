/** The page that the client's package has for a beginning, in a real browser over a real node. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { readFile } from 'node:fs/promises'
import { extname, join } from 'node:path'
import { expect } from 'chai'
import type { Browser, Page } from 'playwright-core'
import { build } from 'vite'
import { ensureLoginPage } from '../../../scripts/build-login-page.ts'
import { idText } from '../../../src/node/index.ts'
import { httpServer } from '../../../src/server/index.ts'
import { ADMIN, authNode } from '../../support/auth-node.ts'
import { launchBrowser } from '../../support/browser.ts'
import { newContext, nodeWorld, set } from '../../support/real-node.ts'
import { tempFolder } from '../../support/temp-folder.ts'

const ROOT = join(import.meta.dirname, '../../..')
const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css',
  '.html': 'text/html',
  '.js': 'text/javascript',
}

/** Serves a folder to pages of this machine. */
async function serve(folder: string): Promise<{ url: string } & AsyncDisposable> {
  const server = createServer((req, res) => {
    const { pathname } = new URL(req.url ?? '/', 'http://localhost')
    const file = pathname === '/' ? '/index.html' : pathname
    readFile(join(folder, file)).then(
      (bytes) => res.setHeader('content-type', TYPES[extname(file)] ?? '').end(bytes),
      () => res.writeHead(404).end(),
    )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo // listens on TCP
  return {
    url: `http://127.0.0.1:${port}/`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

describe('the page of the client’s package', function () {
  this.timeout(60_000)
  const open = new AsyncDisposableStack()
  let browser: Browser
  let site: { readonly url: string }

  before(async function () {
    this.timeout(120_000) // where the browser never ran, it is unpacked first
    const folder = open.use(await tempFolder())
    await build({
      configFile: false,
      root: join(ROOT, 'packages/client/template'),
      logLevel: 'warn',
      // the package is what is built of this
      resolve: { alias: { 'merogate-client': join(ROOT, 'src/client/index.ts') } },
      build: { outDir: join(folder.path, 'page'), emptyOutDir: true, reportCompressedSize: false },
    })
    await ensureLoginPage()
    site = open.use(await serve(join(folder.path, 'page')))
    browser = await launchBrowser()
    open.defer(() => browser.close())
  })
  after(() => open.disposeAsync())

  async function visit(node: string): Promise<Page & AsyncDisposable> {
    const page = await browser.newPage()
    page.setDefaultTimeout(20_000)
    await page.goto(`${site.url}?node=${encodeURIComponent(node)}`)
    return Object.assign(page, { [Symbol.asyncDispose]: () => page.close() })
  }

  it('shows entries as they change and writes them, and says when the node is gone and comes back', async () => {
    await using world = await nodeWorld()
    const node = await world.node('alice')
    const { context } = await newContext(node)
    await set(node, context, 'before')
    const first = httpServer({ listen: [{ host: '127.0.0.1', port: 0 }] })({ node })
    await first.start()
    const { url, host, port } = first.address()
    await using page = await visit(url)
    await page.getByRole('cell', { name: 'before' }).first().waitFor()
    expect(await page.getByLabel('Context').inputValue()).to.equal(idText(context))
    await page.locator('output', { hasText: /^connected$/ }).waitFor()
    await set(node, context, 'of others')
    await page.getByRole('cell', { name: 'of others' }).first().waitFor()
    await page.getByLabel('Key').fill('mine')
    await page.getByLabel('Value').fill('written here')
    await page.getByRole('button', { name: 'Set' }).click()
    await page.getByRole('cell', { name: 'written here' }).waitFor()
    await first.stop()
    await page.locator('output', { hasText: 'disconnected' }).waitFor()
    await set(node, context, 'meanwhile')
    await using again = httpServer({ listen: [{ host, port }] })({ node })
    await again.start()
    await page.getByRole('cell', { name: 'meanwhile' }).first().waitFor()
    expect(await page.getByRole('alert').isVisible()).to.equal(false)
  })

  it('offers to sign in where the node asks for it, and comes back signed in', async () => {
    await using node = await authNode()
    node.node.addContext()
    await using page = await visit(node.url)
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByRole('button', { name: 'Allow', exact: true }).click()
    await page.getByLabel('User name').fill(ADMIN.username)
    await page.getByLabel('Password').fill(ADMIN.password)
    await page.getByRole('button', { name: 'Sign in', exact: true }).click()
    await page.getByLabel('Context').locator('option').first().waitFor({ state: 'attached' })
    expect(page.url()).to.equal(`${site.url}?node=${encodeURIComponent(node.url)}`)
  })
})
