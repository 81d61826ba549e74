/** Lies of an Ethereum endpoint, each in each direction: rules for a {@link FaultyRpc} before a local chain. */
import { type Result, toQuantity } from 'ethers'
import { abiOf, hex } from '../../src/chains/ethereum/contracts/codec.ts'
import type { Signer } from '../../src/node/anchor/anchor.ts'
import { envelopeCodec } from '../../src/node/anchor/envelope.ts'
import { fromHex } from '../../src/node/primitives/bytes.ts'
import { lag } from './ethereum-rules.ts'
import type { Asked, FaultyRpc, Rule } from './faulty-rpc.ts'

/** Blocks and seconds that a lie is off by, and gwei of a price that nobody asks for. */
const FAR_BLOCKS = 1_000_000
const YEAR = 366 * 86_400
const PRICE = 500n * 1_000_000_000n

type Forward = (asked: Asked) => Promise<unknown>

function lie(
  method: string,
  make: (asked: Asked, forward: Forward) => unknown,
  when?: Rule['when'],
): Rule {
  return { method, fault: { kind: 'answer', make }, ...(when === undefined ? {} : { when }) }
}

/** A view of the context contract with its answer changed. */
function viewLie(view: string, change: (result: Result) => readonly unknown[]): Rule {
  const abi = abiOf('ContextAnchor')
  const selector = abi.getFunction(view)?.selector ?? ''
  return lie(
    'eth_call',
    async (asked, forward) => {
      const answer = String(await forward(asked))
      return abi.encodeFunctionResult(view, change(abi.decodeFunctionResult(view, answer)))
    },
    ({ params: [call] }) => String((call as { data?: unknown }).data).startsWith(selector),
  )
}

interface Shown {
  number: string
  timestamp: string
}

/** Every block is so many seconds from its time. */
export function timeLie(seconds: number): Rule[] {
  const shifted = async (asked: Asked, forward: Forward): Promise<unknown> => {
    const block = (await forward(asked)) as Shown | null
    return block && { ...block, timestamp: toQuantity(Number(block.timestamp) + seconds) }
  }
  return [lie('eth_getBlockByNumber', shifted)]
}

/** The chain is far longer than it is; what is asked of blocks that are not there is answered as of the newest. */
export function longLie(): Rule[] {
  const isFar = (at: unknown): boolean => Number(String(at)) > FAR_BLOCKS
  const far = (block: Shown | null): Shown | null =>
    block && { ...block, number: toQuantity(Number(block.number) + FAR_BLOCKS) }
  return [
    lie('eth_blockNumber', async (asked, forward) =>
      toQuantity(Number(String(await forward(asked))) + FAR_BLOCKS),
    ),
    lie('eth_getBlockByNumber', async (asked, forward) => {
      const [at] = asked.params
      const isTag = typeof at === 'string' && !at.startsWith('0x')
      const params = isFar(at) ? ['latest', false] : asked.params
      const block = (await forward({ ...asked, params })) as Shown | null
      return isTag || isFar(at) ? far(block) : block
    }),
    lie(
      'eth_call',
      ({ method, params: [call] }, forward) => forward({ method, params: [call, 'latest'] }),
      ({ params: [, at] }) => isFar(at),
    ),
    lie('eth_getLogs', () => []),
  ]
}

/** Who was removed is in, at a revision that no chain reaches; or nobody but the first is, at the first. */
export function memberLies(back: Signer): Readonly<Record<'up' | 'down', Rule[]>> {
  const list = ([revision, total, ids, records]: Result): [bigint, bigint, string[], unknown[]] => [
    revision as bigint, // the ABI says so of all four
    total as bigint,
    [...(ids as string[])],
    [...(records as unknown[])],
  ]
  return {
    up: [
      viewLie('members', (result) => {
        const [, total, ids, records] = list(result)
        return [1n << 63n, total + 1n, [...ids, hex(back.publicKey)], [...records, records[0]]]
      }),
    ],
    down: [
      viewLie('members', (result) => {
        const [, , ids, records] = list(result)
        return [1n, 1n, ids.slice(0, 1), records.slice(0, 1)]
      }),
    ],
  }
}

/** A member's next nonce is another. */
export function nonceLie(by: bigint): Rule[] {
  return [
    viewLie('member', ([record]) => {
      const { nonce, ...rest } = (record as Result).toObject() as { nonce: bigint }
      return [{ ...rest, nonce: nonce + by }]
    }),
  ]
}

/** Transactions are kept back and seem to be in a block; or those that are in one seem to have failed. */
export function receiptLies(
  hashOf: (raw: string) => string,
): Readonly<Record<'up' | 'down', Rule[]>> {
  const receipt = async (status: string, forward: Forward): Promise<unknown> => {
    const blockNumber = await forward({ method: 'eth_blockNumber', params: [] })
    return { blockNumber, status }
  }
  return {
    up: [
      lie('eth_sendRawTransaction', ({ params: [raw] }) => hashOf(String(raw))),
      lie('eth_getTransactionReceipt', (_asked, forward) => receipt('0x1', forward)),
    ],
    down: [lie('eth_getTransactionReceipt', (_asked, forward) => receipt('0x0', forward))],
  }
}

/** Everybody pays a fortune, or nothing. */
export function feeLies(): Readonly<Record<'up' | 'down', Rule[]>> {
  const history = (base: bigint, tip: bigint): Rule[] => [
    lie('eth_feeHistory', () => ({
      baseFeePerGas: [toQuantity(base), toQuantity(base)],
      reward: [[toQuantity(tip)]],
    })),
  ]
  return { up: history(1_000_000_000n, PRICE), down: history(1n, 0n) }
}

/** All lies, by what they are about. */
export function allLies(
  removed: Signer,
  hashOf: (raw: string) => string,
): Readonly<Record<string, readonly Rule[]>> {
  const [members, receipts, fees] = [memberLies(removed), receiptLies(hashOf), feeLies()]
  return {
    'the head, ahead': longLie(),
    'the head, behind': lag(2),
    'the time, ahead': timeLie(YEAR),
    'the time, behind': timeLie(-YEAR),
    'the nonce, ahead': nonceLie(2n),
    'the nonce, behind': nonceLie(-1n),
    'the members, ahead': members.up,
    'the members, behind': members.down,
    'the members and the head, ahead': [...members.up, ...longLie()],
    'receipts, of what is not there': receipts.up,
    'receipts, of what has not failed': receipts.down,
    'fees, high': fees.up,
    'fees, low': fees.down,
  }
}

/** Everything signed that an endpoint was shown: it may keep it. */
export function envelopesShown({ asked }: FaultyRpc): Uint8Array[] {
  const abi = abiOf('ContextAnchor')
  const found = new Map<string, Uint8Array>()
  for (const { params } of asked) {
    const [call] = params
    const data = typeof call === 'object' && call !== null && 'data' in call ? call.data : undefined
    if (typeof data !== 'string') continue
    const parsed = abi.parseTransaction({ data })
    if (parsed === null || !parsed.name.startsWith('submit')) continue
    const bytes = fromHex(String(parsed.args[0]).slice(2))
    envelopeCodec.decode(bytes)
    found.set(data, bytes)
  }
  return [...found.values()]
}
