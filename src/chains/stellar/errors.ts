/** Errors of the Stellar adapter. */
import type { ErrorKind } from '../../node/errors.ts'
import { type ChainErrors, chainErrors } from '../shared/errors.ts'

/** STELLAR_REPLACED another transaction took the place of ours, or its time was over: it did nothing, and never will. */
export type StellarErrorCode = 'STELLAR_REPLACED'

const KINDS: Record<StellarErrorCode, ErrorKind> = { STELLAR_REPLACED: 'conflict' }

/** An error of this room, or of any chain. */
export const stellarError: ChainErrors<StellarErrorCode> = chainErrors('stellar', KINDS)
