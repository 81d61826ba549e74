/** A chain's thread as seen from outside of it; from inside, `thread-server.ts`. */
import { Worker } from 'node:worker_threads'
import { devnetError } from './errors.ts'

/** JavaScript's heap of the chain, MiB; the memory of contracts is beside it, and the protocol bounds that. */
const MAX_HEAP_MB = 1024
/** Stack of the thread, MiB: contracts reach the protocol's bound before they reach this one. */
const STACK_MB = 16

/** Everything that a thread is started with; each chain adds its own. */
export interface ThreadStart {
  readonly host: string
  readonly port: number
}

export type ThreadRequest =
  | {
      readonly type: 'call'
      readonly id: number
      readonly method: string
      readonly params: unknown
    }
  | { readonly type: 'close' }

export type ThreadReply =
  | { readonly type: 'listening'; readonly port: number }
  | { readonly type: 'failed'; readonly message: string }
  | { readonly type: 'result'; readonly id: number; readonly result: unknown }
  | { readonly type: 'error'; readonly id: number; readonly error: object }

export interface ChainThread {
  readonly port: number
  call(method: string, params: unknown): Promise<unknown>
  /** Ends the thread, and the server in it. Safe to repeat. */
  close(): Promise<void>
}

interface Waiting {
  readonly method: string
  readonly resolve: (result: unknown) => void
  readonly reject: (error: Error) => void
}

/** `beside`: `import.meta.url` of a module next to the chain's `worker.ts`. @throws DEVNET_LISTEN (input) */
export async function startThread(beside: string, start: ThreadStart): Promise<ChainThread> {
  const file = beside.endsWith('.ts') ? './worker.ts' : './worker.js'
  const worker = new Worker(new URL(file, beside), {
    workerData: start,
    resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MB, stackSizeMb: STACK_MB },
  })
  const waiting = new Map<number, Waiting>()
  const listening = Promise.withResolvers<number>()
  const exited = Promise.withResolvers<void>()
  worker.on('message', (reply: ThreadReply) => {
    if (reply.type === 'listening') listening.resolve(reply.port)
    else if (reply.type === 'failed') listening.reject(cannotListen(start, reply.message))
    else {
      const call = waiting.get(reply.id)
      waiting.delete(reply.id)
      if (reply.type === 'result') call?.resolve(reply.result)
      else call?.reject(requestFailed(call.method, reply.error))
    }
  })
  const end = (message: string): void => {
    const error = devnetError('DEVNET_STOPPED', message)
    listening.reject(error)
    for (const { reject } of waiting.values()) reject(error)
    waiting.clear()
    exited.resolve()
  }
  worker.on('error', (error: Error) => end(`the chain's thread ended: ${error.message}`))
  worker.on('exit', () => end('the chain was stopped'))
  let isClosed = false
  const post = (request: ThreadRequest): void => worker.postMessage(request)
  const close = async (): Promise<void> => {
    if (!isClosed) post({ type: 'close' })
    isClosed = true
    await exited.promise
  }
  let port: number
  try {
    port = await listening.promise
  } catch (error) {
    await worker.terminate()
    throw error
  }
  let next = 0
  return {
    port,
    call(method, params) {
      if (isClosed) return Promise.reject(devnetError('DEVNET_STOPPED', 'the chain was stopped'))
      const { promise, resolve, reject } = Promise.withResolvers<unknown>()
      const id = next++
      waiting.set(id, { method, resolve, reject })
      post({ type: 'call', id, method, params })
      return promise
    },
    close,
  }
}

function cannotListen({ host, port }: ThreadStart, reason: string): Error {
  const message = `cannot listen on ${host}:${port}: ${reason}`
  return devnetError('DEVNET_LISTEN', message, { host, port })
}

function requestFailed(method: string, error: object): Error {
  return devnetError('DEVNET_REQUEST', `${method}: ${JSON.stringify(error)}`, { method, error })
}
