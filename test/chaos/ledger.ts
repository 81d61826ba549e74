/** What was asked of the nodes and what they answered: what must be there afterwards, and what may. */

/** Where an operation stands. `unknown`: its answer was lost, so it may be there or not. */
export type Fate = 'acknowledged' | 'refused' | 'unknown'

/** Operations on one context. */
export class Ledger {
  /** Keys that were written, each once, and the values pushed. */
  readonly keys: { readonly acknowledged: string[]; readonly unknown: string[] } = {
    acknowledged: [],
    unknown: [],
  }
  readonly pushes: { readonly acknowledged: string[]; readonly unknown: string[] } = {
    acknowledged: [],
    unknown: [],
  }
  readonly increments = { acknowledged: 0, unknown: 0 }
  /** Codes of refusals, and how often. */
  readonly refusals: Map<string, number> = new Map()

  /** Notes how an operation that writes ended. */
  note(kind: 'set' | 'push' | 'incr', value: string, fate: Exclude<Fate, 'refused'>): void {
    if (kind === 'incr') this.increments[fate]++
    else (kind === 'set' ? this.keys : this.pushes)[fate].push(value)
  }

  refused(code: string): void {
    this.refusals.set(code, (this.refusals.get(code) ?? 0) + 1)
  }

  /** What a member lacks of what was acknowledged, or has that nobody asked for. */
  findings(content: Content): string[] {
    const { items, log, hits } = content
    const pushed = new Set(log)
    const keys = this.keys.acknowledged.filter((key) => items[key] !== key)
    const pushes = this.pushes.acknowledged.filter((value) => !pushed.has(value))
    const { acknowledged, unknown } = this.increments
    const known = new Set([...this.keys.acknowledged, ...this.keys.unknown])
    const strange = Object.keys(items).filter((key) => !known.has(key))
    return [
      ...(keys.length > 0 ? [`${keys.length} keys lost, such as ${keys[0]}`] : []),
      ...(pushes.length > 0 ? [`${pushes.length} pushes lost, such as ${pushes[0]}`] : []),
      ...(hits < acknowledged ? [`${acknowledged} increments acknowledged, ${hits} there`] : []),
      ...(hits > acknowledged + unknown
        ? [`${acknowledged + unknown} increments asked for, ${hits} there`]
        : []),
      ...(strange.length > 0 ? [`${strange.length} keys of nobody, such as ${strange[0]}`] : []),
    ]
  }
}

/** The `summary` of the example application. */
export interface Content {
  readonly items: Readonly<Record<string, string>>
  readonly log: readonly string[]
  readonly hits: number
}
