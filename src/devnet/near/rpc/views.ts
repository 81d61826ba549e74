/** Keys, actions, receipts, transactions and outcomes as they stand in answers. */
import { toBase58 } from '../../../node/primitives/bytes.ts'
import { sha256 } from '../../../node/primitives/hash.ts'
import { codeHashText } from '../state.ts'
import type {
  AccessKey,
  Account,
  Action,
  Outcome,
  OutcomeStatus,
  Receipt,
  Signature,
  Transaction,
} from '../types.ts'

export function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64')
}

export function fromBase64(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'base64'))
}

export function accountView(account: Account): object {
  const { code } = account
  return {
    amount: `${account.amount}`,
    locked: `${account.locked}`,
    code_hash: codeHashText(account),
    storage_usage: Number(account.storage),
    storage_paid_at: 0,
    ...(code.type === 'globalHash'
      ? { global_contract_hash: toBase58(Buffer.from(code.hash, 'hex')) }
      : {}),
    ...(code.type === 'globalAccount' ? { global_contract_account_id: code.accountId } : {}),
  }
}

export function accessKeyView({ nonce, permission }: AccessKey): object {
  return { nonce: Number(nonce), permission: permissionView(permission) }
}

function permissionView(permission: AccessKey['permission']): unknown {
  if (permission === 'full') return 'FullAccess'
  const { allowance, receiverId, methods } = permission
  return {
    FunctionCall: {
      allowance: allowance === undefined ? null : `${allowance}`,
      receiver_id: receiverId,
      method_names: methods,
    },
  }
}

function signatureView({ type, bytes }: Signature): string {
  return `${type}:${toBase58(bytes)}`
}

/** An action; of code only its hash is shown. */
function actionView(action: Action): unknown {
  switch (action.type) {
    case 'create':
      return 'CreateAccount'
    case 'deploy':
      return { DeployContract: { code: base64(sha256(action.code)) } }
    case 'call': {
      const { method, args, gas, deposit } = action
      const call = { method_name: method, args: base64(args), gas: Number(gas) }
      return { FunctionCall: { ...call, deposit: `${deposit}` } }
    }
    case 'transfer':
      return { Transfer: { deposit: `${action.deposit}` } }
    case 'stake':
      return { Stake: { stake: `${action.stake}`, public_key: action.publicKey } }
    case 'addKey': {
      const access_key = accessKeyView(action.accessKey)
      return { AddKey: { public_key: action.publicKey, access_key } }
    }
    case 'deleteKey':
      return { DeleteKey: { public_key: action.publicKey } }
    case 'deleteAccount':
      return { DeleteAccount: { beneficiary_id: action.beneficiaryId } }
    case 'delegate': {
      const { delegate } = action
      const delegate_action = {
        sender_id: delegate.senderId,
        receiver_id: delegate.receiverId,
        actions: delegate.actions.map(actionView),
        nonce: Number(delegate.nonce),
        max_block_height: Number(delegate.maxBlockHeight),
        public_key: delegate.publicKey,
      }
      return { Delegate: { delegate_action, signature: signatureView(action.signature) } }
    }
    case 'deployGlobal': {
      const name = action.byAccount ? 'DeployGlobalContractByAccountId' : 'DeployGlobalContract'
      return { [name]: { code: base64(sha256(action.code)) } }
    }
    case 'useGlobal':
      return 'hash' in action.id
        ? { UseGlobalContract: { code_hash: toBase58(action.id.hash) } }
        : { UseGlobalContractByAccountId: { account_id: action.id.accountId } }
  }
}

export function transactionView(transaction: Transaction): object {
  return {
    signer_id: transaction.signerId,
    public_key: transaction.publicKey,
    nonce: Number(transaction.nonce),
    receiver_id: transaction.receiverId,
    actions: transaction.actions.map(actionView),
    priority_fee: 0,
    signature: signatureView(transaction.signature),
    hash: transaction.hash,
  }
}

export function receiptView(receipt: Receipt): object {
  const outputs = receipt.outputs.map(({ dataId, receiverId }) => ({
    data_id: dataId,
    receiver_id: receiverId,
  }))
  return {
    predecessor_id: receipt.predecessorId,
    receiver_id: receipt.receiverId,
    receipt_id: receipt.id,
    receipt: {
      Action: {
        signer_id: receipt.signerId,
        signer_public_key: receipt.signerKey,
        gas_price: `${receipt.gasPrice}`,
        output_data_receivers: outputs,
        input_data_ids: receipt.inputs,
        actions: receipt.actions.map(actionView),
        is_promise_yield: false,
      },
    },
    priority: 0,
  }
}

export function statusView(status: OutcomeStatus): object {
  switch (status.type) {
    case 'value':
      return { SuccessValue: base64(status.value) }
    case 'receipt':
      return { SuccessReceiptId: status.id }
    case 'failure':
      return { Failure: status.error }
  }
}

export function outcomeView(outcome: Outcome): object {
  return {
    proof: [],
    block_hash: outcome.blockHash,
    id: outcome.id,
    outcome: {
      logs: outcome.logs,
      receipt_ids: outcome.receiptIds,
      gas_burnt: Number(outcome.gasBurnt),
      tokens_burnt: `${outcome.tokensBurnt}`,
      executor_id: outcome.executorId,
      status: statusView(outcome.status),
      metadata: { version: 3, gas_profile: [] },
    },
  }
}
