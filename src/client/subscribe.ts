/** Changes of contexts as they happen, over a WebSocket that is opened again whenever it breaks. */
import { ClientError } from './errors.ts'
import type { AppEvent, Failure, Lag, Mutation } from './types.ts'

/** Changes that came and were not taken yet. Beyond it the socket is closed until they are, and the rest is fetched from the node's log. */
export const MAX_QUEUED_CHANGES = 10_000

/** Between two attempts to connect: doubled from the first to the last, ms. */
export const RECONNECT_FIRST_MS = 100
export const RECONNECT_LAST_MS = 5_000

/** Close codes that another attempt would only meet again: policy violation, and a frame too big. */
const FINAL_CODES: ReadonlySet<number> = new Set([1008, 1009])

export interface SubscribeOptions {
  readonly contextIds: readonly string[]
  /** First sequence number wanted: for all contexts, or by context id. @default only what comes from now on */
  readonly since?: number | Readonly<Record<string, number>>
  /** Ends the iteration without an error. */
  readonly signal?: AbortSignal
  /** Called each time the subscription stands: at first, and after every break. */
  readonly onSubscribed?: () => void
  /** Called when something fails in one of the contexts and no caller is told. Only what fails while the subscription stands. */
  readonly onFailure?: (contextId: string, failure: Failure) => void
}

/**
 * Iterates over changes, oldest first, each context without gaps or repeats: after a break it goes on from the last change that was
 * taken. A `Lagged` says that the node's log no longer reached back far enough. Ends when the signal fires or the loop is left.
 * @throws CLIENT_SOCKET_CLOSED when the node refuses the subscription
 */
export async function* subscribe(
  base: string,
  token: string | undefined,
  options: SubscribeOptions,
): AsyncGenerator<Mutation | Lag, void, undefined> {
  const next = new Map<string, number>()
  const { since, contextIds, signal } = options
  for (const id of contextIds) {
    const first = typeof since === 'number' ? since : since?.[id]
    if (first !== undefined) next.set(id, first)
  }
  let pause = RECONNECT_FIRST_MS
  while (!isAborted(signal)) {
    const session = openSession(base, token, options, next)
    try {
      for await (const change of session.changes()) {
        if (change.type === 'StateMutation') {
          if (change.seq < (next.get(change.contextId) ?? 0)) continue
          next.set(change.contextId, change.seq + 1)
        }
        pause = RECONNECT_FIRST_MS
        yield change
      }
    } finally {
      session.close()
    }
    if (session.failure !== undefined) throw session.failure
    if (isAborted(signal) || session.isOverfull) continue
    await sleep(pause, signal)
    pause = Math.min(pause * 2, RECONNECT_LAST_MS)
  }
}

/** One life of a socket. */
interface Session {
  changes(): AsyncGenerator<Mutation | Lag, void, undefined>
  /** Closed because changes were not taken fast enough. */
  readonly isOverfull: boolean
  readonly failure: ClientError | undefined
  close(): void
}

