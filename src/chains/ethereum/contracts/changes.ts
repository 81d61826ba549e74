/** What changed on the chain: the contract's events. */
import type { AnchorChange } from '../../../node/anchor/anchor.ts'
import { MAX_CHANGES_PER_ANSWER } from '../../../node/anchor/limits.ts'
import type { Changes } from '../../../node/anchor/service.ts'
import { fromHex } from '../../../node/primitives/bytes.ts'
import type { Endpoint } from '../../shared/endpoints.ts'
import { MAX_CATCH_UP_BLOCKS } from '../limits.ts'
import { type Log, readLogs } from './logs.ts'

/** What an event is about; events that say nothing of a subject are not ours. */
function toChange({ topics, block }: Log): AnchorChange[] {
  const [, subject] = topics
  if (subject === undefined || !/^0x[0-9a-f]{64}$/i.test(subject)) return []
  return [{ subject: fromHex(subject.slice(2).toLowerCase()), height: BigInt(block) }]
}

/** Changes of the blocks above one, up to a final one: see `ChangesInit.read`. */
export async function readChanges(
  endpoint: Endpoint,
  address: string,
  final: bigint,
  since: bigint,
): Promise<Changes> {
  if (final - since > BigInt(MAX_CATCH_UP_BLOCKS)) {
    return { height: final, changes: [], missed: true }
  }
  const range = { from: Number(since) + 1, to: Number(final) }
  const part = await readLogs(endpoint, { address, ...range })
  const height = BigInt(part.to)
  const changes = part.logs.flatMap(toChange)
  // more than anybody looks at one by one: all is read again
  if (changes.length > MAX_CHANGES_PER_ANSWER) return { height, changes: [], missed: true }
  return { height, changes, missed: false }
}
