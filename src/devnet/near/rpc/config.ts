/** `EXPERIMENTAL_protocol_config` and `EXPERIMENTAL_genesis_config`: the parameters in the form that clients read. */
import { REGISTRAR } from '../chain/actions.ts'
import type { Chain } from '../chain/chain.ts'
import type { Fee, Parameters } from '../parameters.ts'
import { CHUNK_GAS, VALIDATOR } from './blocks.ts'

function cost({ self, other, execution }: Fee): object {
  return {
    send_sir: Number(self),
    send_not_sir: Number(other),
    execution: Number(execution),
  }
}

export function protocolConfig(chain: Chain): object {
  const { blocks, chainId, parameters, totalSupply } = chain
  return {
    ...CONSENSUS,
    protocol_version: parameters.protocolVersion,
    genesis_time: new Date(Number(blocks.genesis.timestamp / 1_000_000n)).toISOString(),
    chain_id: chainId,
    genesis_height: blocks.genesis.height,
    epoch_length: parameters.epochBlocks,
    min_gas_price: `${parameters.gasPrice}`,
    max_gas_price: `${parameters.gasPrice}`,
    transaction_validity_period: parameters.validityBlocks,
    total_supply: `${totalSupply}`,
    runtime_config: {
      storage_amount_per_byte: `${parameters.storage.amountPerByte}`,
      transaction_costs: transactionCosts(parameters),
      wasm_config: wasmConfig(parameters),
      account_creation_config: {
        min_allowed_top_level_account_length: 65,
        registrar_account_id: REGISTRAR,
      },
      ...CONGESTION,
    },
  }
}

function transactionCosts({ fees, storage, reward }: Parameters): object {
  return {
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
    burnt_gas_reward: [Number(reward.numerator), Number(reward.denominator)],
    pessimistic_gas_price_inflation_ratio: [1, 1],
  }
}

function wasmConfig({ host, limits, wasm, ...parameters }: Parameters): object {
  const { features, frames, memory } = wasm
  return {
    ext_costs: Object.fromEntries(Object.entries(host).map(([name, gas]) => [name, Number(gas)])),
    regular_op_cost: wasm.operationCost,
    grow_mem_cost: 1,
    vm_kind: 'Wasmtime',
    storage_get_mode: 'FlatStorage',
    discard_custom_sections: true,
    eth_implicit_accounts: true,
    fix_contract_loading_cost: false,
    global_contract_host_fns: true,
    implicit_account_creation: true,
    reftypes_bulk_memory: features.bulkMemory && features.referenceTypes,
    saturating_float_to_int: features.saturatingFloats,
    limit_config: {
      account_id_validity_rules_version: 2,
      initial_memory_pages: memory.initial,
      max_memory_pages: memory.max,
      max_stack_height: frames.limit,
      contract_prepare_version: 2,
      max_gas_burnt: Number(parameters.maxGasBurnt),
      max_total_prepaid_gas: Number(parameters.maxTotalPrepaidGas),
      max_actions_per_receipt: limits.actions,
      max_arguments_length: limits.argsBytes,
      max_contract_size: limits.contractBytes,
      max_functions_number_per_contract: wasm.limits.functions,
      max_locals_per_contract: wasm.limits.locals,
      max_length_method_name: limits.methodName,
      max_length_returned_data: limits.returnBytes,
      max_length_storage_key: limits.storageKey,
      max_length_storage_value: limits.storageValue,
      max_number_bytes_method_names: limits.methodNames,
      max_number_input_data_dependencies: limits.inputs,
      max_number_logs: limits.logs,
      max_number_registers: limits.registers,
      max_promises_per_function_call_action: limits.promises,
      max_receipt_size: limits.receiptBytes,
      max_register_size: limits.registerBytes,
      max_total_log_length: limits.logBytes,
      max_transaction_size: limits.transactionBytes,
      max_yield_payload_size: 1_024,
      per_receipt_storage_proof_size_limit: 4_000_000,
      registers_memory_limit: limits.registersMemory,
      yield_timeout_length_in_blocks: 200,
    },
  }
}

/** Of consensus, which there is none of here: what the public networks say, as far as one validator can. */
const CONSENSUS = {
  num_block_producer_seats: 1,
  num_block_producer_seats_per_shard: [1],
  avg_hidden_validator_seats_per_shard: [0],
  minimum_validators_per_shard: 1,
  target_validator_mandates_per_shard: 1,
  shuffle_shard_assignment_for_chunk_producers: false,
  dynamic_resharding: false,
  shard_layout: { V0: { num_shards: 1, version: 0 } },
  gas_limit: CHUNK_GAS,
  gas_price_adjustment_rate: [1, 100],
  block_producer_kickout_threshold: 80,
  chunk_producer_kickout_threshold: 80,
  chunk_validator_only_kickout_threshold: 70,
  max_kickout_stake_perc: 30,
  online_min_threshold: [9, 10],
  online_max_threshold: [99, 100],
  minimum_stake_ratio: [1, 6_250],
  minimum_stake_divisor: 10,
  fishermen_threshold: '340282366920938463463374607431768211455',
  protocol_upgrade_stake_threshold: [4, 5],
  protocol_treasury_account: VALIDATOR,
  protocol_reward_rate: [1, 10],
  max_inflation_rate: [0, 1],
  num_blocks_per_year: 31_536_000,
}

/** Of congestion between shards, of which there is one. */
const CONGESTION = {
  congestion_control_config: {
    max_congestion_incoming_gas: 400_000_000_000_000_000,
    max_congestion_outgoing_gas: 10_000_000_000_000_000,
    max_congestion_memory_consumption: 1_000_000_000,
    max_congestion_missed_chunks: 125,
    max_outgoing_gas: 300_000_000_000_000_000,
    min_outgoing_gas: 1_000_000_000_000_000,
    allowed_shard_outgoing_gas: 1_000_000_000_000_000,
    max_tx_gas: 500_000_000_000_000,
    min_tx_gas: 20_000_000_000_000,
    reject_tx_congestion_threshold: 0.8,
    outgoing_receipts_usual_size_limit: 102_400,
    outgoing_receipts_big_size_limit: 4_718_592,
  },
  witness_config: {
    main_storage_proof_size_soft_limit: 4_000_000,
    combined_transactions_size_limit: 4_194_304,
    new_transactions_validation_state_size_soft_limit: 572_864,
  },
}
