/** Errors of the NEAR adapter. */
import type { ErrorKind } from '../../node/errors.ts'
import { type ChainErrors, chainErrors } from '../shared/errors.ts'

/** NEAR_REPLACED another transaction took the place of ours, which did nothing. */
export type NearErrorCode = 'NEAR_REPLACED'

const KINDS: Record<NearErrorCode, ErrorKind> = { NEAR_REPLACED: 'conflict' }

/** An error of this room, or of any chain. */
export const nearError: ChainErrors<NearErrorCode> = chainErrors('near', KINDS)
