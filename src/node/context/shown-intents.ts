/** What goes on in contexts beside the intents that are stored: it follows from other rows, or ends by itself. */
import type { Anchor } from '../anchor/anchor.ts'
import type { UnsettledOperation } from '../anchor/fates.ts'
import type { IntentInfo } from '../interface.ts'
import type { GaugeReading } from '../metrics.ts'
import { equalBytes } from '../primitives/bytes.ts'
import { ContextId, idKey, idText } from '../primitives/ids.ts'
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

/**
 * Operations that were signed and may still take effect, each in the contexts that it is about; one that is about none here, a package for example,
 * is shown with its subject as the context. Those that an intent stands for are shown by it.
 */
export function unsettledOperations(
  anchors: Iterable<Anchor>,
  replicas: readonly ContextReplica[],
  intents: readonly IntentInfo[],
): readonly IntentInfo[] {
  const shown: IntentInfo[] = []
  for (const anchor of anchors) {
    for (const operation of anchor.unsettled?.() ?? []) {
      if (isShownBy(operation, intents)) continue
      const { subject } = operation
      const own = replicas.filter(
        ({ state, group }) =>
          group.anchor === anchor && [state.id, group.id].some((id) => equalBytes(id, subject)),
      )
      const contexts = own.map(({ state }) => state.id)
      if (contexts.length === 0) contexts.push(ContextId.from(subject))
      shown.push(...contexts.map((context) => infoOf(operation, context)))
    }
  }
  return shown
}

/** How many of these are operations that were signed, for a gauge. */
export function operationCounts(intents: readonly IntentInfo[]): readonly GaugeReading[] {
  // an operation on a group is shown in each of its contexts
  const ids = new Set(intents.flatMap(({ kind, id }) => (kind === 'operation' ? [id] : [])))
  const labels = { kind: 'operation', state: 'waiting' }
  return ids.size === 0 ? [] : [{ value: ids.size, labels }]
}

/** Kinds of intents that go on until the operation they sent has an end. */
const STANDING_FOR: Readonly<Record<string, IntentInfo['kind']>> = {
  createContext: 'create',
  claimInvitation: 'claim',
}

function isShownBy({ kind, signer }: UnsettledOperation, intents: readonly IntentInfo[]): boolean {
  const by = STANDING_FOR[kind]
  return intents.some(
    (intent) =>
      intent.kind === by && intent.identity !== undefined && equalBytes(intent.identity, signer),
  )
}

function infoOf(
  { id, kind, signer, sinceMs, untilMs }: UnsettledOperation,
  context: ContextId,
): IntentInfo {
  return {
    ...({ id: `operation-${id.slice(0, 8)}`, kind: 'operation', state: 'waiting' } as const),
    ...{ context, identity: signer, tries: 1, sinceMs, nextMs: untilMs },
    reason: {
      code: 'ANCHOR_FATE_UNKNOWN',
      message: `${kind} was signed and sent, and may take effect until then`,
    },
  }
}
