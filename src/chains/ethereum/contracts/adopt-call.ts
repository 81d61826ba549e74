/** The calls that take over what moved to a contract. */
import type { Moved } from '../../shared/relayer-carrier.ts'
import type { Call } from '../send/offer.ts'
import { abiOf, hex } from './codec.ts'

/** The call that takes over a context, or the next members of a group. */
export function adoptCall(to: string, moved: Moved, members: number): Call {
  const abi = abiOf('ContextAnchor')
  const data =
    'group' in moved
      ? abi.encodeFunctionData('adopt', [hex(moved.group), members])
      : abi.encodeFunctionData('adoptContext', [hex(moved.context)])
  return { to, data }
}
