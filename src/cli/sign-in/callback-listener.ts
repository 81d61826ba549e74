/** Waits on this machine for the login page to come back with tokens. */
import { randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Tokens } from '../../client/index.ts'
import { cliError } from '../errors.ts'

/** Bytes of what the page may send; a pair of tokens has some 10 KiB at most. */
const MAX_BYTES = 32_768
const HOST = '127.0.0.1'

export interface CallbackListener extends AsyncDisposable {
  /** `callback-url`: nobody who was not told can guess it. */
  readonly url: string
  /** @throws CLI_DECLINED (aborted) the person said no; CLI_FILE (input) nobody came in time */
  tokens(withinMs: number): Promise<Tokens>
}

export async function listenForCallback(): Promise<CallbackListener> {
  const path = `/callback/${randomBytes(16).toString('hex')}`
  const { promise, resolve } = Promise.withResolvers<URLSearchParams>()
  let origin = ''
  const server = createServer((req, res) => {
    answer(req, res, { path, origin, resolve }).catch(() => res.destroy())
  })
  await new Promise<void>((done, failed) => {
    server.once('error', failed)
    server.listen(0, HOST, done)
  })
  const address = server.address()
  origin = `http://${HOST}:${typeof address === 'object' ? address?.port : 0}`
  return {
    url: `${origin}${path}`,
    async tokens(withinMs) {
      const timeout = Promise.withResolvers<undefined>()
      const timer = setTimeout(() => timeout.resolve(undefined), withinMs)
      const values = await Promise.race([promise, timeout.promise])
      clearTimeout(timer)
      if (values === undefined) {
        throw cliError('CLI_DECLINED', 'nobody signed in within the time: try again')
      }
      const [accessToken, refreshToken] = [values.get('access_token'), values.get('refresh_token')]
      if (accessToken !== null && refreshToken !== null) return { accessToken, refreshToken }
      throw cliError('CLI_DECLINED', 'the login page gave no access')
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((done) => server.close(done))
    },
  }
}

interface Waiting {
  readonly path: string
  readonly origin: string
  readonly resolve: (values: URLSearchParams) => void
}

async function answer(
  req: IncomingMessage,
  res: ServerResponse,
  { path, origin, resolve }: Waiting,
): Promise<void> {
  const isHere = req.headers.host === new URL(origin).host && req.url === path
  if (isHere && req.method === 'GET') {
    const nonce = randomBytes(16).toString('base64')
    res.writeHead(200, {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': `default-src 'none'; script-src 'nonce-${nonce}'; connect-src 'self'; frame-ancestors 'none'`,
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
    })
    res.end(page(nonce))
    return
  }
  // a page of elsewhere cannot know the path; its origin is looked at all the same
  const isOwn = isHere && req.method === 'POST' && req.headers.origin === origin
  const text = isOwn ? await bodyOf(req) : undefined
  res.writeHead(text === undefined ? 404 : 204, { connection: 'close' }).end()
  if (text !== undefined) resolve(new URLSearchParams(text))
}

async function bodyOf(req: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of req) {
    const bytes = chunk as Buffer // no encoding is set
    size += bytes.length
    if (size > MAX_BYTES) return undefined
    chunks.push(bytes)
  }
  return Buffer.concat(chunks).toString()
}

/** The fragment never leaves the browser by itself: this sends it, and takes it out of the history. */
function page(nonce: string): string {
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>merogate</title>
<p role="status" id="said">One moment.</p>
<script nonce="${nonce}">
const values = location.hash.slice(1)
history.replaceState(null, '', location.pathname)
fetch(location.pathname, { method: 'POST', body: values }).then(
  ({ ok }) => ok,
  () => false,
).then((ok) => {
  document.getElementById('said').textContent = ok
    ? 'Done. You can close this page and go back to the command line.'
    : 'The command line does not listen any more: start it again.'
})
</script></html>`
}
