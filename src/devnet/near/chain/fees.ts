/** What actions cost beside the gas of calls, and what they carry. */
import { utf8 } from '../../../node/primitives/bytes.ts'
import { isImplicit } from '../codec/account-id.ts'
import type { Fee, Parameters } from '../parameters.ts'
import type { Action } from '../types.ts'

/** Part of a fee: sent to oneself, sent to another, executed. */
export type FeePart = keyof Fee

export function receiptFee({ fees }: Parameters, part: FeePart): bigint {
  return fees.receipt[part]
}

/** Fees of all these actions. Sending a delegate action is sending those inside of it, and the receipt that they become. */
export function actionsFee(
  actions: readonly Action[],
  part: FeePart,
  receiverId: string,
  parameters: Parameters,
): bigint {
  const fees = actions.map((action) => actionFee(action, part, receiverId, parameters))
  return fees.reduce((sum, fee) => sum + fee, 0n)
}

/** Fees of a transfer: with those of making the account where its name is one that a transfer makes. */
export function transferFees({ fees }: Parameters, receiverId: string): readonly Fee[] {
  return isImplicit(receiverId)
    ? [fees.transfer, fees.createAccount, fees.addFullKey]
    : [fees.transfer]
}

export function actionFee(
  action: Action,
  part: FeePart,
  receiverId: string,
  parameters: Parameters,
): bigint {
  const { fees } = parameters
  const pay = (fee: Fee, times = 1): bigint => fee[part] * BigInt(times)
  switch (action.type) {
    case 'create':
      return pay(fees.createAccount)
    case 'deploy':
      return pay(fees.deploy) + pay(fees.deployByte, action.code.length)
    case 'call': {
      const bytes = utf8(action.method).length + action.args.length
      return pay(fees.call) + pay(fees.callByte, bytes)
    }
    case 'transfer':
      return transferFees(parameters, receiverId).reduce((sum, fee) => sum + fee[part], 0n)
    case 'stake':
      return pay(fees.stake)
    case 'addKey': {
      const { permission } = action.accessKey
      if (permission === 'full') return pay(fees.addFullKey)
      const bytes = permission.methods.reduce((sum, name) => sum + utf8(name).length + 1, 0)
      return pay(fees.addCallKey) + pay(fees.addCallKeyByte, bytes)
    }
    case 'deleteKey':
      return pay(fees.deleteKey)
    case 'deleteAccount':
      return pay(fees.deleteAccount)
    case 'delegate': {
      const { delegate } = action
      if (part === 'execution') return pay(fees.delegate)
      const send = delegate.senderId === delegate.receiverId ? 'self' : 'other'
      const receipt = receiptFee(parameters, send)
      return (
        pay(fees.delegate) +
        receipt +
        actionsFee(delegate.actions, send, delegate.receiverId, parameters)
      )
    }
    case 'deployGlobal':
      return pay(fees.deployGlobal) + pay(fees.deployGlobalByte, action.code.length)
    case 'useGlobal': {
      const bytes = 'hash' in action.id ? action.id.hash.length : action.id.accountId.length
      return pay(fees.useGlobal) + pay(fees.useGlobalByte, bytes)
    }
  }
}

/** Gas that calls bring with them. */
export function prepaidGas(actions: readonly Action[]): bigint {
  return actions.reduce((sum, action) => {
    if (action.type === 'call') return sum + action.gas
    return action.type === 'delegate' ? sum + prepaidGas(action.delegate.actions) : sum
  }, 0n)
}

/** Tokens that actions bring with them. */
export function depositsOf(actions: readonly Action[]): bigint {
  return actions.reduce((sum, action) => {
    if (action.type === 'call' || action.type === 'transfer') return sum + action.deposit
    return action.type === 'delegate' ? sum + depositsOf(action.delegate.actions) : sum
  }, 0n)
}

/** Gas of the fees that come when the receipt of a delegate action's own actions is executed. */
export function delegatedExecutionFee(actions: readonly Action[], parameters: Parameters): bigint {
  return actions.reduce((sum, action) => {
    if (action.type !== 'delegate') return sum
    const { actions: inner, receiverId } = action.delegate
    const { execution } = parameters.fees.receipt
    return sum + execution + actionsFee(inner, 'execution', receiverId, parameters)
  }, 0n)
}
