/** What goes on in contexts beside the intents that are stored: it follows from other rows, or ends by itself. */
import type { IntentInfo } from '../interface.ts'
import { equalBytes } from '../primitives/bytes.ts'
import { idKey, idText } from '../primitives/ids.ts'
import type { Groups } from './groups/groups.ts'
import type { ContextReplica } from './replica/replica.ts'

/** Keys that are owed. */
export function owedRotations(
  replicas: readonly ContextReplica[],
  groups: Pick<Groups, 'rotation'>,
): readonly IntentInfo[] {
  // one of each group: all its contexts wait for it
  const byGroup = new Map(replicas.map((replica) => [idKey(replica.group.id), replica]))
  return [...byGroup.values()].flatMap(({ state, group }) => {
    const rotation = groups.rotation(group)
    if (rotation === undefined) return []
    const id = `rotation-${idText(group.id).slice(0, 8)}`
    return [{ id, kind: 'rotation', context: state.id, state: 'waiting', ...rotation } as const]
  })
}

/** Operations that were signed and may still take effect. Those that an intent stands for are shown by it. */
export function unsettledOperations(replicas: readonly ContextReplica[]): readonly IntentInfo[] {
  return replicas.flatMap(({ state, group }) => {
    const all = group.anchor.unsettled?.() ?? []
    const own = all.filter(
      ({ kind, subject }) =>
        !SHOWN_ELSEWHERE.has(kind) && [state.id, group.id].some((id) => equalBytes(id, subject)),
    )
    return own.map(({ id, kind, signer, sinceMs, untilMs }) => ({
      ...({ id: `operation-${id.slice(0, 8)}`, kind: 'operation', state: 'waiting' } as const),
      ...{ context: state.id, identity: signer, tries: 1, sinceMs, nextMs: untilMs },
      reason: {
        code: 'ANCHOR_FATE_UNKNOWN',
        message: `${kind} was signed and sent, and may take effect until then`,
      },
    }))
  })
}

const SHOWN_ELSEWHERE: ReadonlySet<string> = new Set(['createContext', 'claimInvitation'])
