/** Errors of the NEAR adapter. */
import { type ErrorDetails, MerogateError } from '../../node/errors.ts'
import { type ChainErrorCode, chainError } from '../shared/errors.ts'
import type { ContractName } from './contracts/artifacts.ts'

/** NEAR_REPLACED another transaction took the place of ours, which did nothing. */
export type NearErrorCode = 'NEAR_REPLACED'

/** An error of this room; its kind follows from its code. */
export function nearError(
  code: NearErrorCode | ChainErrorCode,
  message: string,
  details: ErrorDetails = {},
  options?: ErrorOptions,
): MerogateError {
  if (code !== 'NEAR_REPLACED') return chainError('near', code, message, details, options)
  return new MerogateError(code, 'conflict', message, details, options)
}

/** Something else lies where a contract should be. */
export function noContract(
  contract: ContractName,
  address: string,
  got: string,
  cause?: unknown,
): MerogateError {
  return nearError(
    'CHAIN_NO_CONTRACT',
    `expected the contract of ${contract} at ${address}, got ${got}: is the deployment of this network?`,
    { address, contract },
    { cause },
  )
}
