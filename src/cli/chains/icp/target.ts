/** What `chain status` and `chain doctor` look at on the Internet Computer: a node's anchor, or a deployment file with endpoints. */
import type { ChainTarget } from '../chain.ts'
import { givenPlace, type LookOptions, type Place, targetOf } from '../shared/target.ts'
import type { IcpEntry } from './settings.ts'

function target(place: Place): ChainTarget {
  return targetOf('icp', place, async () => (await import('./look.ts')).looking)
}

/** The anchor of a node. */
export function configuredTarget({ rpcUrls, deployment }: IcpEntry): ChainTarget {
  return target({ rpcUrls, deployment })
}

/** A deployment file with endpoints. @throws CLI_USAGE (input) */
export function givenTarget(deployment: string, options: LookOptions): ChainTarget {
  return target(givenPlace(deployment, options))
}
