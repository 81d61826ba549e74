/** Host functions of a contract's storage. */
import { FAILURES } from '../errors.ts'
import type { Host, HostFunctions } from './functions.ts'

/** Nodes of the state's tree that a write touches. The chain counts them; here there is no tree, and this stands for them. */
const NODES_TOUCHED = 6

export function storageFunctions({ machine }: Host): HostFunctions {
  const { limits, storage } = machine.parameters
  const keyOf = (length: bigint, pointer: bigint): Uint8Array => {
    const key = machine.input(length, pointer)
    if (key.length > limits.storageKey) throw FAILURES.keyLength(key.length, limits.storageKey)
    return key
  }
  return {
    storage_write(kl = 0n, kp = 0n, vl = 0n, vp = 0n, register = 0n) {
      machine.pay('base')
      machine.prohibitInView('storage_write')
      machine.pay('storage_write_base')
      const key = keyOf(kl, kp)
      const value = machine.input(vl, vp)
      if (value.length > limits.storageValue) {
        throw FAILURES.valueLength(value.length, limits.storageValue)
      }
      machine.pay('storage_write_key_byte', key.length)
      machine.pay('storage_write_value_byte', value.length)
      machine.pay('touching_trie_node', NODES_TOUCHED)
      const old = machine.state.write(key, value.slice())
      if (old === undefined) {
        machine.storage += BigInt(key.length + value.length) + storage.bytesOfRecord
        return 0n
      }
      machine.pay('storage_write_evicted_byte', old.length)
      machine.storage += BigInt(value.length - old.length)
      machine.writeRegister(register, old)
      return 1n
    },
    storage_read(kl = 0n, kp = 0n, register = 0n) {
      machine.pay('base')
      machine.pay('storage_read_base')
      const key = keyOf(kl, kp)
      machine.pay('storage_read_key_byte', key.length)
      const value = machine.state.read(key)
      if (value === undefined) return 0n
      machine.pay('storage_read_value_byte', value.length)
      if (value.length > limits.smallRead) {
        machine.pay('storage_large_read_overhead_base')
        machine.pay('storage_large_read_overhead_byte', value.length)
      }
      machine.writeRegister(register, value)
      return 1n
    },
    storage_remove(kl = 0n, kp = 0n, register = 0n) {
      machine.pay('base')
      machine.prohibitInView('storage_remove')
      machine.pay('storage_remove_base')
      const key = keyOf(kl, kp)
      machine.pay('storage_remove_key_byte', key.length)
      machine.pay('touching_trie_node', NODES_TOUCHED)
      const old = machine.state.write(key, undefined)
      if (old === undefined) return 0n
      machine.pay('storage_remove_ret_value_byte', old.length)
      machine.storage -= BigInt(key.length + old.length) + storage.bytesOfRecord
      machine.writeRegister(register, old)
      return 1n
    },
    storage_has_key(kl = 0n, kp = 0n) {
      machine.pay('base')
      machine.pay('storage_has_key_base')
      const key = keyOf(kl, kp)
      machine.pay('storage_has_key_byte', key.length)
      return machine.state.read(key) === undefined ? 0n : 1n
    },
    storage_iter_prefix() {
      throw FAILURES.deprecated('storage_iter_prefix')
    },
    storage_iter_range() {
      throw FAILURES.deprecated('storage_iter_range')
    },
    storage_iter_next() {
      throw FAILURES.deprecated('storage_iter_next')
    },
  }
}
