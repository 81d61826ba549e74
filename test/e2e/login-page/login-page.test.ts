/** The login page in a real browser: who signs in, what applications get, and what the page never does. */
import { expect } from 'chai'
import type { Browser } from 'playwright-core'
import { ensureLoginPage } from '../../../scripts/build-login-page.ts'
import type { AuthInit, WalletVerifier } from '../../../src/auth/index.ts'
import { ethereumWallet } from '../../../src/chains/ethereum/wallet.ts'
import { icpWallet } from '../../../src/chains/icp/wallet.ts'
import { nearWallet } from '../../../src/chains/near/wallet.ts'
import { stellarWallet } from '../../../src/chains/stellar/wallet.ts'
import type { Clock } from '../../../src/node/primitives/clock.ts'
import { toBase58 } from '../../../src/node/primitives/bytes.ts'
import { ADMIN } from '../../support/auth-node.ts'
import { launchBrowser } from '../../support/browser.ts'
import {
  ALLOWED_APP,
  IDENTITY_PROVIDER,
  LOCAL_APP,
  visit,
  type Visit,
  type VisitOptions,
} from '../../support/login-page.ts'
import {
  ethereumPageWallet,
  identityPage,
  nearPageWallet,
  type PageWallet,
  stellarPageWallet,
} from '../../support/page-wallets.ts'

const APPLICATION = toBase58(new Uint8Array(32).fill(7))
const CONTEXT = toBase58(new Uint8Array(32).fill(9))
const PASSPHRASE = 'Test SDF Network ; September 2015'

const WALLETS: Readonly<Record<string, () => PageWallet & { readonly html?: string }>> = {
  'an Ethereum wallet': ethereumPageWallet,
  'a NEAR wallet that announces itself': () => nearPageWallet('announced'),
  'a NEAR wallet below window.near': () => nearPageWallet('below window.near'),
  'Freighter by its messages': () => stellarPageWallet('messages'),
  'Freighter by its object': () => stellarPageWallet('object'),
  'Internet Identity': identityPage,
}

const METHODS: Readonly<
  Record<string, readonly [method: string, verifier: (clock: Clock) => WalletVerifier]>
> = {
  eth: ['eth_wallet', (clock) => ethereumWallet({ chains: [{ chainId: 1 }], clock })],
  near: ['near_wallet', (clock) => nearWallet({ network: 'testnet' })({ clock })],
  icp: ['icp_wallet', (clock) => icpWallet({ identityProvider: IDENTITY_PROVIDER, clock })],
  stellar: [
    'stellar_wallet',
    (clock) =>
      stellarWallet({
        ...{ network: 'testnet', passphrase: PASSPHRASE, endpoints: 'none' },
        ...{ signingSeed: new Uint8Array(32).fill(7), homeDomain: 'node.example' },
      })({ clock }),
  ],
}

/** The verifier of a wallet; of Ethereum without one. */
function verifiersFor(wallet?: PageWallet): (origin: string, clock: Clock) => Partial<AuthInit> {
  const [, verifier] = METHODS[wallet?.subject.split(':')[0] ?? 'eth'] ?? []
  return (_origin, clock) => ({ verifiers: verifier === undefined ? [] : [verifier(clock)] })
}

