/**
 * A JSON-RPC endpoint before a local chain that misbehaves on demand: it forwards what it is asked, unless a rule says otherwise. Everything
 * it was asked is kept, and can be waited for.
 */
import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Transaction } from 'ethers'

/** One question. */
export interface Asked {
  readonly method: string
  readonly params: readonly unknown[]
}

/** What an endpoint may do instead of answering rightly. */
export type Fault =
  /** Forwards, and says nothing: what was asked for happened. */
  | { readonly kind: 'drop' }
  /** Ends the connection at once. */
  | { readonly kind: 'refuse' }
  /** Never answers. */
  | { readonly kind: 'hang' }
  /** An answer that is none of JSON-RPC's. */
  | {
      readonly kind: 'http'
      readonly status: number
      readonly body?: string
      readonly location?: string
    }
  /** More bytes than anybody should read. */
  | { readonly kind: 'oversized' }
  /** An error in place of a result. */
  | {
      readonly kind: 'error'
      readonly code: number
      readonly message: string
      readonly data?: unknown
    }
  /** A result of its own making; `forward` asks the chain. */
  | {
      readonly kind: 'answer'
      readonly make: (asked: Asked, forward: (asked: Asked) => Promise<unknown>) => unknown
    }

/** When a fault happens. The first rule that fits is the one. */
export interface Rule {
  /** @default every method */
  readonly method?: string
  /** Narrows it down. */
  readonly when?: (asked: Asked) => boolean
  /** How often. @default always */
  readonly times?: number
  readonly fault: Fault
  /** Called before the fault happens, and waited for. */
  readonly before?: () => Promise<unknown> | void
}

export interface FaultyRpc extends AsyncDisposable {
  readonly url: string
  /** Everything it was asked. */
  readonly asked: readonly Asked[]
  /** Sets the rules; none: it behaves. */
  rules(...rules: readonly Rule[]): void
  /** Resolves when a method was asked so many times, counted from the beginning. */
  seen(method: string, count?: number): Promise<void>
  /** How often a method was asked. */
  count(method: string): number
  /** Nothing listens any more, until `up`. */
  down(): Promise<void>
  up(): Promise<void>
}

/** A JSON-RPC error that came from the chain itself. */
class ChainError extends Error {
  readonly error: unknown

  constructor(error: unknown) {
    super('the chain answered with an error')
    this.error = error
  }
}

interface Waiting {
  readonly method: string
  readonly count: number
  readonly resolve: () => void
}

/** Starts an endpoint before the one at `target`. */
export async function startFaultyRpc(target: string): Promise<FaultyRpc> {
  const asked: Asked[] = []
  const waiting = new Set<Waiting>()
  let rules: { rule: Rule; left: number }[] = []

  const count = (method: string): number => asked.filter((each) => each.method === method).length
  const note = (one: Asked): void => {
    asked.push(one)
    for (const each of waiting) {
      if (count(each.method) < each.count) continue
      waiting.delete(each)
      each.resolve()
    }
  }
  const forward = async ({ method, params }: Asked): Promise<unknown> => {
    const response = await fetch(target, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
    })
    const answer = (await response.json()) as { result?: unknown; error?: unknown }
    if (answer.error !== undefined) throw new ChainError(answer.error)
    return answer.result
  }
  const answer = async (one: Asked, id: unknown, response: ServerResponse): Promise<void> => {
    const found = rules.find(
      ({ rule, left }) =>
        left > 0 && (rule.method ?? one.method) === one.method && (rule.when?.(one) ?? true),
    )
    if (found !== undefined) found.left--
    note(one)
    await found?.rule.before?.()
    const send = (value: object): void => {
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify({ jsonrpc: '2.0', id, ...value }))
    }
    const fault = found?.rule.fault
    try {
      if (fault === undefined) return send({ result: await forward(one) })
      if (fault.kind === 'answer') return send({ result: await fault.make(one, forward) })
      if (fault.kind === 'drop') await forward(one)
    } catch (error) {
      if (error instanceof ChainError && fault?.kind !== 'drop') return send({ error: error.error })
      if (!(error instanceof ChainError)) throw error
    }
    if (fault?.kind === 'error') {
      const { code, message, data } = fault
      return send({ error: { code, message, ...(data === undefined ? {} : { data }) } })
    }
    misbehave(fault, response)
  }

  const server = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      const { id, method, params } = JSON.parse(Buffer.concat(parts).toString()) as Asked & {
        id: unknown
      }
      answer({ method, params }, id, response).catch(() => response.destroy())
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

async function listen(server: Server, port: number): Promise<number> {
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

/** Faults that are no answer of JSON-RPC. */
function misbehave(fault: Fault | undefined, response: ServerResponse): void {
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

/** Every transaction that an endpoint was given. */
export function transactionsOf({ asked }: FaultyRpc): Transaction[] {
  return asked
    .filter(({ method }) => method === 'eth_sendRawTransaction')
    .map(({ params: [raw] }) => Transaction.from(String(raw)))
}

/** Swallows transactions: they seem taken, and are forgotten. */
export function swallow(times: number, hashOf: (raw: string) => string): Rule {
  const make = ({ params: [raw] }: Asked): unknown => hashOf(String(raw))
  return { method: 'eth_sendRawTransaction', times, fault: { kind: 'answer', make } }
}

/** The chain as it was so many blocks ago. */
export function lag(blocks: number): Rule[] {
  const number = (value: unknown): number => Number(String(value))
  const rule = (
    method: string,
    make: (asked: Asked, head: number, forward: (asked: Asked) => Promise<unknown>) => unknown,
  ): Rule => ({
    method,
    fault: {
      kind: 'answer',
      make: async (asked, forward) => {
        const head = number(await forward({ method: 'eth_blockNumber', params: [] })) - blocks
        return make(asked, Math.max(0, head), forward)
      },
    },
  })
  const isTag = (at: unknown): boolean => typeof at === 'string' && !at.startsWith('0x')
  const hex = (value: number): string => `0x${value.toString(16)}`
  const missing = new ChainError({ code: -32000, message: 'header not found' })
  const state = (method: string, place: number): Rule =>
    rule(method, async (asked, head, forward) => {
      const at = asked.params[place] ?? 'latest'
      const params = [...asked.params]
      if (isTag(at)) params[place] = hex(head)
      else {
        const hash =
          typeof at === 'object' && at !== null && 'blockHash' in at ? at.blockHash : undefined
        const block =
          hash === undefined
            ? { number: at }
            : ((await forward({ method: 'eth_getBlockByHash', params: [hash, false] })) as {
                number: unknown
              } | null)
        if (block === null || number(block.number) > head) throw missing
      }
      return forward({ method, params })
    })
  return [
    rule('eth_blockNumber', (_asked, head) => hex(head)),
    rule('eth_getBlockByNumber', (asked, head, forward) => {
      const [at] = asked.params
      if (!isTag(at) && number(at) > head) return null
      return forward({ ...asked, params: [isTag(at) ? hex(head) : at, false] })
    }),
    rule('eth_getTransactionReceipt', async (asked, head, forward) => {
      const receipt = (await forward(asked)) as { blockNumber: unknown } | null
      return receipt !== null && number(receipt.blockNumber) > head ? null : receipt
    }),
    rule('eth_getLogs', (asked, head, forward) => {
      const [filter] = asked.params as [{ toBlock: string }]
      const toBlock = hex(Math.min(number(filter.toBlock), head))
      return forward({ ...asked, params: [{ ...filter, toBlock }] })
    }),
    state('eth_call', 1),
    state('eth_getCode', 1),
    state('eth_getTransactionCount', 1),
  ]
}
