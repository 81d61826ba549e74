/** The way of a JSON body into the server: room for it first, its turn if it is large, then its bytes, in time, then what they say. */
import express from 'express'
import type { Request, RequestHandler, Response } from 'express'
import { isMerogateError, toMerogateError } from '../../node/errors.ts'
import type { Clock } from '../../node/primitives/clock.ts'
import { fromHttpError, serverError } from '../errors.ts'
import { BODY_TIMEOUT_MS, MAX_SMALL_BODY_BYTES } from '../limits.ts'
import { isLoopback } from '../loopback.ts'
import type { BodyBudget } from './budget.ts'
import type { BodyPace } from './pace.ts'
import type { JsonReader } from './reader.ts'
import type { Sender } from './turns.ts'

export interface BodiesComponents {
  readonly reader: JsonReader
  readonly budget: BodyBudget
  readonly pace: BodyPace
  readonly clock: Clock
}

/** Puts into every request what {@link bodyReader} needs. */
export function bodies(components: BodiesComponents): RequestHandler {
  return (_req, res, next) => {
    res.locals['bodies'] = components
    next()
  }
}

/**
 * Reads the body of a request, at most `limit` bytes after decompression, and parses it as JSON. What it takes is given back when the request is answered.
 * @throws SERVER_TOO_MANY, SERVER_BUSY: no room, before anything is read; SERVER_BODY_SLOW (input), SERVER_BODY_TOO_LARGE (limit), SERVER_BAD_JSON (input)
 */
export function bodyReader(limit: number): (req: Request, res: Response) => Promise<unknown> {
  const parse = express.raw({ type: () => true, limit })
  return async (req, res) => {
    const { reader, budget, pace, clock } = res.locals['bodies'] as BodiesComponents // bodies() put it there
    const sender = senderOf(req, res)
    const announced = announcedBytes(req, limit)
    const late = Promise.withResolvers<never>()
    const timer = clock.after(BODY_TIMEOUT_MS, () => late.reject(tooSlow()))
    try {
      const full = takeRoom(req, res, budget, limit)
      const isSmall = announced !== undefined && announced <= MAX_SMALL_BODY_BYTES
      const waitMs = isSmall ? 0 : pace.pay(sender, announced ?? 0)
      if (waitMs > 0) await new Promise<void>((resolve) => void clock.after(waitMs, resolve))
      await Promise.race([receive(parse, req, res), full, late.promise])
      timer.cancel()
      const body: unknown = req.body
      if (body instanceof Uint8Array) {
        // of one that did not say how long it is, the next one pays
        if (announced === undefined && body.length > MAX_SMALL_BODY_BYTES) {
          pace.owe(sender, body.length)
        }
        return await reader.read(body, sender)
      }
      throw serverError('SERVER_BAD_JSON', 'input', 'expected JSON, got an empty body')
    } catch (error) {
      refuseRest(req, res, error)
      throw error
    } finally {
      timer.cancel()
    }
  }
}

/** Bytes that a body will have, when it says. */
function announcedBytes({ headers }: Request, limit: number): number | undefined {
  const { 'content-length': length, 'content-encoding': encoding = 'identity' } = headers
  return encoding === 'identity' && length !== undefined
    ? Math.min(Number(length), limit)
    : undefined
}

/** Who sent a request: programs of this machine, and whom a proxy on it does not name, share an address. */
function senderOf({ ip = '' }: Request, res: Response): Sender {
  const keyId: unknown = res.locals['keyId'] // the guard puts it there
  return {
    address: isLoopback(ip) ? undefined : ip,
    keyId: typeof keyId === 'string' ? keyId : undefined,
  }
}

/** What is left of the body is not read, so the connection cannot be used again. */
function refuseRest(req: Request, res: Response, error: unknown): void {
  if (!req.complete) res.setHeader('connection', 'close')
  const retryAfterMs = isMerogateError(error) ? error.details['retryAfterMs'] : undefined
  if (typeof retryAfterMs === 'number') {
    res.setHeader('retry-after', String(Math.ceil(retryAfterMs / 1000)))
  }
}

function receive(parse: RequestHandler, req: Request, res: Response): Promise<void> {
  return new Promise((resolve, reject) => {
    void parse(req, res, (error?: unknown) => {
      if (error === undefined) resolve()
      else reject(fromHttpError(error) ?? toMerogateError(error))
    })
  })
}

/** Takes what the body will need, or, where it does not say, what has come so far; the promise is rejected when there is no more. */
function takeRoom(req: Request, res: Response, budget: BodyBudget, limit: number): Promise<never> {
  const address = req.ip ?? ''
  const taken: (() => void)[] = []
  res.once('close', () => {
    for (const give of taken.splice(0)) give()
  })
  const take = (bytes: number, isFirst: boolean): void => {
    const size = isFirst && bytes <= MAX_SMALL_BODY_BYTES ? 'small' : 'large'
    taken.push(budget.take(address, bytes, size))
  }
  const full = Promise.withResolvers<never>()
  full.promise.catch(() => {}) // may come after the body was refused for another reason
  const { 'content-length': length, 'content-encoding': encoding = 'identity' } = req.headers
  if (encoding !== 'identity') take(limit, true)
  else if (length !== undefined) take(Math.min(Number(length), limit), true)
  else {
    let room = Math.min(MAX_SMALL_BODY_BYTES, limit)
    take(room, true)
    let got = 0
    req.on('data', (chunk: Buffer) => {
      got += chunk.length
      while (got > room && room < limit && !res.closed) {
        try {
          take(MAX_SMALL_BODY_BYTES, false)
          room += MAX_SMALL_BODY_BYTES
        } catch (error) {
          full.reject(error)
          return
        }
      }
    })
  }
  return full.promise
}

function tooSlow(): Error {
  const message = `expected the whole body within ${BODY_TIMEOUT_MS} ms`
  return serverError('SERVER_BODY_SLOW', 'input', message, { limitMs: BODY_TIMEOUT_MS })
}
