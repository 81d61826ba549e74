/** All that a node checks before it takes a transaction, in the order of NEAR's, and what taking it changes. */
import { isAccountId } from '../codec/account-id.ts'
import { verifySignature } from '../codec/keys.ts'
import type { Parameters } from '../parameters.ts'
import type { State } from '../state.ts'
import type { Receipt, Transaction } from '../types.ts'
import { TransactionRefused } from './failures.ts'
import { actionsFee, delegatedExecutionFee, depositsOf, prepaidGas, receiptFee } from './fees.ts'
import { derivedId } from './ids.ts'
import { actionsProblem, permissionProblem, stakeMissing } from './validate.ts'

export interface Admission {
  readonly receipt: Receipt
  readonly gasBurnt: bigint
}

/** What the chain says of the block that a transaction names. */
export interface AdmitInit {
  readonly state: State
  readonly parameters: Parameters
  /** Height of the block that takes it. */
  readonly height: number
  /** Height of the block that it names, where that is on the chain. */
  readonly namedHeight: number | undefined
}

/** Charges the signer, and makes the first receipt. @throws TransactionRefused */
export function admit(transaction: Transaction, init: AdmitInit): Admission {
  const { state, parameters, height, namedHeight } = init
  const { signerId, receiverId, publicKey, actions, nonce } = transaction
  const refuse = (error: unknown): Error => new TransactionRefused(error)
  const limit = parameters.limits.transactionBytes
  const size = transaction.size
  if (size > limit) throw refuse({ TransactionSizeExceeded: { size, limit } })
  if (!isAccountId(signerId)) throw refuse({ InvalidSignerId: { signer_id: signerId } })
  if (!isAccountId(receiverId)) throw refuse({ InvalidReceiverId: { receiver_id: receiverId } })
  const problem = actionsProblem(actions, parameters)
  if (problem !== undefined) throw refuse({ ActionsValidation: problem })
  if (!verifySignature(publicKey, transaction.signature, transaction.hashBytes)) {
    throw refuse('InvalidSignature')
  }
  if (namedHeight === undefined || height - namedHeight > parameters.validityBlocks) {
    throw refuse('Expired')
  }
  const account = state.account(signerId)
  if (account === undefined) throw refuse({ SignerDoesNotExist: { signer_id: signerId } })
  const key = state.key(signerId, publicKey)
  if (key === undefined) {
    const AccessKeyNotFound = { account_id: signerId, public_key: publicKey }
    throw refuse({ InvalidAccessKeyError: { AccessKeyNotFound } })
  }
  if (nonce <= key.nonce) {
    throw refuse({ InvalidNonce: { tx_nonce: Number(nonce), ak_nonce: Number(key.nonce) } })
  }
  const bound = BigInt(height) * parameters.noncesPerBlock
  if (nonce >= bound) {
    throw refuse({ NonceTooLarge: { tx_nonce: Number(nonce), upper_bound: Number(bound) } })
  }
  const send = signerId === receiverId ? 'self' : 'other'
  const gasBurnt = receiptFee(parameters, send) + actionsFee(actions, send, receiverId, parameters)
  const reserved =
    receiptFee(parameters, 'execution') +
    actionsFee(actions, 'execution', receiverId, parameters) +
    delegatedExecutionFee(actions, parameters) +
    prepaidGas(actions)
  const gasCost = (gasBurnt + reserved) * parameters.gasPrice
  const cost = gasCost + depositsOf(actions)
  if (account.amount < cost) {
    const balance = `${account.amount}`
    throw refuse({ NotEnoughBalance: { signer_id: signerId, balance, cost: `${cost}` } })
  }
  const forbidden = permissionProblem(key, receiverId, actions)
  if (forbidden !== undefined) throw refuse({ InvalidAccessKeyError: forbidden })
  const allowance = key.permission === 'full' ? undefined : key.permission.allowance
  if (allowance !== undefined && allowance < gasCost) {
    const NotEnoughAllowance = {
      account_id: signerId,
      public_key: publicKey,
      allowance: `${allowance}`,
      cost: `${gasCost}`,
    }
    throw refuse({ InvalidAccessKeyError: { NotEnoughAllowance } })
  }
  const charged = { ...account, amount: account.amount - cost }
  const missing = stakeMissing(charged, parameters)
  if (missing > 0n) {
    throw refuse({ LackBalanceForState: { signer_id: signerId, amount: `${missing}` } })
  }
  state.setAccount(signerId, charged)
  const permission =
    key.permission === 'full' || allowance === undefined
      ? key.permission
      : { ...key.permission, allowance: allowance - gasCost }
  state.setKey(signerId, publicKey, { nonce, permission })
  return {
    gasBurnt,
    receipt: {
      id: derivedId(transaction.hash, height, 0),
      predecessorId: signerId,
      receiverId,
      signerId,
      signerKey: publicKey,
      gasPrice: parameters.gasPrice,
      actions,
      outputs: [],
      inputs: [],
    },
  }
}
