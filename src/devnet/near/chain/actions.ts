/** Actions other than calls: what each changes, and when it may not. */
import { fromHex, toBase58, toHex } from '../../../node/primitives/bytes.ts'
import { isImplicit, isReserved, isSubAccount } from '../codec/account-id.ts'
import { verifySignature } from '../codec/keys.ts'
import { delegateHash } from '../codec/transaction.ts'
import type { Parameters } from '../parameters.ts'
import { codeBytes, emptyAccount, type State, withCode } from '../state.ts'
import type { Account, Action, CallAction, Receipt } from '../types.ts'
import { ActionFailed } from './failures.ts'
import { permissionProblem } from './validate.ts'

/** The one account that creates top-level accounts. */
export const REGISTRAR = 'registrar'

/** What executing an action works on. */
export interface ActionScope {
  readonly state: State
  readonly parameters: Parameters
  readonly height: number
  readonly receipt: Receipt
  /** Pays back what was paid: `system` is its sender. */
  readonly isRefund: boolean
  /** On whose behalf it is: the receipt's sender, until the account is created in it. */
  actor: string
  newId(): string
}

/** Whether an account must be there, and whether this actor may do it. @throws ActionFailed */
export function checkAction(action: Action, scope: ActionScope): void {
  const { receipt, state, actor, isRefund } = scope
  const id = receipt.receiverId
  const exists = state.account(id) !== undefined
  if (action.type === 'create') {
    if (exists) throw new ActionFailed({ AccountAlreadyExists: { account_id: id } })
    return
  }
  if (!exists) {
    const creates = isImplicit(id) && receipt.actions.length === 1
    if (action.type === 'transfer' && (creates || isRefund)) return
    throw new ActionFailed({ AccountDoesNotExist: { account_id: id } })
  }
  const isOpen = ['call', 'transfer', 'delegate'].includes(action.type)
  if (isOpen || actor === id) return
  throw new ActionFailed({ ActorNoPermission: { account_id: id, actor_id: actor } })
}

/** Executes an action. @returns a receipt that it makes @throws ActionFailed */
export function executeAction(
  action: Exclude<Action, CallAction>,
  scope: ActionScope,
): Receipt | undefined {
  switch (action.type) {
    case 'create':
      create(scope)
      return undefined
    case 'transfer':
      transfer(action.deposit, scope)
      return undefined
    case 'deploy':
      deploy(action.code, scope)
      return undefined
    case 'deployGlobal':
      deployGlobal(action, scope)
      return undefined
    case 'useGlobal':
      useGlobal(action, scope)
      return undefined
    case 'stake':
      stake(action.stake, scope)
      return undefined
    case 'addKey':
      addKey(action, scope)
      return undefined
    case 'deleteKey': {
      const { state, receipt } = scope
      const id = receipt.receiverId
      if (state.key(id, action.publicKey) === undefined) {
        const failure = { account_id: id, public_key: action.publicKey }
        throw new ActionFailed({ DeleteKeyDoesNotExist: failure })
      }
      state.setKey(id, action.publicKey, undefined)
      return undefined
    }
    case 'deleteAccount':
      return deleteAccount(action.beneficiaryId, scope)
    case 'delegate':
      return delegate(action, scope)
  }
}

/** The receiver's account; {@link checkAction} has found it. */
function accountOf({ state, receipt }: ActionScope): Account {
  const account = state.account(receipt.receiverId)
  if (account !== undefined) return account
  throw new ActionFailed({ AccountDoesNotExist: { account_id: receipt.receiverId } })
}

function create(scope: ActionScope): void {
  const { receipt, state, parameters } = scope
  const { receiverId: id, predecessorId } = receipt
  if (isReserved(id)) {
    throw new ActionFailed({ OnlyImplicitAccountCreationAllowed: { account_id: id } })
  }
  if (!id.includes('.') && predecessorId !== REGISTRAR) {
    const failure = {
      account_id: id,
      registrar_account_id: REGISTRAR,
      predecessor_id: predecessorId,
    }
    throw new ActionFailed({ CreateAccountOnlyByRegistrar: failure })
  }
  if (id.includes('.') && !isSubAccount(id, predecessorId)) {
    const failure = { account_id: id, predecessor_id: predecessorId }
    throw new ActionFailed({ CreateAccountNotAllowed: failure })
  }
  state.setAccount(id, emptyAccount(0n, parameters))
  scope.actor = id
}

function transfer(deposit: bigint, scope: ActionScope): void {
  const { receipt, state, parameters, height, isRefund } = scope
  const id = receipt.receiverId
  const account = state.account(id)
  if (account === undefined) {
    // what is paid back to an account that is gone is burnt
    if (isRefund) return
    state.setAccount(id, emptyAccount(deposit, parameters))
    const nonce = BigInt(height - 1) * parameters.noncesPerBlock
    state.setKey(id, `ed25519:${toBase58(fromHex(id))}`, { nonce, permission: 'full' })
    return
  }
  state.setAccount(id, { ...account, amount: account.amount + deposit })
  // gas paid back counts for the key that paid it
  const key = isRefund && receipt.signerId === id ? state.key(id, receipt.signerKey) : undefined
  if (key === undefined || key.permission === 'full') return
  const { allowance } = key.permission
  if (allowance === undefined) return
  const permission = { ...key.permission, allowance: allowance + deposit }
  state.setKey(id, receipt.signerKey, { ...key, permission })
}

