/** Errors of the Internet Computer adapter. */
import type { ErrorKind } from '../../node/errors.ts'
import { type ChainErrors, chainErrors } from '../shared/errors.ts'

/** ICP_STOPPED a canister does not run: it is frozen for lack of cycles, or somebody stopped it. Nothing is said of what it holds. */
export type IcpErrorCode = 'ICP_STOPPED'

const KINDS: Record<IcpErrorCode, ErrorKind> = { ICP_STOPPED: 'transport' }

/** An error of this room, or of any chain. */
export const icpError: ChainErrors<IcpErrorCode> = chainErrors('icp', KINDS)
