/** What a chain's thread does with what comes from outside of it. */
import { parentPort, workerData } from 'node:worker_threads'
import type { ThreadReply, ThreadRequest } from './thread.ts'

/** The server of a chain, as its thread knows it. */
export interface ThreadServer {
  readonly port: number
  /** A request past the network. */
  answer(method: string, params: unknown, signal: AbortSignal): Promise<ThreadAnswer>
  close(): Promise<void>
}

export type ThreadAnswer = { readonly result: unknown } | { readonly error: object }

/** Runs a chain in this thread until it is told to close; `run` gets what the thread was started with. */
export async function serveThread<T>(run: (start: T) => Promise<ThreadServer>): Promise<void> {
  const post = (reply: ThreadReply): void => parentPort?.postMessage(reply)
  try {
    const server = await run(workerData as T) // what startThread was given
    const closing = new AbortController()
    parentPort?.on('message', (request: ThreadRequest) => {
      if (request.type === 'close') {
        closing.abort()
        void server.close().then(() => parentPort?.close())
        return
      }
      const { id, method, params } = request
      void server.answer(method, params, closing.signal).then((answer) => {
        if ('result' in answer) post({ type: 'result', id, result: answer.result })
        else post({ type: 'error', id, error: answer.error })
      })
    })
    post({ type: 'listening', port: server.port })
  } catch (error) {
    post({ type: 'failed', message: error instanceof Error ? error.message : String(error) })
  }
}