function deploy(code: Uint8Array, scope: ActionScope): void {
  const { state, receipt } = scope
  const hash = state.addCode(code)
  const local = { type: 'local', hash, size: code.length } as const
  state.setAccount(receipt.receiverId, withCode(accountOf(scope), local))
}

function deployGlobal(
  { code, byAccount }: Extract<Action, { type: 'deployGlobal' }>,
  scope: ActionScope,
): void {
  const { state, receipt, parameters } = scope
  const id = receipt.receiverId
  const account = accountOf(scope)
  const cost = BigInt(code.length) * parameters.storage.globalCodePerByte
  if (account.amount < cost) {
    const failure = { account_id: id, amount: `${cost - account.amount}` }
    throw new ActionFailed({ LackBalanceForState: failure })
  }
  state.setAccount(id, { ...account, amount: account.amount - cost })
  const hash = state.addCode(code)
  state.setGlobalCode(byAccount ? { accountId: id } : { hash: fromHex(hash) }, code)
}

function useGlobal({ id }: Extract<Action, { type: 'useGlobal' }>, scope: ActionScope): void {
  const { state, receipt } = scope
  if (state.globalCode(id) === undefined) {
    const identifier = 'hash' in id ? { CodeHash: toBase58(id.hash) } : { AccountId: id.accountId }
    throw new ActionFailed({ GlobalContractDoesNotExist: { identifier } })
  }
  const code =
    'hash' in id
      ? ({ type: 'globalHash', hash: toHex(id.hash) } as const)
      : ({ type: 'globalAccount', accountId: id.accountId } as const)
  state.setAccount(receipt.receiverId, withCode(accountOf(scope), code))
}

function stake(amount: bigint, scope: ActionScope): void {
  const { state, receipt } = scope
  const account = accountOf(scope)
  const total = account.amount + account.locked
  if (amount > total) {
    const failure = {
      account_id: receipt.receiverId,
      stake: `${amount}`,
      locked: `${account.locked}`,
      balance: `${account.amount}`,
    }
    throw new ActionFailed({ TriesToStake: failure })
  }
  state.setAccount(receipt.receiverId, { ...account, locked: amount, amount: total - amount })
}

function addKey(
  { publicKey, accessKey }: Extract<Action, { type: 'addKey' }>,
  { state, receipt, height, parameters }: ActionScope,
): void {
  const id = receipt.receiverId
  if (state.key(id, publicKey) !== undefined) {
    throw new ActionFailed({ AddKeyAlreadyExists: { account_id: id, public_key: publicKey } })
  }
  // so that no old transaction is valid once more for a key that comes back
  const nonce = BigInt(height - 1) * parameters.noncesPerBlock
  state.setKey(id, publicKey, { ...accessKey, nonce })
}

function deleteAccount(beneficiaryId: string, scope: ActionScope): Receipt | undefined {
  const { state, receipt, parameters } = scope
  const id = receipt.receiverId
  const account = accountOf(scope)
  if (account.locked > 0n) throw new ActionFailed({ DeleteAccountStaking: { account_id: id } })
  if (account.storage - codeBytes(account) > parameters.storage.deletableBytes) {
    throw new ActionFailed({ DeleteAccountWithLargeState: { account_id: id } })
  }
  state.removeAccount(id)
  if (account.amount === 0n) return undefined
  return systemReceipt(scope, beneficiaryId, account.amount, receipt)
}

/** Tokens from nobody: refunds, and what a deleted account had. */
export function systemReceipt(
  { newId }: Pick<ActionScope, 'newId'>,
  receiverId: string,
  deposit: bigint,
  { signerKey }: Receipt,
  signerId = 'system',
): Receipt {
  return {
    ...{ id: newId(), predecessorId: 'system', receiverId, signerId, signerKey, gasPrice: 0n },
    ...{ actions: [{ type: 'transfer', deposit }], outputs: [], inputs: [] },
  }
}

function delegate(
  { delegate: signed, signature }: Extract<Action, { type: 'delegate' }>,
  { state, receipt, height, newId }: ActionScope,
): Receipt {
  const id = receipt.receiverId
  const fail = (kind: unknown): Error => new ActionFailed(kind)
  if (!verifySignature(signed.publicKey, signature, delegateHash(signed.bytes))) {
    throw fail('DelegateActionInvalidSignature')
  }
  if (BigInt(height) > signed.maxBlockHeight) throw fail('DelegateActionExpired')
  if (signed.senderId !== id) {
    const failure = { sender_id: signed.senderId, receiver_id: id }
    throw fail({ DelegateActionSenderDoesNotMatchTxReceiver: failure })
  }
  const key = state.key(id, signed.publicKey)
  if (key === undefined) {
    const AccessKeyNotFound = { account_id: id, public_key: signed.publicKey }
    throw fail({ DelegateActionAccessKeyError: { AccessKeyNotFound } })
  }
  if (signed.nonce <= key.nonce) {
    const failure = { delegate_nonce: Number(signed.nonce), ak_nonce: Number(key.nonce) }
    throw fail({ DelegateActionInvalidNonce: failure })
  }
  const forbidden = permissionProblem(key, signed.receiverId, signed.actions)
  if (forbidden !== undefined) throw fail({ DelegateActionAccessKeyError: forbidden })
  state.setKey(id, signed.publicKey, { ...key, nonce: signed.nonce })
  const { signerId, signerKey, gasPrice } = receipt
  return {
    ...{ id: newId(), predecessorId: id, receiverId: signed.receiverId, signerId, signerKey },
    ...{ gasPrice, actions: signed.actions, outputs: [], inputs: [] },
  }
}
