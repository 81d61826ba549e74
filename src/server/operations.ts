/**
 * What takes longer than a client should hold a connection open: an operation goes on by itself, and is asked for again by its id (docs/api.md).
 * The same idempotency key of the same caller is the same operation, until it fails, and comes with the same body. They are kept in memory, for a while
 * after their end, and of one caller so many that there is room for others.
 */
import type { Request, Response } from 'express'
import type { IntentInfo } from '../node/interface.ts'
import type { Clock, Random } from '../node/primitives/clock.ts'
import { equalBytes } from '../node/primitives/bytes.ts'
import { sha256 } from '../node/primitives/hash.ts'
import { encodeIntent } from './encode.ts'
import { serverError } from './errors.ts'
import {
  MAX_KEPT_OPERATIONS,
  MAX_OPERATIONS_PER_CALLER,
  MAX_REQUEST_ID_CHARS,
  MAX_WAIT_MS,
  OPERATION_KEPT_MS,
  OPERATION_SAMPLES,
  OPERATION_WAIT_MS,
} from './limits.ts'
import { uuidV7 } from './request.ts'

interface Operation {
  readonly id: string
  readonly keyId: string | undefined
  /** Method and template of its route. */
  readonly what: string
  readonly startedMs: number
  /** By the monotonic clock. */
  readonly fromMs: number
  readonly work: Promise<unknown>
  /** Hash of the body of its request. */
  readonly said: Uint8Array
  /** Somebody may ask for it again. */
  isAskedAgain: boolean
  isDone: boolean
}

export interface OperationsComponents {
  readonly clock: Clock
  readonly random: Random
  /** What the node goes on with, as far as a caller may see it. */
  readonly intents: (res: Response) => readonly IntentInfo[]
}

export class Operations {
  readonly #c: OperationsComponents
  readonly #byId = new Map<string, Operation>()
  readonly #byKey = new Map<string, Operation>()
  /** How long those of a route took lately, ms. */
  readonly #took = new Map<string, number[]>()

  constructor(components: OperationsComponents) {
    this.#c = components
  }

  /**
   * Answers a request with what its work resolves to; with 202 when that is not there within the time that the client wants to wait.
   * The body must have been read where a request has an idempotency key.
   * @throws what the work does; SERVER_KEY_REUSED (conflict); SERVER_TOO_MANY (limit), SERVER_BUSY (transport) when too many run
   */
  async answer(req: Request, res: Response, work: () => unknown): Promise<unknown> {
    const waitMs = preferredWaitOf(req.headers.prefer)
    const key = idempotencyKeyOf(req)
    if (waitMs === undefined && key === undefined) return work()
    const name = `${keyIdOf(res) ?? ''} ${req.method} ${req.originalUrl} ${key ?? ''}`
    const known = key === undefined ? undefined : this.#byKey.get(name)
    if (known !== undefined && !equalBytes(known.said, hashOfBody(req))) throw keyReused()
    const operation = known ?? this.#begin(req, res, work, key === undefined ? undefined : name)
    if (waitMs === undefined) return operation.work
    return this.#within(operation, res, waitMs)
  }

  /** Asks for one again. @throws SERVER_OPERATION_UNKNOWN (missing); what its work does */
  async ask(id: string, res: Response, waitMs: number): Promise<unknown> {
    const operation = this.#byId.get(id)
    if (operation === undefined || operation.keyId !== keyIdOf(res)) {
      const message =
        'there is no operation of this id: a node forgets them a while after their end, and when it is started anew. What it has begun for a context goes on; the same request joins it'
      throw serverError('SERVER_OPERATION_UNKNOWN', 'missing', message)
    }
    return this.#within(operation, res, waitMs)
  }

  #begin(req: Request, res: Response, work: () => unknown, name: string | undefined): Operation {
    const { clock, random } = this.#c
    this.#makeRoom(keyIdOf(res))
    const id = uuidV7(clock, random)
    const operation: Operation = {
      ...{ id, keyId: keyIdOf(res), what: whatOf(req) },
      ...{ startedMs: clock.nowMs(), fromMs: clock.monotonicMs() },
      ...{ work: Promise.resolve().then(work), said: hashOfBody(req) },
      isAskedAgain: name !== undefined,
      isDone: false,
    }
    this.#byId.set(id, operation)
    if (name !== undefined) this.#byKey.set(name, operation)
    operation.work
      .then(
        () => this.#note(operation),
        // told to whoever asks for it; whoever sends the request again wants it tried again
        () => name !== undefined && this.#byKey.delete(name),
      )
      .finally(() => {
        operation.isDone = true
        if (!operation.isAskedAgain) this.#forget(operation, name)
        else clock.after(OPERATION_KEPT_MS, () => this.#forget(operation, name))
      })
    return operation
  }

