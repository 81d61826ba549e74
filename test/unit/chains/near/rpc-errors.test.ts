import { expect } from 'chai'
import { blame } from '../../../../src/chains/near/rpc/rpc.ts'
import { causeOf, rpcErrorKind } from '../../../../src/chains/near/rpc/rpc-errors.ts'
import { rpcError } from '../../../../src/chains/shared/json-rpc.ts'
import type { MerogateError } from '../../../../src/node/errors.ts'

/** An endpoint's error as it comes. */
function said(cause: string | undefined, data: unknown = 'words', code = -32000): MerogateError {
  const error = { code, message: 'Server error', data, ...(cause && { cause: { name: cause } }) }
  const kept = causeOf(data, error)
  return rpcError('near', 'here', 'tx', { code, reason: error.message, data: kept })
}

/** A transaction that breaks a rule. */
function broken(rule: unknown): MerogateError {
  return said('INVALID_TRANSACTION', { TxExecutionError: { InvalidTxError: rule } })
}

describe('errors of NEAR’s endpoints', () => {
  for (const [error, kind, fault] of [
    [broken({ InvalidNonce: { tx_nonce: 1, ak_nonce: 2 } }), 'nonce', 'chain'],
    [broken('Expired'), 'expired', 'chain'],
    [broken({ NotEnoughBalance: { signer_id: 'a.near' } }), 'funds', 'chain'],
    [broken({ LackBalanceForState: { signer_id: 'a.near' } }), 'funds', 'chain'],
    [
      broken({ InvalidAccessKeyError: { NotEnoughAllowance: { allowance: '1' } } }),
      'funds',
      'chain',
    ],
    [broken({ InvalidAccessKeyError: { ReceiverMismatch: {} } }), 'key', 'chain'],
    [broken('InvalidSignature'), 'refused', 'chain'],
    [broken({ ShardCongested: { shard_id: 1 } }), 'busy', 'busy'],
    [said('UNKNOWN_TRANSACTION'), 'unknown', 'chain'],
    [said('UNKNOWN_ACCOUNT'), 'absent', 'chain'],
    [said('UNKNOWN_ACCESS_KEY'), 'absent', 'chain'],
    [said('UNKNOWN_BLOCK'), 'gone', 'busy'],
    [said('GARBAGE_COLLECTED_BLOCK'), 'gone', 'busy'],
    [said('TIMEOUT_ERROR'), 'busy', 'busy'],
    [said('INTERNAL_ERROR'), 'busy', 'busy'],
    [said(undefined, undefined, 429), 'busy', 'busy'],
    [said('METHOD_NOT_FOUND', undefined, -32601), 'other', 'endpoint'],
    [said('A_NEW_ONE'), 'other', 'endpoint'],
  ] as const) {
    const { data = 'no data' } = error.details
    it(`say of ${String(data)} that it is ${kind}`, () => {
      expect(rpcErrorKind(error)).to.equal(kind)
      expect(blame(error)).to.equal(fault)
    })
  }

  it('keep nothing of their data but names', () => {
    const error = { cause: { name: 'words with spaces' } }
    expect(causeOf('secret', error)).to.equal(undefined)
    expect(causeOf({ TxExecutionError: { InvalidTxError: { 'a b': 1 } } }, error)).to.equal(
      undefined,
    )
  })
})
