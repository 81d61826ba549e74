/** All functions of the host, by the names that contracts import them under. */
import { ADDRESS_FUNCTIONS } from './addresses.ts'
import { BUFFER_FUNCTIONS } from './buffers.ts'
import { MAP_FUNCTIONS, VEC_FUNCTIONS } from './collections.ts'
import { CONTEXT_FUNCTIONS, TEST_FUNCTIONS } from './context.ts'
import { CRYPTO_FUNCTIONS, RANDOM_FUNCTIONS } from './crypto.ts'
import type { HostFunction, HostFunctions } from './define.ts'
import { INTEGER_FUNCTIONS } from './integers.ts'
import { CALL_FUNCTIONS, LEDGER_FUNCTIONS } from './ledger.ts'

/** By module. */
const MODULES: Readonly<Record<string, HostFunctions>> = {
  a: ADDRESS_FUNCTIONS,
  b: BUFFER_FUNCTIONS,
  c: CRYPTO_FUNCTIONS,
  d: CALL_FUNCTIONS,
  i: INTEGER_FUNCTIONS,
  l: LEDGER_FUNCTIONS,
  m: MAP_FUNCTIONS,
  p: RANDOM_FUNCTIONS,
  t: TEST_FUNCTIONS,
  v: VEC_FUNCTIONS,
  x: CONTEXT_FUNCTIONS,
}

/** By module and name, `a._`. */
export const HOST_FUNCTIONS: ReadonlyMap<string, HostFunction> = new Map(
  Object.entries(MODULES).flatMap(([module, functions]) =>
    Object.entries(functions).map(([name, one]) => [`${module}.${name}`, one] as const),
  ),
)
