/**
 * The account that makes top-level accounts. On the public networks `near` and `testnet` are contracts that clients ask for a new account;
 * here they are a few lines of ours, as long as nobody deploys another contract there.
 */
import { EMPTY, fromUtf8 } from '../../../node/primitives/bytes.ts'
import { z } from 'zod'
import { isAccountId } from '../codec/account-id.ts'
import { publicKeyBytes } from '../codec/keys.ts'
import type { Parameters } from '../parameters.ts'
import type { Account, Action, CallAction } from '../types.ts'
import type { CallOutcome } from '../vm/context.ts'
import { FAILURES, type VmError } from '../vm/errors.ts'
import { actionsFee, depositsOf } from './fees.ts'

const FACTORIES: readonly string[] = ['near', 'testnet']
/** What a call of it burns, about as much as the public ones. */
const CALL_GAS = 3_000_000_000_000n

const argumentsSchema = z.object({ new_account_id: z.string(), new_public_key: z.string() })

export function isFactory(id: string, { code }: Account): boolean {
  return FACTORIES.includes(id) && code.type === 'none'
}

export function factoryCall(
  action: CallAction,
  balance: bigint,
  { storage }: Account,
  parameters: Parameters,
): CallOutcome {
  const wanted = action.method === 'create_account' ? parseArguments(action.args) : undefined
  const fail = (error: VmError): CallOutcome => {
    const [gasBurnt, gasUsed] = [CALL_GAS, CALL_GAS]
    const result = { value: EMPTY }
    return { error, logs: [], gasBurnt, gasUsed, balance, storage, result, receipts: [] }
  }
  if (action.gas < CALL_GAS) return fail(FAILURES.gas())
  if (wanted === undefined)
    return fail(FAILURES.panic('expected create_account with a name and a key'))
  const actions: Action[] = [
    { type: 'create' },
    {
      type: 'addKey',
      publicKey: wanted.new_public_key,
      accessKey: { nonce: 0n, permission: 'full' },
    },
    { type: 'transfer', deposit: action.deposit },
  ]
  const { receipt } = parameters.fees
  const { new_account_id: id } = wanted
  const execution = receipt.execution + actionsFee(actions, 'execution', id, parameters)
  const sending = receipt.other + actionsFee(actions, 'other', id, parameters)
  const gasBurnt = CALL_GAS + sending
  const gasUsed = gasBurnt + execution
  if (action.gas < gasUsed) return fail(FAILURES.gas())
  return {
    ...{ error: undefined, logs: [], gasBurnt, gasUsed, storage, result: { receipt: 0 } },
    balance: balance - depositsOf(actions),
    receipts: [{ receiverId: id, actions, inputs: [], outputs: [] }],
  }
}

function parseArguments(bytes: Uint8Array): z.infer<typeof argumentsSchema> | undefined {
  try {
    const parsed = argumentsSchema.safeParse(JSON.parse(fromUtf8(bytes)))
    if (!parsed.success) return undefined
    const { new_account_id: id, new_public_key: key } = parsed.data
    return isAccountId(id) && publicKeyBytes(key) !== undefined ? parsed.data : undefined
  } catch {
    return undefined
  }
}
