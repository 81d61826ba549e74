/**
 * What the guard costs a call, over HTTP: the node's server with and without sign-in, beside Express that verifies the same token by `jsonwebtoken` and
 * Express that asks nobody. Each is a process of its own and has its turn in each round, so that what else the machine does hits all alike.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { figure, value } from '../support.ts'
import type { Served, ServerKind } from './serve.ts'

const KINDS: readonly ServerKind[] = ['guard', 'no-guard', 'express-jsonwebtoken', 'express']
const ROUNDS = 20
const CONNECTIONS = 8

interface Competitor {
  readonly kind: ServerKind
  readonly child: ChildProcess
  readonly served: Served
  /** Of each call, ms. */
  readonly samples: number[]
  /** Of all its rounds, ms, and of its processor, µs. */
  ms: number
  cpuUs: number
}

async function start(kind: ServerKind, given: Served | undefined): Promise<Competitor> {
  const args = [kind, ...(given === undefined ? [] : [JSON.stringify(given)])]
  const child = fork(join(import.meta.dirname, 'serve.ts'), args)
  const [served] = (await once(child, 'message')) as [Served] // its first word
  return { kind, child, served, samples: [], ms: 0, cpuUs: 0 }
}

async function cpuUsOf(child: ChildProcess): Promise<number> {
  child.send('usage')
  const [{ cpuUs }] = (await once(child, 'message')) as [{ cpuUs: number }] // serve.ts says so
  return cpuUs
}

/** Makes calls over one connection, one after the other; the client does as little as it can, to leave the machine to the server. */
async function calls(socket: Socket, request: Buffer, times: number): Promise<number[]> {
  const samples: number[] = []
  for (let count = 0; count < times; count++) {
    const began = performance.now()
    socket.write(request)
    let got = ''
    for (let left = Infinity; left > 0;) {
      const [chunk] = (await once(socket, 'data')) as [string] // an encoding is set
      got += chunk
      const end = got.indexOf('\r\n\r\n')
      if (end < 0) continue
      const [, length = '0'] = /content-length: (\d+)/i.exec(got) ?? []
      left = end + 4 + Number(length) - got.length
    }
    samples.push(performance.now() - began)
    const isAnswer = got.startsWith('HTTP/1.1 200 ') && got.endsWith('"result":{"output":null}}')
    if (!isAnswer) throw new Error(`expected the answer to a call, got ${got}`)
  }
  return samples
}

async function play(competitor: Competitor, times: number): Promise<void> {
  const { child, served, samples } = competitor
  const { port, token, body } = served
  const request = Buffer.from(
    `POST /jsonrpc HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\nauthorization: Bearer ${token}\r\n` +
      `content-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
  )
  const sockets = Array.from({ length: CONNECTIONS }, () => connect(port, '127.0.0.1'))
  await Promise.all(sockets.map((socket) => once(socket.setEncoding('latin1'), 'connect')))
  const cpuBefore = await cpuUsOf(child)
  const began = performance.now()
  const each = sockets.map((socket) => calls(socket, request, times / CONNECTIONS))
  samples.push(...(await Promise.all(each)).flat())
  competitor.ms += performance.now() - began
  competitor.cpuUs += (await cpuUsOf(child)) - cpuBefore
  for (const socket of sockets) socket.destroy()
}

/** Prints a line for each server, and what the guard adds to a call. @param perServer calls */
export async function compareCalls(perServer: number): Promise<void> {
  const competitors: Competitor[] = []
  for (const kind of KINDS) competitors.push(await start(kind, competitors[0]?.served))
  const perRound = Math.ceil(perServer / ROUNDS / CONNECTIONS) * CONNECTIONS
  // compilers and caches get warm
  for (const competitor of competitors) await play(competitor, 3 * perRound)
  for (const competitor of competitors) {
    Object.assign(competitor, { ms: 0, cpuUs: 0 })
    competitor.samples.length = 0
  }
  for (let round = 0; round < ROUNDS; round++) {
    for (const competitor of competitors) await play(competitor, perRound)
  }
  const cpuUs: Partial<Record<ServerKind, number>> = {}
  for (const { kind, child, samples, ms, cpuUs: used } of competitors) {
    cpuUs[kind] = used / samples.length
    figure(`auth/calls/${kind}`, samples, {
      perSecond: Math.round((samples.length * 1000) / ms),
      cpuUs: Math.round(cpuUs[kind]),
    })
    child.disconnect()
  }
  const { guard = NaN, 'no-guard': open = NaN, express = NaN } = cpuUs
  const { 'express-jsonwebtoken': checked = NaN } = cpuUs
  value('auth/calls/cost-of-guard', guard - open, 'us')
  value('auth/calls/cost-of-jsonwebtoken', checked - express, 'us')
}
