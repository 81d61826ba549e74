/** What a chain shows of what it costs. */
import type { Anchor, Receipt } from '../../src/node/anchor/anchor.ts'
import type { GroupId, PublicKey } from '../../src/node/primitives/ids.ts'

/** Amounts by unit; the first is compared between groups. */
export type Costs = Readonly<Record<string, number>>

/** Our contracts on a local chain, and an anchor that is started. */
export interface MeasuredChain {
  readonly name: string
  readonly anchor: Anchor
  /** Called before transactions whose costs are asked for. @default nothing has to be known before */
  begin?(): Promise<void>
  /** Of the newest transaction. */
  costOf(receipt: Receipt): Promise<Costs>
  /** Views that cost something, by name. @default none */
  views?(group: GroupId, member: PublicKey): Readonly<Record<string, () => Promise<Costs>>>
  stop(): Promise<void>
}
