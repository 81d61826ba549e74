/** An HTTP endpoint on loopback that does what a test says, and counts what it was asked. */
import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

/** One request. */
export interface Asked {
  readonly url: string
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
}

export interface Loopback extends AsyncDisposable {
  readonly url: string
  readonly asked: readonly Asked[]
}

/** Serves with `answer` until it is disposed of; an answer that never ends is cut off then. */
export async function loopback(
  answer: (asked: Asked, response: ServerResponse) => void,
): Promise<Loopback> {
  const asked: Asked[] = []
  const server = createServer((request, response) => {
    const { url = '', headers } = request
    void text(request).then((body) => {
      const one = { url, headers, body }
      asked.push(one)
      answer(one, response)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo // it listens on TCP
  return {
    url: `http://127.0.0.1:${port}`,
    asked,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

/** What endpoints do that are no use, by name. */
export const FAULTS: Readonly<Record<string, (asked: Asked, response: ServerResponse) => void>> = {
  'hangs up': (_, response) => response.destroy(),
  'answers HTML': (_, response) => response.end('<html><body>Bad gateway</body></html>'),
  'answers another JSON': (_, response) => response.end('{"status":"ok"}'),
  'answers null': (_, response) => response.end('null'),
  'answers 500': (_, response) => response.writeHead(500).end('{"error":"internal"}'),
  'answers 404 in HTML': (_, response) => response.writeHead(404).end('<h1>not found</h1>'),
  'answers 404 in JSON': (_, response) => response.writeHead(404).end('{"message":"no route"}'),
  'answers 429': (_, response) => response.writeHead(429).end('{"error":"slow down"}'),
  redirects: (_, response) => response.writeHead(307, { location: 'http://127.0.0.1:1' }).end(),
  'sends without end': (_, response) => {
    const piece = Buffer.alloc(256 * 1024, ' ')
    const more = (): void => {
      while (!response.destroyed && response.write(piece));
    }
    response.on('drain', more).on('error', () => {})
    more()
  },
}
