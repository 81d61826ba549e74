/** What only a local chain can do: blocks, time and state by hand. Two of these are near-sandbox's, the others are ours. */
import { z } from 'zod'
import type { Chain } from '../chain/chain.ts'
import { emptyAccount, type State, withCode } from '../state.ts'
import type { Account } from '../types.ts'
import { parseError } from './errors.ts'
import { fromBase64 } from './views.ts'

/** Blocks that one request makes at most. */
const MAX_BLOCKS = 100_000

const blocks = z.int().min(1).max(MAX_BLOCKS)
const amount = z.string().regex(/^\d+$/).transform(BigInt)
const keySchema = z.object({
  nonce: z.int(),
  permission: z.union([
    z.literal('FullAccess'),
    z.object({
      FunctionCall: z.object({
        allowance: amount.nullish(),
        receiver_id: z.string(),
        method_names: z.array(z.string()),
      }),
    }),
  ]),
})
const accountSchema = z.object({ amount, locked: amount.default(0n) })
const recordSchema = z.union([
  z.object({ Account: z.object({ account_id: z.string(), account: accountSchema }) }),
  z.object({
    AccessKey: z.object({
      account_id: z.string(),
      public_key: z.string(),
      access_key: keySchema,
    }),
  }),
  z.object({
    Data: z.object({ account_id: z.string(), data_key: z.string(), value: z.string() }),
  }),
  z.object({ Contract: z.object({ account_id: z.string(), code: z.string() }) }),
])
type StateRecord = z.infer<typeof recordSchema>

type Control = (chain: Chain, params: unknown) => unknown

/** A method with the parameters that it takes. */
function control<T>(schema: z.ZodType<T>, run: (chain: Chain, params: T) => unknown): Control {
  return (chain, params) => {
    const parsed = schema.safeParse(params)
    if (!parsed.success) throw parseError(`Failed parsing args: ${parsed.error.issues[0]?.message}`)
    return run(chain, parsed.data) ?? null
  }
}

export const CONTROLS: Readonly<Record<string, Control>> = {
  sandbox_fast_forward: control(z.object({ delta_height: blocks }), (chain, params) =>
    chain.fastForward(params.delta_height),
  ),
  sandbox_patch_state: control(z.object({ records: z.array(recordSchema) }), (chain, params) => {
    chain.patch((state) => {
      for (const record of params.records) patch(chain, state, record)
    })
  }),
  devnet_mine: control(z.object({ blocks: blocks.default(1) }), (chain, params) =>
    chain.mine(params.blocks),
  ),
  devnet_set_mode: control(z.object({ mode: z.enum(['instant', 'manual']) }), (chain, params) => {
    chain.mode = params.mode
  }),
  devnet_move_time: control(z.object({ seconds: z.number().positive() }), (chain, params) =>
    chain.moveTime(params.seconds),
  ),
  devnet_hold_time: control(z.object({ second: z.int().optional() }), (chain, params) => {
    const { second } = params
    if (
      second !== undefined &&
      BigInt(second + 1) * 1_000_000_000n <= chain.blocks.head.timestamp
    ) {
      throw parseError(`Failed parsing args: second ${second} is over`)
    }
    chain.holdTime(second)
  }),
  devnet_snapshot: control(z.unknown(), (chain) => chain.snapshot()),
  devnet_revert: control(z.object({ snapshot: z.int().min(0) }), (chain, params) => {
    if (chain.revert(params.snapshot)) return null
    throw parseError(`Failed parsing args: there is no snapshot ${params.snapshot}`)
  }),
}

function patch(chain: Chain, state: State, record: StateRecord): void {
  const account = (id: string): Account => state.account(id) ?? emptyAccount(0n, chain.parameters)
  if ('Account' in record) {
    const { account_id: id, account: wanted } = record.Account
    state.setAccount(id, { ...account(id), ...wanted })
  } else if ('AccessKey' in record) {
    const { account_id: id, public_key: publicKey, access_key: key } = record.AccessKey
    if (state.account(id) === undefined) state.setAccount(id, account(id))
    const { permission } = key
    state.setKey(id, publicKey, {
      nonce: BigInt(key.nonce),
      permission:
        permission === 'FullAccess'
          ? 'full'
          : {
              allowance: permission.FunctionCall.allowance ?? undefined,
              receiverId: permission.FunctionCall.receiver_id,
              methods: permission.FunctionCall.method_names,
            },
    })
  } else if ('Data' in record) {
    const { account_id: id, data_key: key, value } = record.Data
    const [at, bytes] = [fromBase64(key), fromBase64(value)]
    const old = state.data(id, at)
    const { bytesOfRecord } = chain.parameters.storage
    const before = old === undefined ? 0n : BigInt(at.length + old.length) + bytesOfRecord
    const grown = BigInt(at.length + bytes.length) + bytesOfRecord - before
    state.setAccount(id, { ...account(id), storage: account(id).storage + grown })
    state.setData(id, at, bytes)
  } else {
    const { account_id: id, code } = record.Contract
    const bytes = fromBase64(code)
    const hash = state.addCode(bytes)
    state.setAccount(id, withCode(account(id), { type: 'local', hash, size: bytes.length }))
  }
}
