/** Errors of chains, whichever it is: `details.chain` says that. */
import { type ErrorDetails, type ErrorKind, MerogateError } from '../../node/errors.ts'

/**
 * CHAIN_RPC an endpoint answers with an error; CHAIN_BEHIND an endpoint has not yet the height that another one had;
 * CHAIN_TOO_LONG an endpoint answers with more bytes than are read; CHAIN_WRONG_NETWORK an endpoint serves another network;
 * CHAIN_NO_CONTRACT nothing, or something else, lies at a contract's address; CHAIN_KEY no account key can be read where the configuration says;
 * CHAIN_DEPLOYMENT not a deployment file of this version; CHAIN_READ_ONLY there is neither an account nor a relayer to send with;
 * CHAIN_REVERTED a transaction failed for no reason that can be told; CHAIN_FUNDS the account cannot pay; CHAIN_FEE the fee would exceed the
 * configured ceiling; CHAIN_DEPLOY a deployment failed; CHAIN_DISAGREEMENT two endpoints say different things about what is to be signed, of
 * which nothing is; CHAIN_SUCCESSOR what a group moved to is no contract that this release knows, or nobody here can pay for taking the group
 * over; CHAIN_RELAYER_REFUSED the relayer does not carry this, or not for us; CHAIN_RELAYER_FAILED it took an envelope and could not send it;
 * CHAIN_SDK the chain's SDK is not installed.
 */
export type ChainErrorCode =
  | 'CHAIN_RPC'
  | 'CHAIN_BEHIND'
  | 'CHAIN_TOO_LONG'
  | 'CHAIN_WRONG_NETWORK'
  | 'CHAIN_NO_CONTRACT'
  | 'CHAIN_KEY'
  | 'CHAIN_DEPLOYMENT'
  | 'CHAIN_READ_ONLY'
  | 'CHAIN_REVERTED'
  | 'CHAIN_FUNDS'
  | 'CHAIN_FEE'
  | 'CHAIN_DEPLOY'
  | 'CHAIN_DISAGREEMENT'
  | 'CHAIN_SUCCESSOR'
  | 'CHAIN_RELAYER_REFUSED'
  | 'CHAIN_RELAYER_FAILED'
  | 'CHAIN_SDK'

const KINDS: Record<ChainErrorCode, ErrorKind> = {
  CHAIN_RPC: 'protocol',
  CHAIN_BEHIND: 'transport',
  CHAIN_TOO_LONG: 'protocol',
  CHAIN_WRONG_NETWORK: 'protocol',
  CHAIN_NO_CONTRACT: 'missing',
  CHAIN_KEY: 'input',
  CHAIN_DEPLOYMENT: 'input',
  CHAIN_READ_ONLY: 'input',
  CHAIN_REVERTED: 'chain',
  CHAIN_FUNDS: 'chain',
  CHAIN_FEE: 'limit',
  CHAIN_DEPLOY: 'chain',
  CHAIN_DISAGREEMENT: 'transport',
  CHAIN_SUCCESSOR: 'chain',
  CHAIN_RELAYER_REFUSED: 'denied',
  CHAIN_RELAYER_FAILED: 'chain',
  CHAIN_SDK: 'missing',
}

/** An error of a chain; `chain` is its protocol, as in `ethereum`. Its kind follows from its code. */
export function chainError(
  chain: string,
  code: ChainErrorCode,
  message: string,
  details: ErrorDetails = {},
  options?: ErrorOptions,
): MerogateError {
  return new MerogateError(code, KINDS[code], message, { chain, ...details }, options)
}

/** Makes an error of one chain; its kind follows from its code. */
export type ChainErrors<Own extends string> = (
  code: Own | ChainErrorCode,
  message: string,
  details?: ErrorDetails,
  options?: ErrorOptions,
) => MerogateError

/** Makes errors of one chain: the common ones, and its own, whose kinds follow from their codes. */
export function chainErrors<Own extends string>(
  chain: string,
  own: Readonly<Record<Own, ErrorKind>>,
): ChainErrors<Own> {
  const isOwn = (code: string): code is Own => Object.hasOwn(own, code)
  return (code, message, details = {}, options) =>
    isOwn(code)
      ? new MerogateError(code, own[code], message, details, options)
      : chainError(chain, code, message, details, options)
}
