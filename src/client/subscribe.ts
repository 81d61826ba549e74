/** Changes of contexts as they happen, over a WebSocket that is opened again whenever it breaks. */
import { parseJson } from './json.ts'
import { ClientError } from './errors.ts'
import { type Http, refusal } from './http.ts'
import type { Bearer } from './tokens.ts'
import type { AppEvent, Failure, Lag, Mutation } from './types.ts'

/** Changes that came and were not taken yet. Beyond it the socket is closed until they are, and the rest is fetched from the node's log. */
export const MAX_QUEUED_CHANGES = 10_000

/** Between two attempts to connect: doubled from the first to the last, ms. */
export const RECONNECT_FIRST_MS = 100
/** Longest time between two attempts to connect, ms. */
export const RECONNECT_LAST_MS = 5_000

/** Close codes that another attempt would only meet again: policy violation, and a frame too big. */
const FINAL_CODES: ReadonlySet<number> = new Set([1008, 1009])

/** The token of a socket is not good any more: expired, or its key was revoked. */
const TOKEN_CODES: ReadonlySet<number> = new Set([4401, 4403])

/**
 * What a page can show of a subscription: it is being made, it stands and changes come, it broke and is being made again, or it is over for good.
 */
export type SubscriptionStatus = 'connecting' | 'connected' | 'disconnected' | 'closed'

/** What a subscription is made through. */
export interface SubscribeThrough {
  /** Of the node, without a slash at the end. */
  readonly url: string
  readonly bearer: Bearer
  readonly http: Http
}

export interface SubscribeOptions {
  readonly contextIds: readonly string[]
  /** First sequence number wanted: for all contexts, or by context id. @default only what comes from now on */
  readonly since?: number | Readonly<Record<string, number>>
  /** Ends the iteration without an error. */
  readonly signal?: AbortSignal
  /** Called with each new status, beginning with `connecting`. */
  readonly onStatus?: (status: SubscriptionStatus) => void
  /** Called each time the subscription stands: at first, and after every break. */
  readonly onSubscribed?: () => void
  /** Called when it no longer stands, and is made again. */
  readonly onDisconnected?: () => void
  /** Called when it stands again after that. */
  readonly onReconnected?: () => void
  /**
   * Called for a context of which nothing comes, or no more: it is not on this node (`ContextNotFound`), the token does not allow it (`PermissionDenied`), there are
   * too many (`RateLimited`). The others go on; it is asked for again when the subscription is made again.
   */
  readonly onRefused?: (contextId: string, reason: string) => void
  /** Called when something fails in one of the contexts and no caller is told. Only what fails while the subscription stands. */
  readonly onFailure?: (contextId: string, failure: Failure) => void
}

/**
 * Iterates over changes, oldest first, each context without gaps or repeats: after a break it goes on from the last change that was
 * taken. A `Lagged` says that the node's log no longer reached back far enough. Ends when the signal fires or the loop is left.
 * @throws CLIENT_SOCKET_CLOSED when the node refuses the subscription, or has none of the contexts; CLIENT_NOT_SIGNED_IN; CLIENT_PERMISSION_DENIED when it allows none
 */
export async function* subscribe(
  through: SubscribeThrough,
  options: SubscribeOptions,
): AsyncGenerator<Mutation | Lag, void, undefined> {
  const next = new Map<string, number>()
  const { since, contextIds, signal } = options
  for (const id of contextIds) {
    const first = typeof since === 'number' ? since : since?.[id]
    if (first !== undefined) next.set(id, first)
  }
  let pause = RECONNECT_FIRST_MS
  let wasSubscribed = false
  let status: SubscriptionStatus | undefined
  const tell = (next: SubscriptionStatus): void => {
    if (next !== status) options.onStatus?.(next)
    status = next
  }
  const onSubscribed = (): void => {
    tell('connected')
    options.onSubscribed?.()
    if (wasSubscribed) options.onReconnected?.()
    wasSubscribed = true
  }
  tell('connecting')
  try {
    while (!isAborted(signal)) {
      const given = { ...options, onSubscribed }
      const session = openSession(through.url, await through.bearer.current(), given, next)
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
      if (isAborted(signal)) continue
      tell('disconnected')
      if (session.wasSubscribed) options.onDisconnected?.()
      if (session.isOverfull) continue
      if (session.isUnwelcome) await checkToken(through.http)
      await sleep(pause, signal)
      pause = Math.min(pause * 2, RECONNECT_LAST_MS)
    }
  } finally {
    tell('closed')
  }
}

/**
 * Sockets do not say why they were refused. This does, and gets the next token when it was that.
 * @throws CLIENT_NOT_SIGNED_IN (unauthenticated)
 */
async function checkToken(http: Http): Promise<void> {
  let response: Response
  try {
    response = await http.send({ method: 'GET', path: '/auth/validate' })
  } catch (error) {
    // nobody is there: that is no word about the token
    if (error instanceof ClientError && error.code === 'CLIENT_UNREACHABLE') return
    throw error
  }
  if (response.status === 401 || response.status === 403) throw await refusal(response)
  await response.body?.cancel()
}