describe('the login page', function () {
  this.timeout(30_000)
  let browser: Browser

  before(async function () {
    this.timeout(90_000) // where the browser never ran, it is unpacked first
    await ensureLoginPage()
    browser = await launchBrowser()
  })
  after(() => browser.close())

  /** Has a page visited, and holds it to what no page may do. */
  async function visiting(
    options: VisitOptions,
    run: (world: Visit) => Promise<unknown>,
  ): Promise<void> {
    await using world = await visit(browser, options)
    world.page.setDefaultTimeout(8_000)
    await run(world)
    expect(world.faults).to.deep.equal([])
  }

  const heading = ({ page }: Visit): Promise<string> => page.locator('h1').innerText()
  const paths = ({ node }: Visit): readonly string[] => node.seen.map(({ path }) => path)

  async function signIn({ page }: Visit, { username, password } = ADMIN): Promise<void> {
    await page.getByLabel('User name').fill(username)
    await page.getByLabel('Password').fill(password)
    await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  }

  const allow = ({ page }: Visit): Promise<void> =>
    page.getByRole('button', { name: 'Allow', exact: true }).click()

  /** What the key of the tokens may do; fails when they are not good. */
  async function heldBy({ node }: Visit, tokens: URLSearchParams): Promise<readonly string[]> {
    const caller = await node.auth.verify(tokens.get('access_token') ?? '')
    return caller.permissions.texts
  }

  describe('gives an application', () => {
    it('a key of its own with what was shown, and keeps no session of the person', () =>
      visiting({}, async (world) => {
        const permissions = `context:execute[${CONTEXT},,get],blob:add:stream`
        await world.open({ 'callback-url': `${LOCAL_APP}?state=s1#old`, permissions })
        expect(await world.page.locator('.permissions li').allInnerTexts()).to.deep.equal([
          `Call the method “get” in the context “${CONTEXT}”.`,
          'Store files that it sends.',
        ])
        expect(await world.page.locator('form').innerText()).to.include('localhost:7777')
        await allow(world)
        await signIn(world)
        const tokens = await world.returned()
        expect(await heldBy(world, tokens)).to.deep.equal(permissions.split(/,(?=blob)/))
        expect(new URL(world.page.url()).search).to.equal('?state=s1')
        expect([...tokens.keys()]).to.deep.equal(['access_token', 'refresh_token', 'node_url'])
        expect(tokens.get('node_url')).to.equal(world.node.url)
        const keys = await world.node.auth.keys.clients()
        expect(keys.map(({ name }) => name)).to.deep.equal(['http://localhost:7777'])
        const own = world.node.seen.find(({ path }) => path === '/admin/client-key')?.authorization
        const headers = { authorization: own ?? '' }
        const { status } = await fetch(`${world.node.url}/auth/validate`, { headers })
        expect(status).to.be.oneOf([401, 403])
      }))

    it('nothing when the person says no', () =>
      visiting({}, async (world) => {
        await world.open({ 'callback-url': ALLOWED_APP, permissions: 'blob' })
        await world.page.getByRole('button', { name: 'Do not allow' }).click()
        expect([...(await world.returned())]).to.deep.equal([['error', 'access_denied']])
        expect(paths(world)).to.not.include('/auth/token')
      }))

    it('the person’s own tokens only for mode=admin, and once that was understood', () =>
      visiting({}, async (world) => {
        await world.open({ 'callback-url': ALLOWED_APP, mode: 'admin' })
        await allow(world)
        expect(await heading(world)).to.equal('An application asks for access')
        await world.page.getByRole('checkbox').check()
        await allow(world)
        await signIn(world)
        const tokens = await world.returned()
        expect(await heldBy(world, tokens)).to.deep.equal(['admin'])
        expect(await world.node.auth.keys.clients()).to.deep.equal([])
      }))

    it('contexts of one application when it names one', () =>
      visiting({}, async (world) => {
        const query = { mode: 'multi-context', 'application-id': APPLICATION }
        await world.open({ 'callback-url': LOCAL_APP, ...query })
        const shown = await world.page.locator('.permissions li').allInnerTexts()
        expect(shown[2]).to.include(`every context of the application “${APPLICATION}”`)
        await allow(world)
        await signIn(world)
        const tokens = await world.returned()
        expect(await heldBy(world, tokens)).to.deep.equal([
          `context:list[${APPLICATION}]`,
          `context:create[${APPLICATION}]`,
          `context:execute[${APPLICATION}]`,
        ])
        expect(tokens.get('application_id')).to.equal(APPLICATION)
      }))

    it('one context as one identity, which the person chooses', () =>
      visiting({}, async (world) => {
        const { node } = world.node
        node.addContext()
        const chosen = node.addContext()
        await world.open({ 'callback-url': LOCAL_APP, mode: 'single-context' })
        await allow(world)
        await signIn(world)
        await world.page.getByRole('radio').nth(1).check()
        await world.page.getByRole('button', { name: 'Continue' }).click()
        const tokens = await world.returned()
        const [context, identity] = [tokens.get('context_id'), tokens.get('context_identity')]
        expect(context).to.equal(toBase58(chosen))
        expect(await heldBy(world, tokens)).to.have.members([
          `context[${context},${identity}]`,
          `context:execute[${context},${identity}]`,
        ])
      }))
  })

  describe('signs in', () => {
    it('by keyboard alone, and says aloud what went wrong', () =>
      visiting({}, async (world) => {
        const { page } = world
        const { keyboard } = page
        const focused = (): Promise<string> =>
          page
            .locator(':focus')
            .evaluate('document.activeElement.id || document.activeElement.innerText')
        await world.open({ 'callback-url': LOCAL_APP, permissions: 'blob' })
        await keyboard.press('Tab')
        expect(await focused()).to.equal('Allow')
        await keyboard.press('Enter')
        await page.getByLabel('User name').waitFor()
        expect(await focused()).to.equal('title')
        const enter = async (password: string): Promise<void> => {
          await keyboard.type(password)
          await keyboard.press('Enter')
        }
        await keyboard.press('Tab')
        await keyboard.type(ADMIN.username)
        await keyboard.press('Tab')
        expect(await focused()).to.equal('password')
        await enter('wrong')
        await page.getByRole('alert').getByText('did not let you in').waitFor()
        expect(await focused()).to.equal('password')
        await enter(ADMIN.password)
        await world.returned()
      }))

    for (const [name, make] of Object.entries(WALLETS)) {
      it(`with ${name}`, async () => {
        const wallet = make()
        const { script, functions, subject, html } = { html: undefined, ...wallet }
        const identity = html === undefined ? {} : { identityPage: html }
        const options = { auth: verifiersFor(wallet), script, functions, ...identity }
        await visiting(options, async (world) => {
          const { auth } = world.node
          const admin = await auth.verify((await world.node.admin()).accessToken)
          const [method] = METHODS[subject.split(':')[0] ?? ''] ?? ['']
          await auth.keys.create(admin, { method, subject })
          await world.open({ 'callback-url': ALLOWED_APP, permissions: 'blob' })
          await allow(world)
          await world.page.getByRole('button', { name: /^Sign in with / }).click()
          const tokens = await world.returned()
          const { permissions, rootKeyId } = await auth.verify(tokens.get('access_token') ?? '')
          // an administrator's key gives others less
          expect(permissions.texts).to.deep.equal(['blob'])
          const root = (await auth.keys.list()).find(({ id }) => id === rootKeyId)
          expect(root?.subject).to.equal(subject)
        })
      })
    }

    it('nobody whose wallet declines, and says so', () => {
      const script = `window.ethereum = {
        request: async () => { throw Object.assign(new Error('User rejected'), { code: 4001 }) },
      }`
      return visiting({ auth: verifiersFor(), script }, async (world) => {
        await world.open({ 'callback-url': LOCAL_APP, permissions: 'blob' })
        await allow(world)
        await world.page.getByRole('button', { name: 'Sign in with Ethereum wallet' }).click()
        await world.page.getByRole('alert').getByText('the request was declined').waitFor()
        expect(paths(world)).to.not.include('/auth/token')
      })
    })

    it('the first administrator with the secret of the node', () => {
      // SHA-256 of "secret"
      const secretHash = '2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b'
      const bootstrap = { allowLoopback: false, secretHash }
      return visiting({ auth: () => ({ bootstrap }) }, async (world) => {
        await world.open({})
        await world.page.getByText('First sign-in on this node?').click()
        await world.page.getByLabel('Setup secret').fill('secret')
        await signIn(world)
        await world.page.getByText('This node knows you').waitFor()
        expect(await world.node.auth.keys.list()).to.have.length(1)
      })
    })
  })

  describe('never', () => {
    const REFUSED = {
      'another host': 'https://evil.example/',
      'a host that begins like this machine': 'http://127.0.0.1.evil.example/',
      'a host that ends like an allowed one': 'https://app.example.evil.example/',
      'an allowed host at another port': 'https://app.example:8443/',
      'an allowed host without TLS': 'http://app.example/',
      'a host behind one that looks like a user': 'http://localhost@evil.example/',
      'this machine as a user': 'http://someone@localhost/',
      'a script': 'javascript:window.breached=1//',
      data: 'data:text/html,<script>opener.breached=1</script>',
      'a file': 'file:///etc/passwd',
      'no address': 'localhost',
      markup: '"><img src=x onerror="window.breached=1">',
    }
    for (const [what, url] of Object.entries(REFUSED)) {
      it(`returns to ${what}`, () =>
        visiting({}, async (world) => {
          await world.open({ 'callback-url': url, permissions: 'blob' })
          expect(await heading(world)).to.equal('This cannot be done')
          expect(await world.page.locator('button, input, img').count()).to.equal(0)
          expect(await world.page.evaluate('window.breached')).to.equal(undefined)
        }))
    }

    it('takes what stands in its address for markup', () =>
      visiting({}, async (world) => {
        const markup = '<img src=x onerror=window.breached=1>'
        for (const name of ['permissions', 'package-name', 'application-id', 'mode', 'app-url']) {
          await world.open({ 'callback-url': LOCAL_APP, permissions: 'blob', [name]: markup })
          expect(await world.page.locator('img').count(), name).to.equal(0)
        }
        expect(await world.page.evaluate('window.breached')).to.equal(undefined)
      }))

    it('runs a script that something else put into it', async () => {
      await using world = await visit(browser)
      await world.open({})
      await world.page.evaluate(`document.body.append(
        Object.assign(document.createElement('script'), { textContent: 'window.breached = 1' }))`)
      await world.page.evaluate(`document.body.insertAdjacentHTML('beforeend',
        '<img src="https://evil.example/"><p style="color:red">')`)
      await world.page.waitForTimeout(100)
      expect(await world.page.evaluate('window.breached')).to.equal(undefined)
      expect(world.faults.filter((fault) => fault.startsWith('request'))).to.deep.equal([])
      const breaches = world.faults.filter((fault) => fault.includes('policy breached')).join()
      for (const part of ['script-src', 'img-src', 'style-src']) expect(breaches).to.include(part)
    })

    it('is shown in a frame of another page', async () => {
      await using world = await visit(browser)
      await world.page.goto(LOCAL_APP)
      await world.page.setContent(`<iframe src="${world.node.url}/auth/login"></iframe>`)
      await world.page.waitForTimeout(300)
      expect(await world.page.frameLocator('iframe').locator('h1').count()).to.equal(0)
    })

    it('asks for permissions that the node does not know', () =>
      visiting({}, async (world) => {
        await world.open({ 'callback-url': LOCAL_APP, permissions: 'blob,everything' })
        expect(await heading(world)).to.equal('This cannot be done')
        expect(await world.page.locator('.problem').innerText()).to.include('everything')
      }))
  })

  it('is light or dark as the person likes it', () =>
    visiting({}, async (world) => {
      const back = (): Promise<string> =>
        world.page.evaluate('getComputedStyle(document.body).backgroundColor')
      await world.page.emulateMedia({ colorScheme: 'light' })
      await world.open({})
      const light = await back()
      await world.page.emulateMedia({ colorScheme: 'dark' })
      expect(await back()).to.not.equal(light)
    }))
})
