/** Executes receipts: all actions or none, then refunds, and the result to those that wait for it. */
import { EMPTY, fromBase58 } from '../../../node/primitives/bytes.ts'
import { sha256 } from '../../../node/primitives/hash.ts'
import { knownKeyBytes } from '../codec/keys.ts'
import type { Parameters } from '../parameters.ts'
import type { State } from '../state.ts'
import type { Block, CallAction, DataReceiver, Outcome, OutcomeStatus, Receipt } from '../types.ts'
import type { CallOutcome, PromisedReceipt } from '../vm/context.ts'
import type { ContractCache } from '../vm/contract.ts'
import { noCode } from '../vm/errors.ts'
import { runCall } from '../vm/run.ts'
import { type ActionScope, checkAction, executeAction, systemReceipt } from './actions.ts'
import { ActionFailed } from './failures.ts'
import { actionFee, actionsFee, delegatedExecutionFee, depositsOf, prepaidGas } from './fees.ts'
import { derivedId } from './ids.ts'
import { factoryCall, isFactory } from './factory.ts'
import { actionsProblem, stakeMissing } from './validate.ts'

/** What a receipt is executed in. */
export interface ApplyInit {
  readonly state: State
  readonly parameters: Parameters
  readonly cache: ContractCache
  readonly chainId: string
  readonly block: Block
  /** Results that the receipt waited for; undefined: a failure. */
  readonly results: readonly (Uint8Array | undefined)[]
}

export interface Applied {
  readonly outcome: Outcome
  readonly receipts: readonly Receipt[]
  /** Results for receipts that wait. */
  readonly data: readonly (DataReceiver & { readonly value: Uint8Array | undefined })[]
}

/** What the actions of a receipt came to. */
interface Progress {
  gasBurnt: bigint
  gasUsed: bigint
  /** Gas that calls burnt, of which contracts may get a part. */
  callGas: bigint
  readonly logs: string[]
  receipts: Receipt[]
  status: OutcomeStatus
}

export function applyReceipt(receipt: Receipt, init: ApplyInit): Applied {
  const { state, parameters, block } = init
  const isRefund = receipt.predecessorId === 'system'
  const base = isRefund ? 0n : parameters.fees.receipt.execution
  let made = 0
  const newId = (): string => derivedId(receipt.id, block.height, made++)
  const { height } = block
  const { predecessorId: actor } = receipt
  const scope: ActionScope = { state, parameters, height, receipt, isRefund, actor, newId }
  const progress: Progress = {
    ...{ gasBurnt: base, gasUsed: base, callGas: 0n, logs: [], receipts: [] },
    status: { type: 'value', value: EMPTY },
  }
  const error = executeAll(scope, progress, init)
  if (error !== undefined) {
    state.rollback()
    progress.receipts = []
    progress.gasUsed = progress.gasBurnt
    progress.status = { type: 'failure', error: { ActionError: error } }
  }
  if (!isRefund) settle(scope, progress, error !== undefined)
  const { status } = progress
  const isHandedOn = status.type === 'receipt'
  const value = status.type === 'value' ? status.value : undefined
  return {
    receipts: progress.receipts,
    data: isHandedOn ? [] : receipt.outputs.map((output) => ({ ...output, value })),
    outcome: {
      id: receipt.id,
      blockHash: block.hash,
      height,
      logs: progress.logs,
      receiptIds: progress.receipts.map(({ id }) => id),
      gasBurnt: progress.gasBurnt,
      tokensBurnt: progress.gasBurnt * receipt.gasPrice,
      executorId: receipt.receiverId,
      status,
    },
  }
}

/** @returns NEAR's `ActionError` of the action that failed, if any did */
function executeAll(scope: ActionScope, progress: Progress, init: ApplyInit): object | undefined {
  const { receipt, parameters, state, isRefund } = scope
  for (const [index, action] of receipt.actions.entries()) {
    const fee = isRefund ? 0n : actionFee(action, 'execution', receipt.receiverId, parameters)
    progress.gasBurnt += fee
    progress.gasUsed += fee
    try {
      checkAction(action, scope)
      if (action.type === 'call') executeCall(action, scope, progress, init)
      else {
        progress.status = { type: 'value', value: EMPTY }
        const made = executeAction(action, scope)
        if (made !== undefined) progress.receipts.push(made)
        // a delegate action's receipt is paid for with the transaction
        if (action.type === 'delegate') {
          const { actions } = action.delegate
          progress.gasUsed += prepaidGas(actions) + delegatedExecutionFee([action], parameters)
        }
      }
    } catch (error) {
      if (error instanceof ActionFailed) return { index, kind: error.kind }
      throw error
    }
  }
  const account = state.account(receipt.receiverId)
  const missing = isRefund || account === undefined ? 0n : stakeMissing(account, parameters)
  if (missing === 0n) return undefined
  const LackBalanceForState = { account_id: receipt.receiverId, amount: `${missing}` }
  return { index: null, kind: { LackBalanceForState } }
}

