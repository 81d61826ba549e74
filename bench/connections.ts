/**
 * What connections that say nothing, or as slowly as they can, do to calls: a node process is called 100 times a second, by itself and beside 1 000 idle connections, and beside 200
 * slow ones of each kind, which send a byte every 250 ms. Prints, as JSON lines, how long calls took. EACH_SECONDS=8 is how long each is measured.
 */
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { shareContext, startCluster } from '../scripts/support/cluster.ts'
import { figure } from './support.ts'

const SECONDS = Number(process.env['EACH_SECONDS'] ?? 8)
const CALL_EVERY_MS = 10
const DRIP_MS = 250
const HEADERS = 'host: 127.0.0.1\r\n'
const UPGRADE = `GET /ws HTTP/1.1\r\n${HEADERS}connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n`

/** What is said on a connection: at once, and then byte by byte. */
interface Kind {
  readonly count: number
  readonly first: string | Buffer
  readonly rest: string
}

const KINDS: Readonly<Record<string, Kind>> = {
  'idle-1000': { count: 1_000, first: '', rest: '' },
  'slow-headers-200': { count: 200, first: '', rest: `GET /health HTTP/1.1\r\n${HEADERS}x: ` },
  'slow-bodies-200': {
    count: 200,
    first: `POST /jsonrpc HTTP/1.1\r\n${HEADERS}content-type: application/json\r\ncontent-length: 9000\r\n\r\n`,
    rest: ' '.repeat(9_000),
  },
  'slow-handshakes-200': { count: 200, first: '', rest: UPGRADE },
  'slow-frames-200': {
    count: 200,
    first: Buffer.concat([
      Buffer.from(`${UPGRADE}\r\n`),
      // a text of a megabyte, masked by zeros
      Buffer.of(0x81, 0xff, 0, 0, 0, 0, 0, 0x0f, 0xff, 0xff, 0, 0, 0, 0),
    ]),
    rest: ' '.repeat(9_000),
  },
}

await using cluster = await startCluster()
const node = await cluster.node('a')
const { contextId } = await shareContext([node])
const { hostname, port } = new URL(node.process.ready.api)

/** Keeps so many connections of a kind, those that are closed replaced, until the signal fires. */
async function hold({ count, first, rest }: Kind, signal: AbortSignal): Promise<number> {
  let closed = 0
  const open = (): Socket => {
    const socket = connect({ host: hostname, port: Number(port) })
    socket.on('error', () => {}) // being cut is no news here
    socket.on('connect', () => first.length > 0 && socket.write(first))
    socket.resume()
    return socket
  }
  const sockets = Array.from({ length: count }, open)
  const said = sockets.map(() => 0)
  while (!signal.aborted) {
    for (const [at, socket] of sockets.entries()) {
      if (socket.destroyed) {
        closed++
        sockets[at] = open()
        said[at] = 0
      } else if (socket.readyState === 'open') {
        const next = said[at] ?? 0
        said[at] = next + 1
        if (rest !== '') socket.write(rest.charAt(next % rest.length))
      }
    }
    await sleep(DRIP_MS)
  }
  for (const socket of sockets) socket.destroy()
  return closed
}

async function calls(seconds: number): Promise<{ samples: number[]; failed: number }> {
  const samples: number[] = []
  let failed = 0
  const running: Promise<void>[] = []
  const start = performance.now()
  for (let turn = 0; turn * CALL_EVERY_MS < seconds * 1000; turn++) {
    const dueAt = start + turn * CALL_EVERY_MS
    await sleep(Math.max(0, dueAt - performance.now()))
    const call = node.client.rpc.execute({ contextId, method: 'get', args: { key: 'a' } })
    running.push(
      call.then(
        () => void samples.push(performance.now() - dueAt),
        () => void failed++,
      ),
    )
  }
  await Promise.all(running)
  return { samples, failed }
}

await calls(4) // caches and compilers get warm
for (const round of [1, 2]) {
  const alone = await calls(SECONDS)
  figure(`connections/none-${round}`, alone.samples, { failed: alone.failed })
  for (const [name, kind] of Object.entries(KINDS)) {
    const end = new AbortController()
    const holding = hold(kind, end.signal)
    await sleep(1_500)
    const { samples, failed } = await calls(SECONDS)
    end.abort()
    figure(`connections/${name}-${round}`, samples, { failed, closed: await holding })
    await sleep(500)
  }
}
process.exit()
