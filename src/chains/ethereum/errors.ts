/** Errors of the Ethereum adapter. */
import { type ErrorDetails, type ErrorKind, MerogateError } from '../../node/errors.ts'
import { type ChainErrorCode, chainError } from '../shared/errors.ts'

/**
 * ETHEREUM_UNSUPPORTED the chain lacks what this adapter builds on; ETHEREUM_REPLACED another transaction took the place of ours, which did
 * nothing.
 */
export type EthereumErrorCode = 'ETHEREUM_UNSUPPORTED' | 'ETHEREUM_REPLACED'

const KINDS: Record<EthereumErrorCode, ErrorKind> = {
  ETHEREUM_UNSUPPORTED: 'missing',
  ETHEREUM_REPLACED: 'conflict',
}

/** An error of this room; its kind follows from its code. */
export function ethereumError(
  code: EthereumErrorCode | ChainErrorCode,
  message: string,
  details: ErrorDetails = {},
  options?: ErrorOptions,
): MerogateError {
  if (code !== 'ETHEREUM_UNSUPPORTED' && code !== 'ETHEREUM_REPLACED') {
    return chainError('ethereum', code, message, details, options)
  }
  return new MerogateError(code, KINDS[code], message, details, options)
}
