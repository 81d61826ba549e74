/** What contracts of the core refuse of what is to be taken over. */
import { isRejectedAs } from '../../../node/anchor/errors.ts'
import { isMerogateError } from '../../../node/errors.ts'
import type { AdopterInit } from '../adopter.ts'

/** The predecessor is asked in between, so two may have begun at the same member: the second changes nothing. */
export const ADOPTION_REFUSALS: Pick<AdopterInit, 'isRefused' | 'isOvertaken'> = {
  isRefused: (error) => isMerogateError(error, 'ANCHOR_REJECTED'),
  isOvertaken: (error) => isRejectedAs(error, 'RevisionMismatch'),
}
