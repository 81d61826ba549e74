/** Errors of the NEAR adapter. */
import type { ErrorKind, MerogateError } from '../../node/errors.ts'
import { type ChainErrors, chainErrors } from '../shared/errors.ts'
import type { ContractName } from '../shared/core/artifacts.ts'

/** NEAR_REPLACED another transaction took the place of ours, which did nothing. */
export type NearErrorCode = 'NEAR_REPLACED'

const KINDS: Record<NearErrorCode, ErrorKind> = { NEAR_REPLACED: 'conflict' }

/** An error of this room, or of any chain. */
export const nearError: ChainErrors<NearErrorCode> = chainErrors('near', KINDS)

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
