/**
 * What a hostile client does to the others: a node process is attacked over HTTP while a bystander asks for `/health` every 20 ms. Prints, as JSON lines,
 * how long the bystander waited (`max` too) and what the attacker got: large bodies full of small values, one and four at once; fifty endless loops in
 * one batch; 600 connections that say nothing. Takes some two minutes, most of it in the batch; BATCH=0 leaves that out.
 */
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { shareContext, startCluster } from '../scripts/support/cluster.ts'
import { figure, value } from './support.ts'

const BODY_BYTES = 9_000_000
const IDLE_CONNECTIONS = 600
/** After this time idle connections count as kept for good, ms. */
const IDLE_WAIT_MS = 60_000

await using cluster = await startCluster()
const node = await cluster.node('a')
const { contextId } = await shareContext([node])
const url = node.process.ready.api

function call(method: string, argsJson: string): string {
  return `{"jsonrpc":"2.0","id":1,"method":"execute","params":{"contextId":"${contextId}","method":"${method}","argsJson":${argsJson}}}`
}

function list(element: string, count: number): string {
  return `[${Array(count).fill(element).join(',')}]`
}

/** The status of the answer; 0 when there was none. */
async function send(body: Buffer): Promise<number> {
  const headers = { 'content-type': 'application/json' }
  try {
    const answer = await fetch(`${url}/jsonrpc`, { method: 'POST', headers, body })
    await answer.arrayBuffer()
    return answer.status
  } catch {
    return 0
  }
}

/** Does something, and asks for `/health` until it is done. */
async function beside<T>(bench: string, attack: () => Promise<T>): Promise<T> {
  await fetch(`${url}/health`)
  const samples: number[] = []
  let failed = 0
  let isOver = false
  const start = performance.now()
  const running = attack().finally(() => (isOver = true))
  while (!isOver) {
    const asked = performance.now()
    try {
      await (await fetch(`${url}/health`)).arrayBuffer()
    } catch {
      failed++ // the connection it was kept on was closed meanwhile
    }
    samples.push(performance.now() - asked)
    await sleep(20)
  }
  const result = await running
  const seconds = (performance.now() - start) / 1000
  const answers = typeof result === 'object' ? JSON.stringify(result) : result
  const max = Math.max(...samples)
  figure(`hostile-http/health/${bench}`, samples, { max, failed, seconds, answers })
  return result
}

const bodies = {
  arrays: call('get', list('[]', BODY_BYTES / 3)),
  'arrays-and-a-fraction': call('get', `[1.0,${list('[]', BODY_BYTES / 3)}]`),
  'fractions-900k': call('get', list('1.50', 900_000)),
  text: call('get', JSON.stringify('x'.repeat(BODY_BYTES))),
}
await beside('nothing', () => sleep(2000))
for (const [name, text] of Object.entries(bodies)) {
  const body = Buffer.from(text)
  await beside(`${name}-x1`, () => send(body))
  await beside(`${name}-x4`, () => Promise.all([1, 2, 3, 4].map(() => send(body))))
}

if (process.env['BATCH'] !== '0') {
  const batch = Buffer.from(list(call('fail_loop', '{}'), 50))
  const signal = AbortSignal.timeout(60_000)
  const headers = { 'content-type': 'application/json' }
  await beside('endless-batch', async () => {
    try {
      const answer = await fetch(`${url}/jsonrpc`, { method: 'POST', headers, body: batch, signal })
      return ((await answer.json()) as unknown[]).length
    } catch {
      return 'none within 60 s'
    }
  })
}

const { hostname, port } = new URL(url)
const start = performance.now()
let open = 0
for (let i = 0; i < IDLE_CONNECTIONS; i++) {
  const socket = connect({ host: hostname, port: Number(port) })
  socket.on('error', () => {}) // being cut is what is waited for
  socket.on('connect', () => open++)
  socket.on('close', () => open--)
  socket.resume()
}
await sleep(1000)
while (open > 0 && performance.now() - start < IDLE_WAIT_MS) await sleep(50)
value('hostile-http/idle-connections', (performance.now() - start) / 1000, 's', {
  opened: IDLE_CONNECTIONS,
  left: open,
})
process.exit()
