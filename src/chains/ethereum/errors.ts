/** Errors of the Ethereum adapter. */
import type { ErrorKind } from '../../node/errors.ts'
import { type ChainErrors, chainErrors } from '../shared/errors.ts'

/**
 * ETHEREUM_UNSUPPORTED the chain lacks what this adapter builds on; ETHEREUM_REPLACED another transaction took the place of ours, which did
 * nothing.
 */
export type EthereumErrorCode = 'ETHEREUM_UNSUPPORTED' | 'ETHEREUM_REPLACED'

const KINDS: Record<EthereumErrorCode, ErrorKind> = {
  ETHEREUM_UNSUPPORTED: 'missing',
  ETHEREUM_REPLACED: 'conflict',
}

/** An error of this room, or of any chain. */
export const ethereumError: ChainErrors<EthereumErrorCode> = chainErrors('ethereum', KINDS)
