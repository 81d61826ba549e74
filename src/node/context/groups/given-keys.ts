/**
 * What is made of keys that others give. Each costs a signature and a box, and what is kept is kept for good: so only those are looked at whose giver may
 * make keys, or that were asked for, and whose epoch the anchor's history explains.
 */
import type { Clock } from '../../primitives/clock.ts'
import { pause } from '../../anchor/watcher.ts'
import type { KeyGrant } from '../../sync/replica.ts'
import { GRANTS_AT_ONCE, MAX_FALSE_GRANTS, MAX_UNEXPLAINED_EPOCHS } from '../limits.ts'
import type { Group } from './group.ts'
import type { LearntKey, Standing } from './keyring.ts'

/** What became of some grants. */
export interface TakenKeys {
  /** How many were news. */
  readonly accepted: number
  /** How many cost a look. */
  readonly looked: number
  /** How many were for none of our identities, or signed by nobody; the rest was not looked at when there were too many. */
  readonly refused: number
}

export interface TakeOptions {
  /** Epochs that the giver was asked for; undefined: it gives unasked. */
  readonly asked?: readonly number[] | undefined
  readonly clock: Clock
}

/**
 * Takes keys that current members gave to our identities. One that may not make keys is not believed about them, and gives only what it was asked for.
 * Nobody is believed about a key that was made because of a departure that we have not seen: such keys open and seal nothing, until we are told again.
 */
export async function takeKeys(
  group: Group,
  grants: readonly KeyGrant[],
  { asked, clock }: TakeOptions,
): Promise<TakenKeys> {
  if (grants.some(({ madeAt }) => madeAt > group.membersRevision)) await group.refreshSoon()
  if (grants.some(({ giver }) => group.roleOf(giver) === undefined)) await group.refreshSoon()
  const learnt: LearntKey[] = []
  let refused = 0
  let looked = 0
  for (const grant of grants) {
    if (!isWorthALook(group, grant, asked)) continue
    if (++looked % GRANTS_AT_ONCE === 0) await pause(clock, 0, undefined)
    const keys = group.owned().flatMap((own) => group.keyring.unwrap(grant, own) ?? [])
    if (keys.length === 0 && ++refused >= MAX_FALSE_GRANTS) break
    const { epoch, giver } = grant
    for (const key of keys) learnt.push({ epoch, key, giver, standing: standingOf(group, grant) })
  }
  let accepted = 0
  for (const keys of byTurns(learnt)) accepted += await group.addKeys(keys)
  // what was made for a departure that we have not seen is asked for again
  for (const { epoch, standing } of learnt) {
    if (standing.madeAt > group.membersRevision) group.keyring.want(epoch)
  }
  return { accepted, looked, refused }
}

function isWorthALook(group: Group, grant: KeyGrant, asked: TakeOptions['asked']): boolean {
  const role = group.roleOf(grant.giver)
  if (role === undefined || role === 'relay') return false
  if (role !== 'writer' && asked?.includes(grant.epoch) !== true) return false
  return isExplained(group, grant.epoch)
}

/** Each epoch was made because of a step of the member list, but for a few. Without a bound a single grant could use up the numbers for ever. */
export function isExplained(group: Pick<Group, 'membersRevision'>, epoch: number): boolean {
  return BigInt(epoch) <= group.membersRevision + BigInt(MAX_UNEXPLAINED_EPOCHS)
}

/** What is believed of a key by the word of who gave it, as far as we have seen the members ourselves. */
function standingOf(group: Group, { giver, madeAt, coversTo }: KeyGrant): Standing {
  const seen = group.membersRevision
  if (madeAt > seen || group.roleOf(giver) !== 'writer') return { madeAt, coversTo: 0n }
  return { madeAt, coversTo: coversTo < seen ? coversTo : seen }
}

/** Keys in turns, of which none has an epoch twice: the bounds of an epoch count what is stored. */
function* byTurns(keys: readonly LearntKey[]): Iterable<readonly LearntKey[]> {
  for (let rest = keys; rest.length > 0;) {
    const turn = new Map<number, LearntKey>()
    for (const learnt of rest) if (!turn.has(learnt.epoch)) turn.set(learnt.epoch, learnt)
    yield [...turn.values()]
    rest = rest.filter((learnt) => turn.get(learnt.epoch) !== learnt)
  }
}
