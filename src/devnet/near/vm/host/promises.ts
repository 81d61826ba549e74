/** Host functions that make promises and read their results. */
import { FAILURES } from '../errors.ts'
import { unsigned } from '../machine.ts'
import type { Host, HostFunctions } from './functions.ts'

export function promiseFunctions({ machine, promises }: Host): HostFunctions {
  const inCall = (name: string): void => {
    machine.pay('base')
    machine.prohibitInView(name)
  }
  return {
    promise_batch_create(length = 0n, pointer = 0n) {
      inCall('promise_batch_create')
      return promises.create(promises.accountAt(length, pointer))
    },
    promise_batch_then(index = 0n, length = 0n, pointer = 0n) {
      inCall('promise_batch_then')
      return promises.create(promises.accountAt(length, pointer), index)
    },
    promise_and(pointer = 0n, count = 0n) {
      inCall('promise_and')
      machine.pay('promise_and_base')
      const length = unsigned(count) * 8n
      // by byte, whatever the fee is called
      machine.pay('promise_and_per_promise', length)
      const bytes = Buffer.from(machine.readMemory(pointer, length))
      const indexes = Array.from({ length: bytes.length / 8 }, (_, i) =>
        bytes.readBigUInt64LE(i * 8),
      )
      return promises.join(indexes)
    },
    promise_return(index = 0n) {
      machine.pay('base')
      machine.pay('promise_return')
      machine.prohibitInView('promise_return')
      promises.return(index)
    },
    promise_results_count() {
      inCall('promise_results_count')
      return BigInt(machine.context.results.length)
    },
    promise_result(index = 0n, register = 0n) {
      inCall('promise_result')
      const { results } = machine.context
      if (unsigned(index) >= BigInt(results.length)) throw FAILURES.resultIndex(unsigned(index))
      const result = results[Number(index)]
      if (result === undefined) return 2n
      machine.writeRegister(register, result, true)
      return 1n
    },
  }
}
