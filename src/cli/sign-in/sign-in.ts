/** The ways to sign in from the command line: a password, a key file, or the login page of the node. */
import { spawn } from 'node:child_process'
import type { MerogateClient, Tokens, TokenStore } from '../../client/index.ts'
import { WALLETS } from '../chains/chains.ts'
import type { KeySigner } from '../chains/wallet.ts'
import { cliError } from '../errors.ts'
import type { Output } from '../output.ts'
import { askPassword, secretOf } from './ask-password.ts'
import { listenForCallback } from './callback-listener.ts'

/** How long a person may take in the browser, ms. */
const PAGE_MS = 600_000
/** Whose keys are listed so. */
const CLIENT_NAME = 'merogate command line'

export interface LoginOptions {
  readonly user?: string
  readonly passwordFile?: string
  readonly keyFile?: string
  readonly permissions?: string
  readonly bootstrapSecretFile?: string
  /** False: the address of the page is only printed. */
  readonly open: boolean
}

export interface LoginParts {
  readonly client: MerogateClient
  readonly tokens: TokenStore
  readonly output: Output
}

/** @throws CLI_USAGE, CLI_FILE (input), CLI_DECLINED (aborted), CLIENT_SIGN_IN_REFUSED (unauthenticated) */
export async function signIn(options: LoginOptions, parts: LoginParts): Promise<void> {
  const { auth } = parts.client
  const { user, keyFile, bootstrapSecretFile } = options
  if (user === undefined && keyFile === undefined) {
    await parts.tokens.save(await byPage(options, parts))
    return
  }
  if (options.permissions !== undefined) {
    throw cliError(
      'CLI_USAGE',
      '--permissions is for the login page: a password or a key file is all of its key',
    )
  }
  const secret =
    bootstrapSecretFile === undefined
      ? {}
      : { bootstrapSecret: await secretOf(bootstrapSecretFile, 'the secret of the first sign-in') }
  const facts = { clientName: CLIENT_NAME, ...secret }
  if (keyFile !== undefined) {
    const { method, address, sign } = await signerOf(keyFile)
    await auth.signInWithWallet({
      ...{ method, address, publicKey: address, ...facts },
      sign: async ({ message = '' }) => ({ data: await sign(message) }),
    })
    return
  }
  const password = await askPassword(options.passwordFile)
  await auth.signInWithPassword({ username: user ?? '', password, ...facts })
}

/** Who signs with the key in a file: the first chain that knows how. @throws CLI_FILE (input) */
async function signerOf(file: string): Promise<KeySigner & { readonly method: string }> {
  const key = await secretOf(file, 'a private key')
  const wallet = WALLETS.find(({ signer }) => signer !== undefined)
  const signer = await wallet?.signer?.(key, file)
  if (wallet !== undefined && signer !== undefined) return { ...signer, method: wallet.method }
  throw cliError('CLI_USAGE', 'there is no chain whose keys sign in from a file')
}

async function byPage(options: LoginOptions, { client, output }: LoginParts): Promise<Tokens> {
  await using listener = await listenForCallback()
  const query = new URLSearchParams({
    'callback-url': listener.url,
    permissions: options.permissions ?? 'admin',
    'app-url': client.url,
  })
  const url = `${client.url}/auth/login?${query.toString()}`
  output.log({ event: 'sign-in', url }, `sign in at:\n  ${url}`)
  if (options.open && process.stdout.isTTY) openInBrowser(url)
  return await listener.tokens(PAGE_MS)
}

/** Where there is no browser, the address was printed. */
function openInBrowser(url: string): void {
  const programs: Readonly<Record<string, string>> = { darwin: 'open', win32: 'explorer' }
  const program = programs[process.platform] ?? 'xdg-open'
  const child = spawn(program, [url], { stdio: 'ignore', detached: true })
  child.on('error', () => {})
  child.unref()
}