/** One life of a socket. */
interface Session {
  changes(): AsyncGenerator<Mutation | Lag, void, undefined>
  /** Closed because changes were not taken fast enough. */
  readonly isOverfull: boolean
  /** It never opened, or was closed for its token. */
  readonly isUnwelcome: boolean
  /** It stood once. */
  readonly wasSubscribed: boolean
  readonly failure: ClientError | undefined
  close(): void
}

function openSession(
  base: string,
  token: string | undefined,
  { contextIds, signal, onSubscribed, onFailure, onRefused }: SubscribeOptions,
  next: Map<string, number>,
): Session {
  const url = `${base.replace(/^http/, 'ws')}/ws`
  // pages cannot send headers with a socket
  const query = token === undefined ? '' : `?${new URLSearchParams({ token }).toString()}`
  const socket = new WebSocket(`${url}${query}`)
  const queue: (Mutation | Lag)[] = []
  let isOver = false
  let isOverfull = false
  let isUnwelcome = true
  let wasSubscribed = false
  /** Contexts of which something comes. */
  const watched = new Set(contextIds)
  let failure: ClientError | undefined
  let wake = (): void => {}

  const end = (): void => {
    isOver = true
    socket.close()
    wake()
  }
  /** One context less; with the last of them it is over. */
  const refuse = (id: string, reason: string): void => {
    if (!watched.delete(id)) return
    onRefused?.(id, reason)
    if (watched.size > 0) return
    failure =
      reason === 'PermissionDenied'
        ? new ClientError('CLIENT_PERMISSION_DENIED', 'denied', 'the token allows none of them', {
            url,
          })
        : new ClientError('CLIENT_SOCKET_CLOSED', 'missing', `nothing to watch: ${reason}`, { url })
    end()
  }
  signal?.addEventListener('abort', end, { once: true })
  socket.addEventListener('open', () => {
    isUnwelcome = false
    const failures = onFailure === undefined ? {} : { failures: true }
    const params = { contextIds, since: Object.fromEntries(next), ...failures }
    socket.send(JSON.stringify({ id: 1, method: 'subscribe', params }))
  })
  socket.addEventListener('close', ({ code, reason }) => {
    if (FINAL_CODES.has(code)) {
      const message = `the node closed the subscription: ${reason === '' ? code : reason}`
      failure = new ClientError('CLIENT_SOCKET_CLOSED', 'protocol', message, { url })
    }
    if (TOKEN_CODES.has(code)) isUnwelcome = true
    isOver = true
    wake()
  })
  socket.addEventListener('error', () => {}) // a close event follows
  socket.addEventListener('message', ({ data }) => {
    const frame = readFrame(data)
    if (frame === undefined) return
    if (frame.kind === 'refused') {
      failure = frame.isDenied
        ? new ClientError('CLIENT_PERMISSION_DENIED', 'denied', frame.message, { url })
        : new ClientError('CLIENT_SOCKET_CLOSED', 'input', frame.message, { url })
      end()
    } else if (frame.kind === 'subscribed') {
      // from here on a break loses nothing, even when no change came before it
      for (const [id, seq] of frame.seq) if (!next.has(id)) next.set(id, seq + 1)
      for (const [id, reason] of frame.refused) refuse(id, reason)
      if (isOver) return
      wasSubscribed = true
      onSubscribed?.()
    } else if (frame.kind === 'ended') {
      refuse(frame.contextId, frame.reason)
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
    get isUnwelcome() {
      return isUnwelcome
    },
    get wasSubscribed() {
      return wasSubscribed
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
  | {
      kind: 'subscribed'
      seq: readonly (readonly [string, number])[]
      refused: readonly (readonly [string, string])[]
    }
  | { kind: 'ended'; contextId: string; reason: string }
  | { kind: 'failure'; contextId: string; failure: Failure }
  | { kind: 'refused'; message: string; isDenied: boolean }

/** What a node sent; undefined for what this client does not know. */
function readFrame(data: unknown): Frame | undefined {
  if (typeof data !== 'string') return undefined
  const frame = JSON.parse(data) as {
    id?: unknown
    error?: { message?: string; type?: string; details?: { contextId?: unknown } }
    result?: WireResult
  } // the node is ours to trust; unknown shapes fall through below
  if (frame.error !== undefined) {
    const { message = 'the node refused to subscribe', type, details } = frame.error
    if (frame.id === null && typeof details?.contextId === 'string') {
      return { kind: 'ended', contextId: details.contextId, reason: type ?? 'InternalError' }
    }
    return { kind: 'refused', message, isDenied: type === 'PermissionDenied' }
  }
  const { result } = frame
  if (result === undefined) return undefined
  if (frame.id === 1) {
    return {
      kind: 'subscribed',
      seq: Object.entries(result.seq ?? {}) as [string, number][], // only answers have a map
      refused: Object.entries(result.reasons ?? {}),
    }
  }
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
  /** By the id of a context that is refused. */
  reasons?: Record<string, string>
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
    return parseJson(new TextDecoder('utf-8', { fatal: true }).decode(data))
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
