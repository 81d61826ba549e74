/** Connections that say nothing, or as slowly as they can. */
import { drip } from '../hostile-client.ts'
import type { ClientScenario } from '../scenario.ts'

/** Between two bytes, ms. */
const DRIP_MS = 250
const SLOW = 200

export const CONNECTION_SCENARIOS: readonly ClientScenario[] = [
  {
    name: 'connections-idle',
    standing: 'nobody',
    does: 'keeps 600 connections that say nothing',
    prepare: async (hostile) => (signal) => hostile.holding(600, signal, async () => {}),
  },
  {
    name: 'connections-all',
    standing: 'nobody',
    does: 'keeps as many connections as there may be and a hundred more, all of which say nothing',
    prepare: async (hostile) => (signal) => hostile.holding(1_124, signal, async () => {}),
  },
  {
    name: 'slow-headers',
    standing: 'nobody',
    does: `sends headers on ${SLOW} connections, one byte after the other`,
    prepare: async (hostile) => (signal) =>
      hostile.holding(SLOW, signal, (socket, isOver) =>
        drip(
          socket,
          hostile.head('GET', '/health', { 'x-more': 'x'.repeat(4_096) }),
          DRIP_MS,
          isOver,
        ),
      ),
  },
  {
    name: 'slow-bodies',
    standing: 'client',
    does: `sends a call on ${SLOW} connections, one byte of its body after the other`,
    prepare: async (hostile) => {
      const head = hostile.head('POST', '/jsonrpc', {
        'content-type': 'application/json',
        'content-length': 60_000,
      })
      return (signal) =>
        hostile.holding(SLOW, signal, async (socket, isOver) => {
          socket.write(`${head}\r\n`)
          await drip(socket, ' '.repeat(60_000), DRIP_MS, isOver)
        })
    },
  },
  {
    name: 'slow-handshakes',
    standing: 'client',
    does: `asks for a WebSocket on ${SLOW} connections, one byte after the other`,
    prepare: async (hostile) => (signal) =>
      hostile.holding(SLOW, signal, (socket, isOver) =>
        drip(socket, hostile.upgrade(), DRIP_MS, isOver),
      ),
  },
  {
    name: 'slow-frames',
    standing: 'client',
    does: `opens ${SLOW} WebSockets, and sends a frame of a megabyte on each, one byte after the other`,
    prepare: async (hostile) => (signal) =>
      hostile.holding(SLOW, signal, async (socket, isOver) => {
        socket.resume()
        socket.write(`${hostile.upgrade()}\r\n`)
        socket.write(Buffer.of(0x81, 0xff, 0, 0, 0, 0, 0, 0x0f, 0xff, 0xff, 0, 0, 0, 0))
        await drip(socket, ' '.repeat(0xfffff), DRIP_MS, isOver)
      }),
  },
]
