/** The anchor of an invitation: the one that its contract is in reach of. */
import type { Anchor } from '../anchor/anchor.ts'
import { isMerogateError } from '../errors.ts'
import { contextError } from './errors.ts'
import type { Groups } from './groups/groups.ts'
import type { InvitationContent } from './invitation.ts'

type Named = Pick<InvitationContent, 'protocol' | 'contract'>

/** Whether an invitation is of our anchor, as far as can be said now. @throws ANCHOR_UNKNOWN, INVITATION_INVALID */
export async function checkAnchor(
  groups: Pick<Groups, 'anchor'>,
  content: Named & Pick<InvitationContent, 'network'>,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { network, contract } = groups.anchor(content.protocol)
  if (network !== content.network) {
    throw otherAnchor(`${network} ${contract}`, `${content.network} ${content.contract}`)
  }
  try {
    await invitedAnchor(groups, content, signal)
  } catch (error) {
    // who joins is told when the anchor answers
    if (!isMerogateError(error) || error.kind !== 'transport') throw error
  }
}

/** @throws ANCHOR_UNKNOWN, INVITATION_INVALID, ANCHOR_UNREACHABLE */
export async function invitedAnchor(
  groups: Pick<Groups, 'anchor'>,
  { protocol, contract }: Named,
  signal: AbortSignal | undefined,
): Promise<Anchor> {
  const anchor = groups.anchor(protocol)
  if (anchor.contract === contract) return anchor
  if ((await anchor.reaches?.(contract, { signal })) === true) return anchor
  throw otherAnchor(
    anchor.contract,
    `${contract}, which this release does not know as one on its way`,
  )
}

function otherAnchor(expected: string, got: string): Error {
  const message = `expected an invitation of ${expected}, got one of ${got}`
  return contextError('INVITATION_INVALID', message)
}
