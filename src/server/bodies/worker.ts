/** The thread that reads large JSON for the server. */
import { parentPort } from 'node:worker_threads'
import { toMerogateError } from '../../node/errors.ts'
import { fromUtf8 } from '../../node/primitives/bytes.ts'
import type { ServerErrorCode } from '../errors.ts'
import type { ReadReply, ReadRequest } from './messages.ts'
import { takeApart } from './take-apart.ts'

function isJson(bytes: Uint8Array): boolean {
  try {
    JSON.parse(fromUtf8(bytes))
    return true
  } catch {
    return false // whatever it is instead: its maker is told that it is no JSON
  }
}

function answer({ id, kind, bytes }: ReadRequest): ReadReply {
  if (kind === 'check') return { id, kind: 'checked', isJson: isJson(bytes) }
  try {
    return { id, kind: 'read', ...takeApart(bytes) }
  } catch (thrown) {
    const { code, kind: errorKind, message, details } = toMerogateError(thrown)
    // takeApart() throws nothing but errors of the server
    const failure = { code: code as ServerErrorCode, kind: errorKind, message, details }
    return { id, kind: 'failed', failure }
  }
}

parentPort?.on('message', (request: ReadRequest) => {
  const reply = answer(request)
  const buffers = reply.kind === 'read' ? reply.taken.map(({ bytes }) => bytes.buffer) : []
  parentPort?.postMessage(reply, buffers as ArrayBuffer[]) // utf8() makes each in memory of its own
})
