/** Host functions about validators, of which a local chain has none that stakes, and those that are known and not emulated. */
import { FAILURES } from '../errors.ts'
import type { Host, HostFunctions } from './functions.ts'

/** An SDK's types name every action, so contracts import these without calling them. */
const NOT_EMULATED = [
  'promise_batch_action_transfer_to_gas_key',
  'promise_batch_action_add_gas_key_with_full_access',
  'promise_batch_action_add_gas_key_with_function_call',
  'promise_batch_action_universal_state_init',
  'promise_batch_action_state_init',
  'promise_batch_action_state_init_by_account_id',
  'set_state_init_data_entry',
  'promise_set_refund_to',
  'current_contract_code',
  'promise_yield_create',
  'promise_yield_create_with_id',
  'promise_yield_resume',
  'promise_yield_resume_with_yield_id',
  'p256_verify',
  'ml_dsa_verify',
  'sha3_256',
  'sha3_384',
  'sha3_512',
  'alt_bn128_g1_multiexp',
  'alt_bn128_g1_sum',
  'alt_bn128_pairing_check',
  'bls12381_p1_sum',
  'bls12381_p2_sum',
  'bls12381_g1_multiexp',
  'bls12381_g2_multiexp',
  'bls12381_map_fp_to_g1',
  'bls12381_map_fp2_to_g2',
  'bls12381_pairing_check',
  'bls12381_p1_decompress',
  'bls12381_p2_decompress',
] as const

export function validatorFunctions({ machine, promises }: Host): HostFunctions {
  return {
    validator_stake(length = 0n, pointer = 0n, out = 0n) {
      machine.pay('base')
      promises.accountAt(length, pointer)
      machine.pay('validator_stake_base')
      machine.writeU128(out, 0n)
    },
    validator_total_stake(out = 0n) {
      machine.pay('base')
      machine.pay('validator_total_stake_base')
      machine.writeU128(out, 1n)
    },
    ...Object.fromEntries(
      NOT_EMULATED.map((name) => [
        name,
        () => {
          throw FAILURES.notEmulated(name)
        },
      ]),
    ),
  }
}
