/** What every list of actions must be, whoever sends it, and what a key may be used for. */
import { utf8 } from '../../../node/primitives/bytes.ts'
import { isAccountId } from '../codec/account-id.ts'
import type { Parameters } from '../parameters.ts'
import type { AccessKey, Account, Action } from '../types.ts'
import { prepaidGas } from './fees.ts'

/** NEAR's `ActionsValidationError`, or undefined. */
export function actionsProblem(actions: readonly Action[], parameters: Parameters): unknown {
  const { limits, maxTotalPrepaidGas } = parameters
  if (actions.length > limits.actions) {
    return {
      TotalNumberOfActionsExceeded: {
        total_number_of_actions: actions.length,
        limit: limits.actions,
      },
    }
  }
  const prepaid = prepaidGas(actions)
  if (prepaid > maxTotalPrepaidGas) {
    const limit = Number(maxTotalPrepaidGas)
    return { TotalPrepaidGasExceeded: { total_prepaid_gas: Number(prepaid), limit } }
  }
  for (const [i, action] of actions.entries()) {
    const problem =
      action.type === 'deleteAccount' && i !== actions.length - 1
        ? 'DeleteActionMustBeFinal'
        : actionProblem(action, parameters)
    if (problem !== undefined) return problem
  }
  return undefined
}

function actionProblem(action: Action, parameters: Parameters): unknown {
  const { limits } = parameters
  switch (action.type) {
    case 'call': {
      if (action.gas === 0n) return 'FunctionCallZeroAttachedGas'
      const length = utf8(action.method).length
      if (length > limits.methodName) {
        return { FunctionCallMethodNameLengthExceeded: { length, limit: limits.methodName } }
      }
      if (action.args.length <= limits.argsBytes) return undefined
      return {
        FunctionCallArgumentsLengthExceeded: {
          length: action.args.length,
          limit: limits.argsBytes,
        },
      }
    }
    case 'deploy':
    case 'deployGlobal': {
      const size = action.code.length
      if (size <= limits.contractBytes) return undefined
      return { ContractSizeExceeded: { size, limit: limits.contractBytes } }
    }
    case 'addKey':
      return keyProblem(action.accessKey, parameters)
    case 'delegate':
      return actionsProblem(action.delegate.actions, parameters)
    default:
      return undefined
  }
}

function keyProblem({ permission }: AccessKey, { limits }: Parameters): unknown {
  if (permission === 'full') return undefined
  if (!isAccountId(permission.receiverId)) {
    return { InvalidAccountId: { account_id: permission.receiverId } }
  }
  const lengths = permission.methods.map((name) => utf8(name).length)
  const longest = Math.max(0, ...lengths)
  if (longest > limits.methodName) {
    return { AddKeyMethodNameLengthExceeded: { length: longest, limit: limits.methodName } }
  }
  const total = lengths.reduce((sum, length) => sum + length + 1, 0)
  if (total <= limits.methodNames) return undefined
  return {
    AddKeyMethodNamesNumberOfBytesExceeded: {
      total_number_of_bytes: total,
      limit: limits.methodNames,
    },
  }
}

/** NEAR's `InvalidAccessKeyError` where a key may not be used for this, or undefined. */
export function permissionProblem(
  { permission }: AccessKey,
  receiverId: string,
  actions: readonly Action[],
): unknown {
  if (permission === 'full') return undefined
  const [action] = actions
  if (action?.type !== 'call' || actions.length !== 1) return 'RequiresFullAccess'
  if (action.deposit > 0n) return 'DepositWithFunctionCall'
  if (receiverId !== permission.receiverId) {
    return { ReceiverMismatch: { tx_receiver: receiverId, ak_receiver: permission.receiverId } }
  }
  const { methods } = permission
  if (methods.length === 0 || methods.includes(action.method)) return undefined
  return { MethodNameMismatch: { method_name: action.method } }
}

/** What an account lacks for the bytes it takes; zero where it has enough. */
export function stakeMissing(account: Account, { storage }: Parameters): bigint {
  if (account.storage <= storage.freeBytes) return 0n
  const missing = account.storage * storage.amountPerByte - account.amount - account.locked
  return missing > 0n ? missing : 0n
}
