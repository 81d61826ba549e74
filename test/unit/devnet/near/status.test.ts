import { expect } from 'chai'
import { actions } from 'near-api-js'
import { RpcError } from '../../../../src/devnet/near/rpc/errors.ts'
import {
  type StatusQuery,
  transactionStatus,
  type WaitForBlocks,
} from '../../../../src/devnet/near/rpc/transactions.ts'
import { DevnetScene } from '../../../support/devnet-scene.ts'

describe('the status of a transaction', () => {
  /** Makes one block, then looks once more. */
  const oneBlock =
    (near: DevnetScene): WaitForBlocks =>
    async (look) => {
      near.chain.mine(1)
      return look()
    }

  async function answer(near: DevnetScene, query: StatusQuery): Promise<unknown> {
    try {
      return await transactionStatus(near.chain, query, oneBlock(near))
    } catch (error) {
      if (error instanceof RpcError) return error.body
      throw error
    }
  }

  it('is why it is invalid, where a block left it out for another of the same key', async () => {
    const near = new DevnetScene(['alice', 'bob'], { mode: 'manual' })
    const early = await near.sign('alice', 'bob', [actions.transfer(1n)], { nonce: 5n })
    const late = await near.sign('alice', 'bob', [actions.transfer(2n)], { nonce: 6n })
    near.chain.submit(late)
    near.chain.submit(early)
    const query = { hash: early.hash, waitUntil: 'INCLUDED', transaction: early } as const
    const error = { InvalidNonce: { tx_nonce: 5, ak_nonce: 6 } }
    expect(await answer(near, query)).to.deep.include({
      cause: { name: 'INVALID_TRANSACTION', info: {} },
      data: { TxExecutionError: { InvalidTxError: error } },
    })
    // whoever does not have it cannot say more than that it is not there
    const { transaction: _, ...unknown } = query
    expect(await answer(near, unknown)).to.deep.include({
      cause: { name: 'TIMEOUT_ERROR', info: {} },
    })
    near.chain.mine(4)
    const told = await answer(near, { hash: late.hash, waitUntil: 'FINAL' })
    expect(told).to.have.property('final_execution_status', 'FINAL')
  })
})
