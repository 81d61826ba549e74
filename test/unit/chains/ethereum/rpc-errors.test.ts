/** Errors as the clients of Ethereum word them. */
import { expect } from 'chai'
import {
  findRevertData,
  revertDataOf,
  type RpcErrorKind,
  rpcErrorKind,
} from '../../../../src/chains/ethereum/rpc/rpc-errors.ts'
import { blame } from '../../../../src/chains/ethereum/rpc/rpc.ts'
import { isEndpointFailure } from '../../../../src/chains/shared/endpoints.ts'
import { rpcError } from '../../../../src/chains/shared/json-rpc.ts'
import { abiOf, refusalOf } from '../../../../src/chains/ethereum/contracts/codec.ts'

const CALL = 'eth_call'
const SEND = 'eth_sendRawTransaction'
const BAD_NONCE = abiOf('ContextAnchor').encodeErrorResult('BadNonce', [7n])

const CASES: readonly (readonly [string, string, number, string, RpcErrorKind])[] = [
  ['geth', CALL, 3, 'execution reverted', 'revert'],
  ['geth, old', CALL, -32000, 'execution reverted', 'revert'],
  ['nethermind, old', CALL, -32015, 'VM execution error.', 'revert'],
  ['besu', 'eth_estimateGas', -32000, 'Execution reverted', 'revert'],
  [
    'hardhat',
    CALL,
    -32603,
    'Error: VM Exception while processing transaction: reverted with an unrecognized custom error',
    'revert',
  ],
  [
    'hardhat, in words of the contract',
    CALL,
    -32603,
    "reverted with reason string 'insufficient funds'",
    'revert',
  ],
  ['geth', CALL, -32000, 'out of gas', 'revert'],
  ['geth', CALL, -32000, 'invalid opcode: INVALID', 'revert'],
  [
    'geth',
    SEND,
    -32000,
    'insufficient funds for gas * price + value: balance 0, tx cost 1',
    'funds',
  ],
  ['nethermind', SEND, -32010, 'InsufficientFunds, Balance is 0 less than sending value', 'funds'],
  ['nethermind', SEND, -32010, 'insufficient MaxFeePerGas for sender balance', 'funds'],
  ['besu', SEND, -32004, 'Upfront cost exceeds account balance', 'funds'],
  ['hardhat', SEND, -32000, "Sender doesn't have enough funds to send tx.", 'funds'],
  ['geth', SEND, -32000, 'nonce too low: next nonce 5, tx nonce 4', 'nonce'],
  ['besu', SEND, -32001, 'Nonce too low', 'nonce'],
  ['nethermind', SEND, -32010, 'OldNonce, Current nonce: 1, nonce of rejected tx: 0', 'nonce'],
  [
    'ganache',
    SEND,
    -32000,
    "the tx doesn't have the correct nonce. account has nonce of: 2",
    'nonce',
  ],
  ['geth', SEND, -32000, 'already known', 'known'],
  ['nethermind', SEND, -32010, 'AlreadyKnown', 'known'],
  ['besu', SEND, -32000, 'Known transaction', 'known'],
  ['erigon', SEND, -32000, 'ALREADY_EXISTS: already known', 'known'],
  ['parity', SEND, -32010, 'Transaction with the same hash was already imported.', 'known'],
  ['geth', SEND, -32000, 'replacement transaction underpriced', 'underpriced'],
  ['nethermind', SEND, -32010, 'ReplacementNotAllowed', 'underpriced'],
  [
    'parity',
    SEND,
    -32010,
    'Transaction gas price is too low. There is another transaction with same nonce in the queue.',
    'underpriced',
  ],
  ['geth', CALL, -32000, 'header not found', 'busy'],
  ['geth', CALL, -32000, 'missing trie node 1234 (path ) <nil>', 'busy'],
  ['erigon', CALL, -32000, 'block not found: 0x1234', 'busy'],
  ['hosted', CALL, -32005, 'daily request count exceeded, request rate limited', 'busy'],
  ['hosted', CALL, 429, 'Too Many Requests', 'busy'],
  ['any', CALL, -32603, 'Internal error', 'busy'],
  ['any', CALL, -32601, 'the method eth_feeHistory does not exist/is not available', 'other'],
  ['any', CALL, -32602, 'invalid argument 0', 'other'],
  ['geth', SEND, -32000, 'transaction type not supported', 'other'],
]

describe('ethereum errors of endpoints', () => {
  for (const [client, method, code, reason, kind] of CASES) {
    it(`takes ${code} ${reason.slice(0, 40)} of ${client} for ${kind}`, () => {
      const error = rpcError('ethereum', 'http://stub', method, { code, reason })
      expect(rpcErrorKind(error)).to.equal(kind)
      expect(isEndpointFailure(error, blame)).to.equal(kind === 'busy' || kind === 'other')
    })
  }

  it('knows nothing of other errors', () => {
    expect(rpcErrorKind(new RangeError('execution reverted'))).to.equal(undefined)
    expect(isEndpointFailure(new RangeError('a bug'), blame)).to.equal(false)
  })

  const shapes: readonly (readonly [string, unknown])[] = [
    ['geth', BAD_NONCE],
    ['nethermind, old', `Reverted ${BAD_NONCE}`],
    ['hardhat', { message: 'reverted', data: BAD_NONCE }],
    ['ganache', { hash: '0x1', programCounter: 7, result: BAD_NONCE }],
    ['a wallet', { originalError: { data: BAD_NONCE } }],
    ['upper case', BAD_NONCE.toUpperCase().replace('0X', '0x')],
  ]
  for (const [client, data] of shapes) {
    it(`finds the data of a revert where ${client} puts it`, () => {
      const found = findRevertData(data)
      expect(found).to.equal(BAD_NONCE)
      const error = rpcError('ethereum', 'http://stub', CALL, {
        code: -32000,
        reason: 'oh',
        data: found,
      })
      expect(rpcErrorKind(error)).to.equal('revert')
      expect(refusalOf('ContextAnchor', error)).to.deep.equal({
        ...{ name: 'BadNonce', number: 12, expected: 7n },
      })
    })
  }

  for (const data of [undefined, null, 5, '0x', '0x1234', 'text', {}, { data: {} }, [BAD_NONCE]]) {
    it(`finds none in ${JSON.stringify(data) ?? 'nothing'}`, () => {
      expect(findRevertData(data)).to.equal(undefined)
    })
  }

  it('takes data that only begins like one of ours for none of ours', () => {
    const data = `${BAD_NONCE.slice(0, 10)}00`
    const error = rpcError('ethereum', 'http://stub', CALL, { code: 3, reason: '', data })
    expect(revertDataOf(error)).to.equal(data)
    expect(refusalOf('ContextAnchor', error)).to.equal(undefined)
  })
})
