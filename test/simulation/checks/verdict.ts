/** How a run ended. */

/** `diverged`: equal histories, other states. `lost`: something acknowledged is gone, or was read by who may not. `stuck`: not at rest in time. */
export type Verdict = 'diverged' | 'lost' | 'stuck'

/** Something that must not be. */
export interface Finding {
  readonly verdict: Verdict
  readonly text: string
}

const GRAVITY: readonly Verdict[] = ['diverged', 'lost', 'stuck']

/** The gravest of the findings; undefined when there are none. */
export function gravest(findings: readonly Finding[]): Verdict | undefined {
  return GRAVITY.find((verdict) => findings.some((finding) => finding.verdict === verdict))
}
