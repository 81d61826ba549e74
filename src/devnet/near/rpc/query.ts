/** `query`: accounts, keys, code, data and views, from the state of the block that is asked for. */
import { z } from 'zod'
import { EMPTY, fromBase58, fromHex, toBase58 } from '../../../node/primitives/bytes.ts'
import type { Chain } from '../chain/chain.ts'
import { knownKeyBytes } from '../codec/keys.ts'
import { codeBytes, type StateView } from '../state.ts'
import type { Account, Block, GlobalCodeId } from '../types.ts'
import type { CallOutcome } from '../vm/context.ts'
import { noCode } from '../vm/errors.ts'
import { runCall } from '../vm/run.ts'
import { NO_KEY } from './blocks.ts'
import { failure, parseError } from './errors.ts'
import { blockOf, referenceSchema, stateOf } from './reference.ts'
import { accessKeyView, accountView, base64, fromBase64 } from './views.ts'

const account = { account_id: z.string() }
const querySchema = z.discriminatedUnion('request_type', [
  z.object({ request_type: z.literal('view_account'), ...account }),
  z.object({ request_type: z.literal('view_access_key'), ...account, public_key: z.string() }),
  z.object({ request_type: z.literal('view_access_key_list'), ...account }),
  z.object({ request_type: z.literal('view_code'), ...account }),
  z.object({
    ...{ request_type: z.literal('view_state'), ...account },
    prefix_base64: z.string().default(''),
  }),
  z.object({
    ...{ request_type: z.literal('call_function'), ...account, method_name: z.string() },
    args_base64: z.string().default(''),
  }),
  z.object({ request_type: z.literal('view_global_contract_code'), code_hash: z.string() }),
  z.object({
    request_type: z.literal('view_global_contract_code_by_account_id'),
    ...account,
  }),
])

type Query = z.infer<typeof querySchema>

/** State of an account above this is not listed: a node's default. */
const MAX_VIEWED_BYTES = 50_000n

/** What all answers say: the block that they are about. */
interface At {
  readonly block_height: number
  readonly block_hash: string
}

/** @throws RpcError */
export function query(chain: Chain, params: unknown): object {
  const named = Array.isArray(params) ? fromPath(params) : params
  const parsed = querySchema.safeParse(named)
  const reference = referenceSchema.safeParse(named)
  if (!parsed.success) throw parseError(`Failed parsing args: ${parsed.error.issues[0]?.message}`)
  if (!reference.success) throw parseError('Failed parsing args: no such block reference')
  const block = blockOf(chain, reference.data)
  const state = stateOf(chain, block)
  const at = { block_height: block.height, block_hash: block.hash }
  const { data } = parsed
  if (data.request_type === 'view_global_contract_code') {
    const { code_hash: text } = data
    const hash = /^[0-9a-f]{64}$/.test(text) ? fromHex(text) : fromBase58(text)
    return { ...at, ...globalCodeView(state, { hash }, at) }
  }
  if (data.request_type === 'view_global_contract_code_by_account_id') {
    return { ...at, ...globalCodeView(state, { accountId: data.account_id }, at) }
  }
  const found = state.account(data.account_id)
  if (found !== undefined) return { ...at, ...viewAccount(chain, block, state, found, data) }
  throw failure(
    'UNKNOWN_ACCOUNT',
    { requested_account_id: data.account_id, ...at },
    `account ${data.account_id} does not exist while viewing`,
  )
}

/** The old form: `["account/alice", ""]`. */
function fromPath(params: readonly unknown[]): object {
  const [path, data] = z
    .tuple([z.string(), z.string().default('')])
    .catch(['', ''])
    .parse(params)
  const [kind, account_id, name] = path.split('/')
  switch (kind) {
    case 'account':
      return { request_type: 'view_account', account_id }
    case 'access_key':
      return name === undefined
        ? { request_type: 'view_access_key_list', account_id }
        : { request_type: 'view_access_key', account_id, public_key: name }
    case 'contract':
      return { request_type: 'view_state', account_id }
    case 'call': {
      const args_base64 = base64(data === '' ? EMPTY : fromBase58(data))
      return { request_type: 'call_function', account_id, method_name: name, args_base64 }
    }
    default:
      throw parseError(`Failed parsing args: no such query path: ${path}`)
  }
}

