/** Errors of the Ethereum adapter that are no anchor's in general. */
import { type ErrorDetails, type ErrorKind, MerogateError } from '../../node/errors.ts'

/**
 * ETHEREUM_RPC an endpoint answers with an error; ETHEREUM_BEHIND an endpoint has not yet the block that another one had;
 * ETHEREUM_TOO_LONG an endpoint answers with more bytes than are read; ETHEREUM_UNSUPPORTED the chain lacks what this adapter builds on; ETHEREUM_REPLACED another transaction took the place of ours, which did
 * nothing; ETHEREUM_WRONG_CHAIN an endpoint serves another chain; ETHEREUM_NO_CONTRACT nothing, or something else, lies at a contract's address;
 * ETHEREUM_KEY no account key can be read where the configuration says; ETHEREUM_DEPLOYMENT not a deployment file of this version;
 * ETHEREUM_READ_ONLY there is neither an account nor a relayer to send with; ETHEREUM_REVERTED a transaction failed for no reason that can be
 * told; ETHEREUM_FUNDS the account cannot pay; ETHEREUM_FEE the fee would exceed the configured ceiling; ETHEREUM_DEPLOY a deployment failed;
 * ETHEREUM_DISAGREEMENT two endpoints say different things about what is to be signed, of which nothing is;
 * ETHEREUM_SUCCESSOR what a group moved to is no contract that this release knows, or nobody here can pay for taking the group over;
 * ETHEREUM_RELAYER_REFUSED the relayer does not carry this, or not for us; ETHEREUM_RELAYER_FAILED it took an envelope and could not send it.
 */
export type EthereumErrorCode =
  | 'ETHEREUM_RPC'
  | 'ETHEREUM_BEHIND'
  | 'ETHEREUM_TOO_LONG'
  | 'ETHEREUM_UNSUPPORTED'
  | 'ETHEREUM_REPLACED'
  | 'ETHEREUM_WRONG_CHAIN'
  | 'ETHEREUM_NO_CONTRACT'
  | 'ETHEREUM_KEY'
  | 'ETHEREUM_DEPLOYMENT'
  | 'ETHEREUM_READ_ONLY'
  | 'ETHEREUM_REVERTED'
  | 'ETHEREUM_FUNDS'
  | 'ETHEREUM_FEE'
  | 'ETHEREUM_DEPLOY'
  | 'ETHEREUM_DISAGREEMENT'
  | 'ETHEREUM_SUCCESSOR'
  | 'ETHEREUM_RELAYER_REFUSED'
  | 'ETHEREUM_RELAYER_FAILED'

const KINDS: Record<EthereumErrorCode, ErrorKind> = {
  ETHEREUM_RPC: 'protocol',
  ETHEREUM_BEHIND: 'transport',
  ETHEREUM_TOO_LONG: 'protocol',
  ETHEREUM_UNSUPPORTED: 'missing',
  ETHEREUM_REPLACED: 'conflict',
  ETHEREUM_WRONG_CHAIN: 'protocol',
  ETHEREUM_NO_CONTRACT: 'missing',
  ETHEREUM_KEY: 'input',
  ETHEREUM_DEPLOYMENT: 'input',
  ETHEREUM_READ_ONLY: 'input',
  ETHEREUM_REVERTED: 'chain',
  ETHEREUM_FUNDS: 'chain',
  ETHEREUM_FEE: 'limit',
  ETHEREUM_DEPLOY: 'chain',
  ETHEREUM_DISAGREEMENT: 'transport',
  ETHEREUM_SUCCESSOR: 'chain',
  ETHEREUM_RELAYER_REFUSED: 'denied',
  ETHEREUM_RELAYER_FAILED: 'chain',
}

/** An error of this room; its kind follows from its code. */
export function ethereumError(
  code: EthereumErrorCode,
  message: string,
  details: ErrorDetails = {},
  options?: ErrorOptions,
): MerogateError {
  return new MerogateError(code, KINDS[code], message, details, options)
}