function openSession(
  base: string,
  token: string | undefined,
  { contextIds, signal, onSubscribed, onFailure }: SubscribeOptions,
  next: Map<string, number>,
): Session {
  const url = `${base.replace(/^http/, 'ws')}/ws`
  const socket = token === undefined ? new WebSocket(url) : new WebSocket(url, [`bearer.${token}`])
  const queue: (Mutation | Lag)[] = []
  let isOver = false
  let isOverfull = false
  let failure: ClientError | undefined
  let wake = (): void => {}

  const end = (): void => {
    isOver = true
    socket.close()
    wake()
  }
  signal?.addEventListener('abort', end, { once: true })
  socket.addEventListener('open', () => {
    const failures = onFailure === undefined ? {} : { failures: true }
    const params = { contextIds, since: Object.fromEntries(next), ...failures }
    socket.send(JSON.stringify({ id: 1, method: 'subscribe', params }))
  })
  socket.addEventListener('close', ({ code, reason }) => {
    if (FINAL_CODES.has(code)) {
      const message = `the node closed the subscription: ${reason === '' ? code : reason}`
      failure = new ClientError('CLIENT_SOCKET_CLOSED', 'protocol', message, { url })
    }
    isOver = true
    wake()
  })
  socket.addEventListener('error', () => {}) // a close event follows
  socket.addEventListener('message', ({ data }) => {
    const frame = readFrame(data)
    if (frame === undefined) return
    if (frame.kind === 'refused') {
      failure = new ClientError('CLIENT_SOCKET_CLOSED', 'input', frame.message, { url })
      end()
    } else if (frame.kind === 'subscribed') {
      // from here on a break loses nothing, even when no change came before it
      for (const [id, seq] of frame.seq) if (!next.has(id)) next.set(id, seq + 1)
      onSubscribed?.()
    } else if (frame.kind === 'failure') {
      onFailure?.(frame.contextId, frame.failure)
    } else {
      const { change } = frame
      // one that overtakes the answer to subscribe must not count as seen
      if (change.type === 'StateMutation' && !next.has(change.contextId)) {
        next.set(change.contextId, change.seq)
      }
      queue.push(change)
      if (queue.length >= MAX_QUEUED_CHANGES) {
        isOverfull = true
        end()
      }
      wake()
    }
  })
  return {
    async *changes() {
      for (;;) {
        const change = queue.shift()
        if (change !== undefined) yield change
        else if (isOver) return
        else await new Promise<void>((resolve) => (wake = resolve))
        if (signal?.aborted === true) return
      }
    },
    get isOverfull() {
      return isOverfull
    },
    get failure() {
      return failure
    },
    close() {
      signal?.removeEventListener('abort', end)
      end()
    },
  }
}

type Frame =
  | { kind: 'change'; change: Mutation | Lag }
  | { kind: 'subscribed'; seq: readonly (readonly [string, number])[] }
  | { kind: 'failure'; contextId: string; failure: Failure }
  | { kind: 'refused'; message: string }

/** What a node sent; undefined for what this client does not know. */
function readFrame(data: unknown): Frame | undefined {
  if (typeof data !== 'string') return undefined
  const frame = JSON.parse(data) as {
    id?: unknown
    error?: { message?: string }
    result?: WireResult
  } // the node is ours to trust; unknown shapes fall through below
  if (frame.error !== undefined) {
    return { kind: 'refused', message: frame.error.message ?? 'the node refused to subscribe' }
  }
  const { result } = frame
  if (result === undefined) return undefined
  if (frame.id === 1)
    return { kind: 'subscribed', seq: Object.entries(result.seq ?? {}) as [string, number][] } // only answers have a map
  if (result.type === 'Lagged') {
    const skipped = Number(result.data?.skipped ?? 0)
    return {
      kind: 'change',
      change: { type: 'Lagged', contextId: result.contextId ?? '', skipped },
    }
  }
  if (result.type === 'Failure') {
    const failure = result.data as unknown as Failure // documented shape
    return { kind: 'failure', contextId: result.contextId ?? '', failure }
  }
  if (result.type === 'StateMutation') return { kind: 'change', change: toMutation(result) }
  return undefined
}

interface WireResult {
  contextId?: string
  type?: string
  seq?: unknown
  author?: string
  delta?: string
  data?: {
    newRoot?: string
    skipped?: number
    events?: { kind: string; data: number[]; handler: string | null }[]
  }
}

function toMutation(result: WireResult): Mutation {
  return {
    type: 'StateMutation',
    contextId: result.contextId ?? '',
    seq: Number(result.seq),
    newRoot: result.data?.newRoot ?? '',
    author: result.author ?? '',
    delta: result.delta ?? '',
    events: (result.data?.events ?? []).map(toAppEvent),
  }
}

function toAppEvent(event: { kind: string; data: number[]; handler: string | null }): AppEvent {
  const data = Uint8Array.from(event.data)
  return { kind: event.kind, data, json: jsonOf(data), handler: event.handler }
}

function jsonOf(data: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(data))
  } catch {
    return undefined // opaque bytes are fine too
  }
}

// a function, for the compiler believes that a signal it has seen stays as it was
function isAborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true
}

/** Waits; ends at once when the signal fires. */
function sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    signal?.addEventListener('abort', done)
  })
}