function globalCodeView(state: StateView, id: GlobalCodeId, at: At): object {
  const code = state.globalCode(id)
  if (code !== undefined) {
    return { code_base64: base64(code.bytes), hash: toBase58(fromHex(code.hash)) }
  }
  const identifier = 'hash' in id ? { CodeHash: toBase58(id.hash) } : { AccountId: id.accountId }
  throw failure(
    'NO_GLOBAL_CONTRACT_CODE',
    { identifier, ...at },
    'Global contract code with this identifier has never been observed on the node',
  )
}

function viewAccount(
  chain: Chain,
  block: Block,
  state: StateView,
  found: Account,
  data: Extract<Query, { account_id: string }>,
): object {
  const { account_id: id } = data
  switch (data.request_type) {
    case 'view_account':
      return accountView(found)
    case 'view_access_key': {
      const key = state.key(id, data.public_key)
      if (key !== undefined) return accessKeyView(key)
      return { error: `access key ${data.public_key} does not exist while viewing`, logs: [] }
    }
    case 'view_access_key_list': {
      const keys = state.keysOf(id).map(([public_key, key]) => ({
        public_key,
        access_key: accessKeyView(key),
      }))
      return { keys }
    }
    case 'view_code': {
      const code = state.code(found)
      if (code !== undefined) {
        return { code_base64: base64(code.bytes), hash: toBase58(fromHex(code.hash)) }
      }
      throw failure(
        'NO_CONTRACT_CODE',
        { contract_account_id: id, block_height: block.height, block_hash: block.hash },
        `Contract code for contract ID #${id} has never been observed on the node`,
      )
    }
    case 'view_state': {
      // all of it, however little is asked for, and without the code
      if (found.storage - codeBytes(found) > MAX_VIEWED_BYTES) {
        throw failure(
          'TOO_LARGE_CONTRACT_STATE',
          { contract_account_id: id, block_height: block.height, block_hash: block.hash },
          `State of contract ${id} is too large to be viewed`,
        )
      }
      const values = state.dataOf(id, fromBase64(data.prefix_base64)).map(([key, value]) => ({
        key: base64(key),
        value: base64(value),
      }))
      return { values, proof: [] }
    }
    case 'call_function': {
      const { method_name: method, args_base64: args } = data
      const outcome = view(chain, block, state, found, id, method, fromBase64(args))
      return viewAnswer(outcome)
    }
    case 'view_global_contract_code_by_account_id':
      return globalCodeView(state, { accountId: id }, { block_height: 0, block_hash: '' })
  }
}

function viewAnswer({ error, logs, result }: CallOutcome): object {
  if (error !== undefined) {
    return { error: `wasm execution failed with error: ${error.debug}`, logs }
  }
  return { result: 'value' in result ? [...result.value] : [], logs }
}

function view(
  { chainId, parameters, cache }: Chain,
  block: Block,
  state: StateView,
  found: Account,
  id: string,
  method: string,
  args: Uint8Array,
): CallOutcome {
  const code = state.code(found)
  const { amount: balance, locked, storage } = found
  if (code === undefined) {
    const result = { value: EMPTY }
    const nothing = { logs: [], gasBurnt: 0n, gasUsed: 0n, balance, storage, result, receipts: [] }
    return { error: noCode(id), ...nothing }
  }
  return runCall({
    ...{ code, method, parameters, cache },
    context: {
      ...{ accountId: id, signerId: id, predecessorId: id, signerKey: knownKeyBytes(NO_KEY) },
      ...{ input: args, chainId, height: block.height, timestamp: block.timestamp },
      epoch: Math.floor(block.height / parameters.epochBlocks),
      ...{ balance, locked, storage, deposit: 0n, gas: parameters.maxGasBurnt },
      ...{ seed: block.seed, isView: true, results: [], outputs: 0 },
    },
    // views cannot write: the host functions refuse before they come here
    state: { read: (key) => state.data(id, key), write: () => undefined, newDataId: () => '' },
  })
}
