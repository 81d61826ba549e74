/** A context as it is shown. */
import type { ContextInfo } from '../interface.ts'
import { HLC_MAX_AHEAD_MS, hlcTime, ntp64ToNs } from '../primitives/hlc.ts'
import { ApplicationId, PublicKey } from '../primitives/ids.ts'
import type { ContextRow } from '../store/repositories/contexts.ts'
import type { ContextReplica } from './replica/replica.ts'

/** What its replica does not know. */
export interface Surroundings extends Pick<
  ContextInfo,
  'status' | 'convergence' | 'rotation' | 'intents'
> {
  readonly row: ContextRow | undefined
}

export function contextInfo(
  { state, group, failures, repair }: ContextReplica,
  { row, status, convergence, rotation, intents }: Surroundings,
): ContextInfo {
  const { meta, dag } = state
  const { pending, held: parked, quarantined } = dag.count()
  const reasons = dag.reasons()
  const { protocol, network } = row ?? group.anchor
  return {
    id: state.id,
    group: group.id,
    application: ApplicationId.from(meta.application),
    applicationRevision: meta.applicationRevision,
    membersRevision: group.membersRevision,
    ...{ protocol, network, contract: group.contract, status, convergence, rotation, intents },
    root: meta.root,
    heads: dag.heads,
    deltas: { applied: Number(meta.applied), pending, parked, quarantined },
    waitsFor: {
      parked: reasons.held,
      quarantined: reasons.quarantined,
      futureUntilMs: untilMs(dag.latest('held', 'future')),
    },
    rootMismatches: meta.rootMismatches,
    divergence: repair.divergence,
    membersView: group.shownView,
    migration: group.migration,
    forkedAuthors: state.authors.forked.map((author) => PublicKey.from(author)),
    lastFailure: failures.last,
  }
}

/** When a timestamp does not lie in the future any more. */
function untilMs(hlc: Uint8Array | undefined): number | undefined {
  if (hlc === undefined) return undefined
  return Number(ntp64ToNs(hlcTime(hlc)) / 1_000_000n) - HLC_MAX_AHEAD_MS
}
