/** The login page of a node in a real browser, which notes whatever the page should not do. */
import type { Browser, Page } from 'playwright-core'
import { type AuthNode, authNode } from './auth-node.ts'
import type { HandClock } from './hand-clock.ts'
import type { AuthInit } from '../../src/auth/index.ts'

/** Where applications of these tests wait: a page of this machine, and one that the node allows. */
export const LOCAL_APP = 'http://localhost:7777/done'
export const ALLOWED_APP = 'https://app.example/signed-in'
/** Where people meet their identity. */
export const IDENTITY_PROVIDER = 'https://identity.example'

export interface Visit extends AsyncDisposable {
  readonly node: AuthNode
  readonly page: Page
  /** What the page did and should not: requests elsewhere, breaches of its policy, errors. */
  readonly faults: readonly string[]
  /** Goes to the page with a query, and waits until it shows something. */
  open(query: Readonly<Record<string, string>>): Promise<void>
  /** Waits until the page has left for the application; what it brought along. */
  returned(): Promise<URLSearchParams>
}

export interface VisitOptions {
  readonly auth?: (origin: string, clock: HandClock) => Partial<AuthInit>
  /** Runs in every document before its own scripts. */
  readonly script?: string
  /** Functions of this process that scripts may call. */
  readonly functions?: Readonly<Record<string, (...args: never[]) => unknown>>
  /** The identity provider's page. */
  readonly identityPage?: string
}

const NOTE_BREACHES = `addEventListener('securitypolicyviolation', (event) =>
  console.error('policy breached: ' + event.violatedDirective + ' ' + event.blockedURI))`

export async function visit(browser: Browser, options: VisitOptions = {}): Promise<Visit> {
  const { auth, script = '', functions = {}, identityPage } = options
  const node = await authNode({
    allowedOrigins: [new URL(ALLOWED_APP).origin],
    ...(auth === undefined ? {} : { auth }),
  })
  const context = await browser.newContext()
  const faults: string[] = []
  for (const [name, run] of Object.entries(functions)) {
    await context.exposeFunction(name, run)
  }
  await context.addInitScript({ content: `${NOTE_BREACHES};${script}` })
  const apps = new Set([LOCAL_APP, ALLOWED_APP].map((url) => new URL(url).origin))
  await context.route('**/*', async (route) => {
    const request = route.request()
    const { origin, href } = new URL(request.url())
    const isDocument = request.isNavigationRequest()
    if (origin === node.url) return route.continue()
    if (isDocument && apps.has(origin)) return route.fulfill({ contentType: 'text/html', body: '' })
    if (isDocument && origin === IDENTITY_PROVIDER && identityPage !== undefined) {
      return route.fulfill({ contentType: 'text/html', body: identityPage })
    }
    faults.push(`request: ${href}`)
    return route.abort()
  })
  const page = await context.newPage()
  page.on('pageerror', (error) => faults.push(`error: ${error.message}`))
  page.on('console', (message) => {
    const text = message.text()
    if (/policy/i.test(text)) faults.push(`console: ${text}`)
  })
  return {
    ...{ node, page, faults },
    async open(query) {
      await page.goto(`${node.url}/auth/login?${new URLSearchParams(query).toString()}`)
      await page.locator('form, .problem, .wallets').first().waitFor()
    },
    async returned() {
      const isBack = page.waitForURL((url) => apps.has(url.origin))
      const complaint = page.getByRole('alert').filter({ hasText: /./ })
      const complains = complaint.waitFor().then(async () => {
        throw new TypeError(`the page says: ${await complaint.innerText()}`)
      })
      await Promise.race([isBack, complains])
      complains.catch(() => {})
      return new URLSearchParams(new URL(page.url()).hash.slice(1))
    },
    async [Symbol.asyncDispose]() {
      await context.close()
      await node[Symbol.asyncDispose]()
    },
  }
}
