/** The methods of NEAR's JSON-RPC, with named parameters and the old lists of them. */
import { z } from 'zod'
import type { Chain } from '../chain/chain.ts'
import {
  chunkHash,
  chunkHeaderView,
  headerView,
  statusAnswer,
  VALIDATOR,
  validatorsAnswer,
} from './blocks.ts'
import { changesAnswer, changesInBlock } from './changes.ts'
import { protocolConfig } from './config.ts'
import { CONTROLS } from './control.ts'
import { failure, methodNotFound, parseError } from './errors.ts'
import { query } from './query.ts'
import { blockById, blockIdSchema, blockOf, referenceSchema } from './reference.ts'
import {
  decodeSigned,
  lookupSchema,
  sendSchema,
  submit,
  transactionStatus,
  type WaitForBlocks,
} from './transactions.ts'
import { receiptView, transactionView } from './views.ts'

/** What answers a request. */
export interface MethodScope {
  readonly chain: Chain
  /** `host:port` where the chain listens. */
  readonly listen: string
  /** Waits for blocks, as long as the request does. */
  readonly wait: WaitForBlocks
}

type Method = (scope: MethodScope, params: unknown) => unknown

/** @throws RpcError */
export async function callMethod(
  scope: MethodScope,
  name: string,
  params: unknown,
): Promise<unknown> {
  scope.chain.check()
  const control = Object.hasOwn(CONTROLS, name) ? CONTROLS[name] : undefined
  if (control !== undefined) return control(scope.chain, params)
  const method = Object.hasOwn(METHODS, name) ? METHODS[name] : undefined
  if (method === undefined) throw methodNotFound(name)
  return method(scope, params)
}

/** A method that knows the names of its parameters, and which of them a list has, in order. */
function method<T>(
  schema: z.ZodType<T>,
  names: readonly string[],
  run: (scope: MethodScope, params: T) => unknown,
): Method {
  return (scope, params) => {
    const list = Array.isArray(params) ? (params as unknown[]) : undefined
    const pairs = list?.slice(0, names.length).map((value, i) => [names[i] ?? '', value] as const)
    const parsed = schema.safeParse(
      pairs === undefined ? (params ?? {}) : Object.fromEntries(pairs),
    )
    if (!parsed.success) throw parseError(`Failed parsing args: ${parsed.error.issues[0]?.message}`)
    return run(scope, parsed.data)
  }
}

const nothing = z.unknown()

const chunkSchema = z.object({
  chunk_id: z.union([z.string(), z.tuple([blockIdSchema, z.int()])]).optional(),
  block_id: blockIdSchema.optional(),
  shard_id: z.int().optional(),
})

const METHODS: Readonly<Record<string, Method>> = {
  status: method(nothing, [], ({ chain, listen }) => statusAnswer(chain, listen)),
  health: method(nothing, [], () => null),
  network_info: method(nothing, [], () => ({
    ...{ active_peers: [], num_active_peers: 0, peer_max_count: 0 },
    ...{ sent_bytes_per_sec: 0, received_bytes_per_sec: 0, known_producers: [] },
  })),
  block: method(
    z.union([referenceSchema, z.object({ block_id: blockIdSchema })]),
    ['block_id'],
    ({ chain }, reference) => {
      const block = blockOf(chain, reference)
      return {
        author: VALIDATOR,
        header: headerView(chain, block),
        chunks: [chunkHeaderView(block)],
      }
    },
  ),
  chunk: method(chunkSchema, ['chunk_id'], ({ chain }, params) => chunk(chain, params)),
  gas_price: method(
    z.object({ block_id: blockIdSchema.nullish() }),
    ['block_id'],
    ({ chain }, { block_id: id }) => {
      if (id !== undefined && id !== null) blockById(chain, id)
      return { gas_price: `${chain.parameters.gasPrice}` }
    },
  ),
  query: ({ chain }, params) => query(chain, params),
  send_tx: method(sendSchema, ['signed_tx_base64'], ({ chain, wait }, params) => {
    const transaction = decodeSigned(params.signed_tx_base64)
    submit(chain, transaction)
    const { hash } = transaction
    const { wait_until: waitUntil } = params
    if (waitUntil === 'NONE') return { final_execution_status: 'NONE' }
    return transactionStatus(chain, { hash, waitUntil, transaction }, wait)
  }),
  broadcast_tx_async: method(sendSchema, ['signed_tx_base64'], ({ chain }, params) => {
    const transaction = decodeSigned(params.signed_tx_base64)
    submit(chain, transaction)
    return transaction.hash
  }),
  broadcast_tx_commit: method(sendSchema, ['signed_tx_base64'], ({ chain, wait }, params) => {
    const transaction = decodeSigned(params.signed_tx_base64)
    submit(chain, transaction)
    const { hash } = transaction
    const waitUntil = 'EXECUTED_OPTIMISTIC'
    return transactionStatus(chain, { hash, waitUntil, transaction }, wait)
  }),
  tx: lookup(false),
  EXPERIMENTAL_tx_status: lookup(true),
  EXPERIMENTAL_receipt: method(
    z.object({ receipt_id: z.string() }),
    ['receipt_id'],
    ({ chain }, { receipt_id: id }) => {
      const receipt = chain.receipt(id)
      if (receipt !== undefined) return receiptView(receipt)
      const text = `Receipt with id ${id} has never been observed on this node`
      throw failure('UNKNOWN_RECEIPT', { receipt_id: id }, text)
    },
  ),
  EXPERIMENTAL_changes: ({ chain }, params) => changesAnswer(chain, params),
  EXPERIMENTAL_changes_in_block: ({ chain }, params) => changesInBlock(chain, params),
  validators: method(nothing, [], ({ chain }) => validatorsAnswer(chain)),
  EXPERIMENTAL_protocol_config: method(nothing, [], ({ chain }) => protocolConfig(chain)),
  EXPERIMENTAL_genesis_config: method(nothing, [], ({ chain }) => protocolConfig(chain)),
}

function lookup(withReceipts: boolean): Method {
  return method(lookupSchema, ['tx_hash', 'sender_account_id'], ({ chain, wait }, params) => {
    const { tx_hash: named, signed_tx_base64: signed, wait_until: waitUntil } = params
    const hash = named ?? (signed === undefined ? undefined : decodeSigned(signed).hash)
    if (hash === undefined) throw parseError('Failed parsing args: missing field `tx_hash`')
    return transactionStatus(chain, { hash, waitUntil, withReceipts }, wait)
  })
}

function chunk(chain: Chain, params: z.infer<typeof chunkSchema>): object {
  const { chunk_id: id, block_id: blockId } = params
  const block =
    typeof id === 'string' ? blockOfChunk(chain, id) : blockById(chain, id?.[0] ?? blockId ?? 0)
  return {
    author: VALIDATOR,
    header: chunkHeaderView(block),
    transactions: block.transactions.flatMap((hash) => {
      const entry = chain.transaction(hash)
      return entry === undefined ? [] : [transactionView(entry.transaction)]
    }),
    receipts: block.receipts.flatMap((receiptId) => {
      const receipt = chain.receipt(receiptId)
      return receipt === undefined ? [] : [receiptView(receipt)]
    }),
  }
}

function blockOfChunk({ blocks }: Chain, hash: string): ReturnType<typeof blockById> {
  const found = blocks.find((block) => chunkHash(block) === hash)
  if (found !== undefined) return found
  throw failure('UNKNOWN_CHUNK', { chunk_hash: hash }, `Chunk Missing (hash ${hash})`)
}
