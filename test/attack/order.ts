/** What the driver tells the attacker's process, and what that tells the driver. */

/** How far a scenario's attacker is let in, as a peer. */
export type PeerStanding = 'stranger' | 'reader' | 'writer'

/** What it has at the API: nothing, a token for contexts, or one by which it installs applications as well. */
export type ClientStanding = 'nobody' | 'client' | 'application'

export type Standing = PeerStanding | ClientStanding

/** All that the attacker knows when it begins: what the inviter of a member would tell it. */
export interface Order {
  readonly scenario: string
  /** How long it is to last, ms: no more is made ready than can be sent. */
  readonly attackMs: number
  /** Of its identity, hexadecimal. */
  readonly seed: string
  /** The address that its connections come from; empty: any. */
  readonly from: string
  readonly standing: Standing
  readonly context: string
  readonly group: string
  readonly application: string
  readonly membersRevision: number
  /** The node that it attacks. */
  readonly victim: Reached
  /** An honest member. */
  readonly partner: Reached
  /** Where the node's clients reach it. */
  readonly api: string
  /** What the attacker may do there; empty: nothing. */
  readonly token: string
}

/** A node that can be dialled. */
export interface Reached {
  readonly peer: string
  readonly addresses: readonly string[]
}

/** What came of an attack, in numbers. */
export type Tally = Readonly<Record<string, number>>

/** To the attacker. */
export type Word = { readonly say: 'begin' } | { readonly say: 'end' }

/** From the attacker. */
export type Answer = { readonly say: 'ready' } | { readonly say: 'done'; readonly tally: Tally }
