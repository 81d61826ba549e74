/**
 * An endpoint before another one that misbehaves on demand: it forwards what it is asked, unless a rule says otherwise. Everything it was
 * asked is kept, and can be waited for. What a question is, a {@link Language} says: plain requests, or calls of JSON-RPC.
 */
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A request as it came. */
export interface Request {
  /** `POST`. */
  readonly verb: string
  /** With its query. */
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: Uint8Array
}

/** What is sent back. */
export interface Reply {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array | string
}

/** One question; `method` is what rules name. */
export interface Question {
  readonly method: string
}

/** How questions are read, asked, and answered. */
export interface Language<Q extends Question, A> {
  read(request: Request): Q
  /** Asks the real endpoint. @throws its answer when that is an error which it should pass on, as `asReply` knows */
  forward(question: Q): Promise<A>
  reply(answer: A, request: Request): Reply
  /** The reply to pass on for what `forward` has thrown; undefined: the connection breaks. */
  asReply?(error: unknown, request: Request): Reply | undefined
}

/** What an endpoint may do instead of answering rightly. */
export type Fault<Q extends Question = Question, A = unknown> =
  /** Forwards, and says nothing: what was asked for happened. */
  | { readonly kind: 'drop' }
  /** Ends the connection at once. */
  | { readonly kind: 'refuse' }
  /** Never answers. */
  | { readonly kind: 'hang' }
  /** An answer that is none of the language's. */
  | {
      readonly kind: 'http'
      readonly status: number
      readonly body?: string
      readonly location?: string
    }
  /** More bytes than anybody should read. */
  | { readonly kind: 'oversized' }
  /** An answer of its own making; `forward` asks the real endpoint. */
  | {
      readonly kind: 'answer'
      readonly make: (asked: Q, forward: (asked: Q) => Promise<A>) => A | Promise<A>
    }

/** When a fault happens. The first rule that fits is the one. */
export interface FaultRule<Q extends Question, F> {
  /** @default every method */
  readonly method?: string
  /** Narrows it down. */
  readonly when?: (asked: Q) => boolean
  /** How often. @default always */
  readonly times?: number
  readonly fault: F
  /** Called before the fault happens, and waited for. */
  readonly before?: () => Promise<unknown> | void
}

export interface FaultyEndpoint<Q extends Question, F> extends AsyncDisposable {
  readonly url: string
  /** Everything it was asked. */
  readonly asked: readonly Q[]
  /** Sets the rules; none: it behaves. */
  rules(...rules: readonly FaultRule<Q, F>[]): void
  /** Resolves when a method was asked so many times, counted from the beginning. */
  seen(method: string, count?: number): Promise<void>
  /** How often a method was asked. */
  count(method: string): number
  /** Nothing listens any more, until `up`. */
  down(): Promise<void>
  up(): Promise<void>
}

interface Waiting {
  readonly method: string
  readonly count: number
  readonly resolve: () => void
}

/** Starts an endpoint that speaks a language. */
export async function startFaultyEndpoint<Q extends Question, A>(
  language: Language<Q, A>,
): Promise<FaultyEndpoint<Q, Fault<Q, A>>> {
  const asked: Q[] = []
  const waiting = new Set<Waiting>()
  let rules: { rule: FaultRule<Q, Fault<Q, A>>; left: number }[] = []

  const count = (method: string): number => asked.filter((each) => each.method === method).length
  const note = (one: Q): void => {
    asked.push(one)
    for (const each of waiting) {
      if (count(each.method) < each.count) continue
      waiting.delete(each)
      each.resolve()
    }
  }
  const answer = async (request: Request, response: ServerResponse): Promise<void> => {
    const one = language.read(request)
    const found = rules.find(
      ({ rule, left }) =>
        left > 0 && (rule.method ?? one.method) === one.method && (rule.when?.(one) ?? true),
    )
    if (found !== undefined) found.left--
    note(one)
    await found?.rule.before?.()
    const fault = found?.rule.fault
    const forward = (question: Q): Promise<A> => language.forward(question)
    const send = ({ status, headers, body }: Reply): void => {
      response.writeHead(status, headers)
      response.end(body)
    }
    try {
      if (fault === undefined) return send(language.reply(await forward(one), request))
      if (fault.kind === 'answer') {
        return send(language.reply(await fault.make(one, forward), request))
      }
      if (fault.kind === 'drop') await forward(one)
    } catch (error) {
      const reply = language.asReply?.(error, request)
      if (reply === undefined) throw error
      if (fault?.kind !== 'drop') return send(reply)
    }
    misbehave(fault, response)
  }

  const server = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      const { method: verb = 'GET', url: path = '/', headers } = request
      const body = new Uint8Array(Buffer.concat(parts))
      answer({ verb, path, headers, body }, response).catch(() => response.destroy())
    })
  })
  const port = await listen(server, 0)
  const down = async (): Promise<void> => {
    if (!server.listening) return
    const closed = new Promise<void>((resolve) => server.close(() => resolve()))
    server.closeAllConnections()
    await closed
  }
  return {
    url: `http://127.0.0.1:${port}`,
    asked,
    count,
    down,
    rules(...list) {
      rules = list.map((rule) => ({ rule, left: rule.times ?? Infinity }))
    },
    async seen(method, wanted = count(method) + 1) {
      if (count(method) >= wanted) return
      await new Promise<void>((resolve) => waiting.add({ method, count: wanted, resolve }))
    },
    async up() {
      await listen(server, port)
    },
    [Symbol.asyncDispose]: down,
  }
}

/** A request whose method is its verb and path. */
export interface HttpQuestion extends Question {
  readonly request: Request
}

/** Starts an endpoint before any server of HTTP. */
export function startFaultyHttp(
  target: string,
): Promise<FaultyEndpoint<HttpQuestion, Fault<HttpQuestion, Reply>>> {
  return startFaultyEndpoint<HttpQuestion, Reply>({
    read: (request) => ({ method: `${request.verb} ${request.path.split('?')[0]}`, request }),
    async forward({ request: { verb, path, headers, body } }) {
      const type = headers['content-type']
      const response = await fetch(new URL(path, target), {
        method: verb,
        headers: type === undefined ? {} : { 'content-type': type },
        ...(verb === 'GET' || verb === 'HEAD' ? {} : { body: Buffer.from(body) }),
      })
      const answered = response.headers.get('content-type')
      return {
        status: response.status,
        headers: answered === null ? {} : { 'content-type': answered },
        body: new Uint8Array(await response.arrayBuffer()),
      }
    },
    reply: (answer) => answer,
  })
}

async function listen(server: Server, port: number): Promise<number> {
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

/** Faults that are no answer of any language. */
function misbehave(fault: Fault<never, never> | undefined, response: ServerResponse): void {
  switch (fault?.kind) {
    case 'http':
      response.writeHead(
        fault.status,
        fault.location === undefined ? {} : { location: fault.location },
      )
      response.end(fault.body ?? '')
      return
    case 'oversized':
      response.write(`{"jsonrpc":"2.0","id":1,"result":"`)
      response.end('0'.repeat(9 * 1024 * 1024))
      return
    case 'hang':
      return
    default:
      response.destroy()
  }
}
