/** Rules of faulty endpoints in the language of Ethereum. */
import { Transaction } from 'ethers'
import { type Asked, ChainError, type FaultyRpc, type Rule } from './faulty-rpc.ts'

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
