/** Host functions about registers, who calls, the block, balances, and what is returned or logged. */
import { utf8 } from '../../../../node/primitives/bytes.ts'
import { FAILURES } from '../errors.ts'
import type { Host, HostFunctions } from './functions.ts'

export function environmentFunctions({ machine }: Host): HostFunctions {
  const { context } = machine
  const base = (): void => machine.pay('base')
  const inCall = (name: string): void => {
    base()
    machine.prohibitInView(name)
  }
  return {
    read_register(id = 0n, pointer = 0n) {
      base()
      machine.writeMemory(pointer, machine.readRegister(id))
    },
    register_len(id = 0n) {
      base()
      return machine.registerLength(id)
    },
    write_register(id = 0n, length = 0n, pointer = 0n) {
      base()
      machine.writeRegister(id, machine.readMemory(pointer, length))
    },
    current_account_id(register = 0n) {
      base()
      machine.writeRegister(register, utf8(context.accountId))
    },
    chain_id(register = 0n) {
      base()
      machine.writeRegister(register, utf8(context.chainId))
    },
    signer_account_id(register = 0n) {
      inCall('signer_account_id')
      machine.writeRegister(register, utf8(context.signerId))
    },
    signer_account_pk(register = 0n) {
      inCall('signer_account_pk')
      machine.writeRegister(register, context.signerKey)
    },
    predecessor_account_id(register = 0n) {
      inCall('predecessor_account_id')
      machine.writeRegister(register, utf8(context.predecessorId))
    },
    refund_to_account_id(register = 0n) {
      inCall('refund_to_account_id')
      machine.writeRegister(register, utf8(context.predecessorId))
    },
    input(register = 0n) {
      base()
      machine.writeRegister(register, context.input, true)
    },
    block_index() {
      base()
      return BigInt(context.height)
    },
    block_timestamp() {
      base()
      return context.timestamp
    },
    epoch_height() {
      base()
      return BigInt(context.epoch)
    },
    storage_usage() {
      base()
      return machine.storage
    },
    account_balance(pointer = 0n) {
      base()
      machine.writeU128(pointer, machine.balance)
    },
    account_locked_balance(pointer = 0n) {
      base()
      machine.writeU128(pointer, context.locked)
    },
    attached_deposit(pointer = 0n) {
      base()
      machine.writeU128(pointer, context.deposit)
    },
    prepaid_gas() {
      inCall('prepaid_gas')
      return context.gas
    },
    used_gas() {
      inCall('used_gas')
      return context.gas - machine.gasLeft
    },
    random_seed(register = 0n) {
      base()
      machine.writeRegister(register, context.seed)
    },
    gas(operations = 0n) {
      machine.burn(
        BigInt.asUintN(32, BigInt(operations)) * BigInt(machine.parameters.wasm.operationCost),
      )
    },
    value_return(length = 0n, pointer = 0n) {
      base()
      const value = machine.input(length, pointer)
      const { returnBytes } = machine.parameters.limits
      if (value.length > returnBytes) throw FAILURES.returnLength(value.length, returnBytes)
      const { self, execution } = machine.parameters.fees.dataByte
      machine.burn((self + execution) * BigInt(value.length * context.outputs))
      machine.value = value.slice()
    },
    panic() {
      base()
      throw FAILURES.panic('explicit guest panic')
    },
    panic_utf8(length = 0n, pointer = 0n) {
      base()
      throw FAILURES.panic(machine.text(length, pointer))
    },
    log_utf8(length = 0n, pointer = 0n) {
      base()
      machine.checkLogs()
      machine.log(machine.text(length, pointer))
    },
    log_utf16(length = 0n, pointer = 0n) {
      base()
      machine.checkLogs()
      machine.log(machine.text16(length, pointer))
    },
    abort(message = 0n, file = 0n, line = 0n, column = 0n) {
      base()
      const read = (at: bigint): string => {
        const pointer = BigInt.asUintN(32, BigInt(at))
        if (pointer < 4n) throw FAILURES.utf16()
        const length = Buffer.from(machine.readMemory(pointer - 4n, 4n)).readUInt32LE()
        return machine.text16(BigInt(length), pointer)
      }
      const text = `${read(message)}, filename: "${read(file)}" line: ${line} col: ${column}`
      machine.checkLogs()
      machine.log(text, 'ABORT: ')
      throw FAILURES.panic(text)
    },
  }
}