  async #within(operation: Operation, res: Response, waitMs: number): Promise<unknown> {
    if (operation.isDone) return operation.work
    const late = Promise.withResolvers<'late'>()
    if (waitMs === 0) late.resolve('late')
    const timer = this.#c.clock.after(waitMs, () => late.resolve('late'))
    try {
      const isLate = await Promise.race([operation.work.then(() => false), late.promise])
      if (isLate === false) return await operation.work
    } finally {
      timer.cancel()
    }
    operation.isAskedAgain = true
    res.status(202).set('location', `/admin-api/operations/${operation.id}`)
    return { data: this.#shown(operation, res) }
  }

  #shown({ id, what, startedMs }: Operation, res: Response): object {
    const intents = this.#c.intents(res).filter(({ sinceMs }) => sinceMs >= startedMs - 1)
    return {
      operation: id,
      what,
      sinceMs: startedMs,
      usuallyMs: this.#usuallyMs(what),
      intents: intents.map(encodeIntent),
    }
  }

  #usuallyMs(what: string): number | null {
    const took = [...(this.#took.get(what) ?? [])].sort((a, b) => a - b)
    return took[Math.floor(took.length / 2)] ?? null
  }

  #note({ what, fromMs }: Operation): void {
    const took = this.#took.get(what) ?? []
    took.push(Math.round(this.#c.clock.monotonicMs() - fromMs))
    this.#took.set(what, took.slice(-OPERATION_SAMPLES))
  }

  #forget({ id }: Operation, name: string | undefined): void {
    this.#byId.delete(id)
    // another one may go by it since this one failed
    if (name !== undefined && this.#byKey.get(name)?.id === id) this.#byKey.delete(name)
  }

  #makeRoom(keyId: string | undefined): void {
    const all = [...this.#byId.values()]
    const own = keyId === undefined ? [] : all.filter((operation) => operation.keyId === keyId)
    if (own.length >= MAX_OPERATIONS_PER_CALLER) {
      if (this.#forgetOldest(own)) return
      const message = 'too many operations of this key are under way: try again later'
      const details = { limit: MAX_OPERATIONS_PER_CALLER, retryAfterMs: OPERATION_WAIT_MS }
      throw serverError('SERVER_TOO_MANY', 'limit', message, details)
    }
    if (all.length < MAX_KEPT_OPERATIONS || this.#forgetOldest(all)) return
    const message = 'too many operations are under way: try again later'
    throw serverError('SERVER_BUSY', 'transport', message, { retryAfterMs: OPERATION_WAIT_MS })
  }

  /** Of those that are over; false when none is. */
  #forgetOldest(among: readonly Operation[]): boolean {
    const oldest = among.find(({ isDone }) => isDone)
    if (oldest === undefined) return false
    this.#forget(oldest, [...this.#byKey].find(([, operation]) => operation === oldest)?.[0])
    return true
  }
}

function keyIdOf(res: Response): string | undefined {
  const keyId: unknown = res.locals['keyId'] // the guard puts it there
  return typeof keyId === 'string' ? keyId : undefined
}

function hashOfBody({ body }: Request): Uint8Array {
  return sha256(body instanceof Uint8Array ? body : new Uint8Array())
}

function keyReused(): Error {
  const message =
    'another request had this Idempotency-Key, with another body: use a new one for what is new'
  return serverError('SERVER_KEY_REUSED', 'conflict', message)
}

function whatOf(req: Request): string {
  const route: unknown = req.route
  const path = typeof route === 'object' && route !== null && 'path' in route ? route.path : ''
  return `${req.method} ${String(path)}`
}

/** How long a client that takes 202 for an answer waits for a better one, ms (RFC 7240); undefined: it takes no 202. */
function preferredWaitOf(prefer: string | string[] | undefined): number | undefined {
  const text = String(prefer ?? '')
  if (!/(?:^|[,;\s])respond-async(?:$|[,;\s])/i.test(text)) return undefined
  const [, seconds] = /(?:^|[,;\s])wait=(\d{1,4})(?:$|[,;\s])/i.exec(text) ?? []
  return seconds === undefined ? OPERATION_WAIT_MS : Math.min(Number(seconds) * 1000, MAX_WAIT_MS)
}

/** @throws SERVER_BAD_REQUEST (input) */
function idempotencyKeyOf({ headers }: Request): string | undefined {
  const key = headers['idempotency-key']
  if (key === undefined) return undefined
  if (typeof key === 'string' && key.length <= MAX_REQUEST_ID_CHARS && /^[\x21-\x7e]+$/.test(key)) {
    return key
  }
  const message = `expected an Idempotency-Key of 1 to ${MAX_REQUEST_ID_CHARS} printable characters`
  throw serverError('SERVER_BAD_REQUEST', 'input', message)
}
