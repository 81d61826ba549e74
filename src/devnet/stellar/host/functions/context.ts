/** Functions that tell a contract where it runs (module `x`), and one for tests (`t`). */
import { contractError, hostError } from '../../value/errors.ts'
import { compareValues } from '../../value/order.ts'
import { textOfBytes } from '../../value/scval.ts'
import { errorOf, TAG, VOID } from '../../value/word.ts'
import { memoryAt, readValues } from '../../vm/memory.ts'
import { EVENT } from '../events.ts'
import {
  ERROR,
  fn,
  GIVE_ADDRESS,
  GIVE_BYTES,
  GIVE_PLAIN,
  GIVE_U32,
  GIVE_VALUE,
  giveNumber,
  type HostFunctions,
  NOTHING,
  U32,
  VALUE,
  VEC,
} from './define.ts'

export const CONTEXT_FUNCTIONS: HostFunctions = {
  _: fn(
    'log_from_linear_memory',
    [U32, U32, U32, U32],
    NOTHING,
    (host, at, length, values, count) => {
      const message = textOfBytes(memoryAt(host, at, length).slice())
      host.log(message, readValues(host, values, count))
    },
  ),
  0: fn('obj_cmp', [VALUE, VALUE], GIVE_PLAIN, ({ objects }, a, b) =>
    BigInt(compareValues(objects, a, b)),
  ),
  1: fn('contract_event', [VEC, VALUE], NOTHING, (host, topics, data) =>
    host.emit(EVENT.contract, topics, data),
  ),
  2: fn('get_ledger_version', [], GIVE_U32, ({ protocol }) => protocol),
  3: fn('get_ledger_sequence', [], GIVE_U32, ({ info }) => info.sequence),
  4: fn('get_ledger_timestamp', [], giveNumber(TAG.u64), ({ info }) => info.timestamp),
  5: fn('fail_with_error', [ERROR], NOTHING, (_, error) => {
    const { type, code } = errorOf(error)
    if (type === 0) throw contractError(code, 'failing with contract error')
    const detail = 'contract attempted to fail with a non-contract error'
    throw hostError('Context', 'UnexpectedType', detail)
  }),
  6: fn('get_ledger_network_id', [], GIVE_BYTES, ({ info }) => info.networkId),
  7: fn('get_current_contract_address', [], GIVE_ADDRESS, ({ contract }) => contract),
  8: fn('get_max_live_until_ledger', [], GIVE_U32, ({ storage }) => storage.longestLife),
}

export const TEST_FUNCTIONS: HostFunctions = {
  _: fn('dummy0', [], GIVE_VALUE, () => VOID),
}
