/** Host functions that add actions to promises. */
import type { Action, AccessKey, GlobalCodeId } from '../../types.ts'
import { FAILURES } from '../errors.ts'
import { decodeUtf8, unsigned } from '../machine.ts'
import type { Host, HostFunction, HostFunctions } from './functions.ts'

export function actionFunctions(host: Host): HostFunctions {
  const { machine, promises } = host
  const { fees, limits } = machine.parameters
  const begin = (name: string): void => {
    machine.pay('base')
    machine.prohibitInView(name)
  }
  const methodAt = (length: bigint, pointer: bigint): { name: string; length: number } => {
    const bytes = machine.input(length, pointer)
    if (bytes.length === 0) throw FAILURES.emptyMethodName()
    try {
      return { name: decodeUtf8(bytes), length: bytes.length }
    } catch {
      throw FAILURES.methodName()
    }
  }
  const code = (length: bigint, pointer: bigint): Uint8Array => {
    const bytes = machine.input(length, pointer)
    if (bytes.length > limits.contractBytes) {
      throw FAILURES.contractSize(bytes.length, limits.contractBytes)
    }
    return bytes.slice()
  }
  const deployGlobal =
    (name: string, byAccount: boolean): HostFunction =>
    (index = 0n, length = 0n, pointer = 0n) => {
      begin(name)
      const bytes = code(length, pointer)
      const paid = [[fees.deployGlobal, 1] as const, [fees.deployGlobalByte, bytes.length] as const]
      promises.append(index, paid, () => ({ type: 'deployGlobal', code: bytes, byAccount }))
    }
  const useGlobal = (index: bigint, id: GlobalCodeId, length: number): void => {
    const paid = [[fees.useGlobal, 1] as const, [fees.useGlobalByte, length] as const]
    promises.append(index, paid, () => ({ type: 'useGlobal', id }))
  }
  const call: HostFunction = (
    index = 0n,
    ml = 0n,
    mp = 0n,
    al = 0n,
    ap = 0n,
    amount = 0n,
    gas = 0n,
    weight = 0n,
  ) => {
    begin('promise_batch_action_function_call_weight')
    const deposit = machine.readU128(amount)
    const method = methodAt(ml, mp)
    const args = machine.input(al, ap).slice()
    const action = { type: 'call', method: method.name, args, gas: unsigned(gas), deposit } as const
    promises.appendCall(index, action, method.length, unsigned(weight))
  }
  const functions: HostFunctions = {
    promise_batch_action_create_account(index = 0n) {
      begin('promise_batch_action_create_account')
      promises.append(index, [[fees.createAccount, 1]], () => ({ type: 'create' }))
    },
    promise_batch_action_deploy_contract(index = 0n, length = 0n, pointer = 0n) {
      begin('promise_batch_action_deploy_contract')
      const bytes = code(length, pointer)
      const paid = [[fees.deploy, 1] as const, [fees.deployByte, bytes.length] as const]
      promises.append(index, paid, () => ({ type: 'deploy', code: bytes }))
    },
    promise_batch_action_deploy_global_contract: deployGlobal(
      'promise_batch_action_deploy_global_contract',
      false,
    ),
    promise_batch_action_deploy_global_contract_by_account_id: deployGlobal(
      'promise_batch_action_deploy_global_contract_by_account_id',
      true,
    ),
    promise_batch_action_use_global_contract(index = 0n, length = 0n, pointer = 0n) {
      begin('promise_batch_action_use_global_contract')
      const hash = machine.input(length, pointer).slice()
      if (hash.length !== 32) throw FAILURES.codeHash()
      useGlobal(index, { hash }, hash.length)
    },
    promise_batch_action_use_global_contract_by_account_id(index = 0n, length = 0n, pointer = 0n) {
      begin('promise_batch_action_use_global_contract_by_account_id')
      const accountId = promises.accountAt(length, pointer)
      useGlobal(index, { accountId }, accountId.length)
    },
    promise_batch_action_function_call: (...args) => call(...args.slice(0, 7)),
    promise_batch_action_function_call_weight: call,
    promise_batch_action_transfer(index = 0n, amount = 0n) {
      begin('promise_batch_action_transfer')
      const deposit = machine.readU128(amount)
      promises.appendTransfer(index, deposit)
    },
    promise_batch_action_stake(index = 0n, amount = 0n, length = 0n, pointer = 0n) {
      begin('promise_batch_action_stake')
      const stake = machine.readU128(amount)
      const publicKey = promises.keyAt(length, pointer)
      promises.append(index, [[fees.stake, 1]], () => ({ type: 'stake', stake, publicKey }))
    },
    promise_batch_action_add_key_with_full_access(
      index = 0n,
      length = 0n,
      pointer = 0n,
      nonce = 0n,
    ) {
      begin('promise_batch_action_add_key_with_full_access')
      const publicKey = promises.keyAt(length, pointer)
      const accessKey: AccessKey = { nonce: unsigned(nonce), permission: 'full' }
      const make = (): Action => ({ type: 'addKey', publicKey, accessKey })
      promises.append(index, [[fees.addFullKey, 1]], make)
    },
    promise_batch_action_add_key_with_function_call(
      index = 0n,
      length = 0n,
      pointer = 0n,
      nonce = 0n,
      amount = 0n,
      rl = 0n,
      rp = 0n,
      ml = 0n,
      mp = 0n,
    ) {
      begin('promise_batch_action_add_key_with_function_call')
      const publicKey = promises.keyAt(length, pointer)
      const allowance = machine.readU128(amount)
      const receiverId = promises.accountAt(rl, rp)
      const names = decodeUtf8(machine.input(ml, mp))
      const methods = names === '' ? [] : names.split(',')
      if (methods.some((name) => name === '')) throw FAILURES.emptyMethodName()
      const permission = {
        allowance: allowance === 0n ? undefined : allowance,
        receiverId,
        methods,
      }
      const bytes = methods.reduce((sum, name) => sum + Buffer.byteLength(name) + 1, 0)
      const paid = [[fees.addCallKey, 1] as const, [fees.addCallKeyByte, bytes] as const]
      const accessKey: AccessKey = { nonce: unsigned(nonce), permission }
      promises.append(index, paid, () => ({ type: 'addKey', publicKey, accessKey }))
    },
    promise_batch_action_delete_key(index = 0n, length = 0n, pointer = 0n) {
      begin('promise_batch_action_delete_key')
      const publicKey = promises.keyAt(length, pointer)
      promises.append(index, [[fees.deleteKey, 1]], () => ({ type: 'deleteKey', publicKey }))
    },
    promise_batch_action_delete_account(index = 0n, length = 0n, pointer = 0n) {
      begin('promise_batch_action_delete_account')
      const beneficiaryId = promises.accountAt(length, pointer)
      const make = (): Action => ({ type: 'deleteAccount', beneficiaryId })
      promises.append(index, [[fees.deleteAccount, 1]], make)
    },
    promise_create(al = 0n, ap = 0n, ...rest) {
      begin('promise_batch_create')
      const index = promises.create(promises.accountAt(al, ap))
      call(index, ...rest)
      return index
    },
    promise_then(after = 0n, al = 0n, ap = 0n, ...rest) {
      begin('promise_batch_then')
      const index = promises.create(promises.accountAt(al, ap), after)
      call(index, ...rest)
      return index
    },
  }
  return functions
}
