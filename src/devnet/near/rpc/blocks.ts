/** Blocks and chunks as they stand in answers, and what says how the chain is. */
import { toBase58, utf8 } from '../../../node/primitives/bytes.ts'
import { sha256 } from '../../../node/primitives/hash.ts'
import type { Chain } from '../chain/chain.ts'
import type { Block } from '../types.ts'

/** The one validator there is, on paper. */
export const VALIDATOR = 'node0'
const ZEROS = toBase58(new Uint8Array(32))
export const NO_KEY: string = `ed25519:${ZEROS}`
const NO_SIGNATURE = `ed25519:${toBase58(new Uint8Array(64))}`
/** Gas that a chunk may burn. */
export const CHUNK_GAS = 1_000_000_000_000_000

/** A hash that a block stands for; there are no trees behind these. */
function namedHash(block: Block, name: string): string {
  return toBase58(sha256(utf8(`${name}\0${block.hash}`)))
}

export function chunkHash(block: Block): string {
  return namedHash(block, 'chunk')
}

export function stateRoot(block: Block): string {
  return namedHash(block, 'state')
}

/** The block that was final when `block` was the newest. */
function finalBefore({ blocks }: Chain, block: Block, behind: number): string {
  let at = block
  for (let i = 0; i < behind; i++) at = blocks.byHash(at.previousHash) ?? at
  return at.hash
}

export function headerView(chain: Chain, block: Block): object {
  return {
    height: block.height,
    prev_height: block.previousHeight,
    epoch_id: ZEROS,
    next_epoch_id: ZEROS,
    hash: block.hash,
    prev_hash: block.previousHash,
    prev_state_root: stateRoot(block),
    chunk_receipts_root: ZEROS,
    chunk_headers_root: ZEROS,
    chunk_tx_root: ZEROS,
    outcome_root: ZEROS,
    chunks_included: 1,
    challenges_root: ZEROS,
    timestamp: Number(block.timestamp),
    timestamp_nanosec: `${block.timestamp}`,
    random_value: toBase58(block.seed),
    validator_proposals: [],
    chunk_mask: [true],
    gas_price: `${chain.parameters.gasPrice}`,
    block_ordinal: block.height,
    rent_paid: '0',
    validator_reward: '0',
    total_supply: `${chain.totalSupply}`,
    challenges_result: [],
    last_final_block: finalBefore(chain, block, 2),
    last_ds_final_block: finalBefore(chain, block, 1),
    next_bp_hash: ZEROS,
    block_merkle_root: ZEROS,
    epoch_sync_data_hash: null,
    approvals: [],
    signature: NO_SIGNATURE,
    latest_protocol_version: chain.parameters.protocolVersion,
  }
}

export function chunkHeaderView(block: Block): object {
  return {
    chunk_hash: chunkHash(block),
    prev_block_hash: block.previousHash,
    outcome_root: ZEROS,
    prev_state_root: stateRoot(block),
    encoded_merkle_root: ZEROS,
    encoded_length: 8,
    height_created: block.height,
    height_included: block.height,
    shard_id: 0,
    gas_used: 0,
    gas_limit: CHUNK_GAS,
    rent_paid: '0',
    validator_reward: '0',
    balance_burnt: '0',
    outgoing_receipts_root: ZEROS,
    tx_root: ZEROS,
    validator_proposals: [],
    signature: NO_SIGNATURE,
  }
}

export function statusAnswer({ blocks, chainId, parameters }: Chain, listen: string): object {
  const { genesis, head } = blocks
  const time = (block: Block): string =>
    new Date(Number(block.timestamp / 1_000_000n)).toISOString()
  return {
    version: { version: 'merogate', build: 'devnet', commit: '', rustc_version: '' },
    chain_id: chainId,
    protocol_version: parameters.protocolVersion,
    latest_protocol_version: parameters.protocolVersion,
    rpc_addr: listen,
    validators: [{ account_id: VALIDATOR, is_slashed: false }],
    genesis_hash: genesis.hash,
    node_public_key: NO_KEY,
    node_key: null,
    validator_account_id: VALIDATOR,
    validator_public_key: null,
    uptime_sec: Number((head.timestamp - genesis.timestamp) / 1_000_000_000n),
    detailed_debug_status: null,
    sync_info: {
      latest_block_hash: head.hash,
      latest_block_height: head.height,
      latest_state_root: stateRoot(head),
      latest_block_time: time(head),
      syncing: false,
      earliest_block_hash: genesis.hash,
      earliest_block_height: genesis.height,
      earliest_block_time: time(genesis),
      epoch_id: ZEROS,
      epoch_start_height: 0,
    },
  }
}

export function validatorsAnswer({ blocks, parameters }: Chain): object {
  const validator = {
    ...{ account_id: VALIDATOR, public_key: NO_KEY, is_slashed: false, shards: [0] },
    ...{ stake: '50000000000000000000000000000000' },
    ...{ num_produced_blocks: 1, num_expected_blocks: 1 },
    ...{ num_produced_chunks: 1, num_expected_chunks: 1 },
  }
  return {
    current_validators: [validator],
    ...{ next_validators: [], current_fishermen: [], next_fishermen: [], current_proposals: [] },
    prev_epoch_kickout: [],
    epoch_start_height: 0,
    epoch_height: Math.floor(blocks.head.height / parameters.epochBlocks),
  }
}
