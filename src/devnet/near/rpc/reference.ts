/** Which block a request is about, and the state when it ended. */
import { z } from 'zod'
import type { Chain } from '../chain/chain.ts'
import type { StateView } from '../state.ts'
import type { Block } from '../types.ts'
import { failure } from './errors.ts'

const FINALITIES = ['optimistic', 'near-final', 'final'] as const

/** A height or a hash. */
export const blockIdSchema: z.ZodType<number | string> = z.union([z.number(), z.string()])

/** As clients write it: an id, a finality, or where to begin to sync. */
export interface BlockReference {
  readonly block_id?: number | string | null | undefined
  readonly finality?: (typeof FINALITIES)[number] | null | undefined
  readonly sync_checkpoint?: 'genesis' | 'earliest_available' | null | undefined
}

export const referenceSchema: z.ZodType<BlockReference> = z.object({
  block_id: blockIdSchema.nullish(),
  finality: z.enum(FINALITIES).nullish(),
  sync_checkpoint: z.enum(['genesis', 'earliest_available']).nullish(),
})

/** @throws RpcError */
export function blockOf(chain: Chain, reference: BlockReference): Block {
  const { block_id: id, finality, sync_checkpoint: checkpoint } = reference
  const { blocks } = chain
  if (id !== undefined && id !== null) return blockById(chain, id)
  if (checkpoint !== undefined && checkpoint !== null) return blocks.genesis
  if (finality === 'optimistic') return blocks.head
  return finality === 'near-final' ? blocks.behind(1) : blocks.final
}

/** @throws RpcError */
export function blockById({ blocks }: Chain, id: number | string): Block {
  const found = typeof id === 'number' ? blocks.byHeight(id) : blocks.byHash(id)
  if (found !== undefined) return found
  const text = typeof id === 'number' ? `HEIGHT: ${id}` : `HASH: ${id}`
  throw failure('UNKNOWN_BLOCK', {}, `DB Not Found Error: BLOCK ${text}`)
}

/** State when a block ended. @throws RpcError: never that of another block */
export function stateOf(chain: Chain, block: Block): StateView {
  const state = chain.state.at(block.height)
  if (state !== undefined) return state
  const { height, hash } = block
  throw failure(
    'GARBAGE_COLLECTED_BLOCK',
    { block_height: height, block_hash: hash },
    `The data for block #${height} is garbage collected on this node, use an archival node to fetch historical data`,
  )
}