function executeCall(
  action: CallAction,
  scope: ActionScope,
  progress: Progress,
  init: ApplyInit,
): void {
  const { receipt, state } = scope
  const { receiverId: id } = receipt
  const outcome = call(action, scope, init)
  progress.logs.push(...outcome.logs)
  progress.gasBurnt += outcome.gasBurnt
  progress.callGas += outcome.gasBurnt
  progress.gasUsed += outcome.gasUsed
  if (outcome.error !== undefined) {
    throw new ActionFailed({ FunctionCallError: outcome.error.outcome })
  }
  const account = state.account(id)
  if (account !== undefined) {
    state.setAccount(id, { ...account, amount: outcome.balance, storage: outcome.storage })
  }
  const { result } = outcome
  const returned = 'receipt' in result ? result.receipt : undefined
  const made = outcome.receipts.map((promised, i) =>
    promisedReceipt(promised, scope, i === returned ? receipt.outputs : []),
  )
  for (const one of made) checkPromised(one, scope)
  progress.receipts.push(...made)
  progress.status =
    'value' in result
      ? { type: 'value', value: result.value }
      : { type: 'receipt', id: made[result.receipt]?.id ?? '' }
}

function promisedReceipt(
  { receiverId, actions, inputs, outputs }: PromisedReceipt,
  { receipt, newId }: ActionScope,
  more: readonly DataReceiver[],
): Receipt {
  const { receiverId: predecessorId, signerId, signerKey, gasPrice } = receipt
  return {
    ...{ id: newId(), predecessorId, receiverId, signerId, signerKey, gasPrice, actions, inputs },
    outputs: [...outputs, ...more],
  }
}

/** @throws ActionFailed where a contract made what nobody may send */
function checkPromised({ actions, inputs }: Receipt, { parameters }: ActionScope): void {
  const limit = parameters.limits.inputs
  if (inputs.length > limit) {
    const failure = { number_of_input_data_dependencies: inputs.length, limit }
    throw new ActionFailed({
      NewReceiptValidationError: { NumberInputDataDependenciesExceeded: failure },
    })
  }
  const problem = actionsProblem(actions, parameters)
  if (problem === undefined) return
  throw new ActionFailed({ NewReceiptValidationError: { ActionsValidation: problem } })
}

function call(action: CallAction, scope: ActionScope, init: ApplyInit): CallOutcome {
  const { receipt, state, parameters } = scope
  const { block, cache, chainId, results } = init
  const { receiverId: id } = receipt
  const account = state.account(id)
  if (account === undefined) {
    throw new ActionFailed({ AccountDoesNotExist: { account_id: id } })
  }
  const balance = account.amount + action.deposit
  if (isFactory(id, account)) return factoryCall(action, balance, account, parameters)
  const code = state.code(account)
  if (code === undefined) {
    throw new ActionFailed({ FunctionCallError: noCode(id).outcome })
  }
  return runCall({
    ...{ code, method: action.method, parameters, cache },
    context: {
      ...{ accountId: id, signerId: receipt.signerId, predecessorId: receipt.predecessorId },
      signerKey: knownKeyBytes(receipt.signerKey),
      ...{ input: action.args, chainId, height: block.height, timestamp: block.timestamp },
      epoch: Math.floor(block.height / parameters.epochBlocks),
      ...{ balance, locked: account.locked, storage: account.storage },
      ...{ deposit: action.deposit, gas: action.gas, isView: false, results },
      seed: sha256(block.seed, fromBase58(receipt.id)),
      outputs: receipt.outputs.length,
    },
    state: {
      read: (key) => state.data(id, key),
      write: (key, value) => {
        const old = state.data(id, key)
        if (old !== undefined || value !== undefined) state.setData(id, key, value)
        return old
      },
      newDataId: () => scope.newId(),
    },
  })
}

/** Pays back what was not used, and with a failure all that was attached. */
function settle(scope: ActionScope, progress: Progress, hasFailed: boolean): void {
  const { receipt, parameters, state } = scope
  const { actions, gasPrice, predecessorId, signerId, receiverId } = receipt
  const paid =
    parameters.fees.receipt.execution +
    actionsFee(actions, 'execution', receiverId, parameters) +
    delegatedExecutionFee(actions, parameters) +
    prepaidGas(actions)
  const gasRefund = (paid - progress.gasUsed) * gasPrice
  const deposits = hasFailed ? depositsOf(actions) : 0n
  if (deposits > 0n) {
    progress.receipts.push(systemReceipt(scope, predecessorId, deposits, receipt))
  }
  if (gasRefund > 0n) {
    progress.receipts.push(systemReceipt(scope, signerId, gasRefund, receipt, signerId))
  }
  const { numerator, denominator } = parameters.reward
  const reward = hasFailed ? 0n : ((progress.callGas * numerator) / denominator) * gasPrice
  const account = state.account(receiverId)
  if (reward === 0n || account === undefined) return
  state.setAccount(receiverId, { ...account, amount: account.amount + reward })
}
