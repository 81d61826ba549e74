/** `EXPERIMENTAL_protocol_config` and `EXPERIMENTAL_genesis_config`: the parameters in the form that clients read. */
import type { Chain } from '../chain/chain.ts'
import { REGISTRAR } from '../chain/actions.ts'
import type { Fee } from '../parameters.ts'

const CHUNK_GAS = 1_000_000_000_000_000

function cost({ self, other, execution }: Fee): object {
  return {
    send_sir: Number(self),
    send_not_sir: Number(other),
    execution: Number(execution),
  }
}

export function protocolConfig({ blocks, chainId, parameters, totalSupply }: Chain): object {
  const { fees, host, storage, wasm, limits } = parameters
  const hostFees = Object.fromEntries(
    Object.entries(host).map(([name, gas]) => [name, Number(gas)]),
  )
  return {
    protocol_version: parameters.protocolVersion,
    genesis_time: new Date(Number(blocks.genesis.timestamp / 1_000_000n)).toISOString(),
    chain_id: chainId,
    genesis_height: blocks.genesis.height,
    num_block_producer_seats: 1,
    epoch_length: parameters.epochBlocks,
    gas_limit: CHUNK_GAS,
    min_gas_price: `${parameters.gasPrice}`,
    max_gas_price: `${parameters.gasPrice}`,
    transaction_validity_period: parameters.validityBlocks,
    minimum_stake_ratio: [1, 6_250],
    total_supply: `${totalSupply}`,
    runtime_config: {
      storage_amount_per_byte: `${storage.amountPerByte}`,
      transaction_costs: {
        action_receipt_creation_config: cost(fees.receipt),
        data_receipt_creation_config: {
          base_cost: cost(fees.data),
          cost_per_byte: cost(fees.dataByte),
        },
        action_creation_config: {
          create_account_cost: cost(fees.createAccount),
          deploy_contract_cost: cost(fees.deploy),
          deploy_contract_cost_per_byte: cost(fees.deployByte),
          function_call_cost: cost(fees.call),
          function_call_cost_per_byte: cost(fees.callByte),
          transfer_cost: cost(fees.transfer),
          stake_cost: cost(fees.stake),
          add_key_cost: {
            full_access_cost: cost(fees.addFullKey),
            function_call_cost: cost(fees.addCallKey),
            function_call_cost_per_byte: cost(fees.addCallKeyByte),
          },
          delete_key_cost: cost(fees.deleteKey),
          delete_account_cost: cost(fees.deleteAccount),
          delegate_cost: cost(fees.delegate),
        },
        storage_usage_config: {
          num_bytes_account: Number(storage.bytesOfAccount),
          num_extra_bytes_record: Number(storage.bytesOfRecord),
        },
        burnt_gas_reward: [
          Number(parameters.reward.numerator),
          Number(parameters.reward.denominator),
        ],
        pessimistic_gas_price_inflation_ratio: [1, 1],
      },
      wasm_config: {
        ext_costs: hostFees,
        regular_op_cost: wasm.operationCost,
        limit_config: {
          max_gas_burnt: Number(parameters.maxGasBurnt),
          max_total_prepaid_gas: Number(parameters.maxTotalPrepaidGas),
          max_memory_pages: wasm.memory.max,
          initial_memory_pages: wasm.memory.initial,
          max_stack_height: wasm.frames.limit,
          max_contract_size: limits.contractBytes,
          max_length_storage_key: limits.storageKey,
          max_length_storage_value: limits.storageValue,
        },
      },
      account_creation_config: {
        min_allowed_top_level_account_length: 65,
        registrar_account_id: REGISTRAR,
      },
    },
  }
}
