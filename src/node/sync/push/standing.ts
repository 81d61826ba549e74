/**
 * How far two ends of a push stream have got with each other in one context, and the steps from there. Each proves itself to the other by a Join;
 * who took the other's answers with Heads.
 *
 * ```text
 * unknown --join--> asked --proof--> crossed --heads--> joined
 *    `---proof--> proven --join--------^
 * ```
 *
 * A proof that comes again renews the party. An Error, a Leave or the end of the stream forgets all of it.
 */
import type { Party } from '../replica.ts'

export type Standing =
  | { readonly name: 'unknown' }
  /** Our Join is sent. */
  | { readonly name: 'asked' }
  /** The peer proved to be a member; ours is not sent yet. */
  | { readonly name: 'proven'; readonly party: Party }
  /** Both Joins are on their way; the peer has not answered ours. */
  | { readonly name: 'crossed'; readonly party: Party }
  /** Each takes the other for a member. */
  | { readonly name: 'joined'; readonly party: Party }

export const UNKNOWN: Standing = { name: 'unknown' }

/** Who the peer proved to be; undefined until then. */
export function partyOf(standing: Standing): Party | undefined {
  return 'party' in standing ? standing.party : undefined
}

/** Our Join is sent. Undefined when it was before: it is sent once. */
export function afterJoin(standing: Standing): Standing | undefined {
  switch (standing.name) {
    case 'unknown':
      return { name: 'asked' }
    case 'proven':
      return { ...standing, name: 'crossed' }
    case 'asked':
    case 'crossed':
    case 'joined':
      return undefined
  }
}

/** The peer proved to be `party`, perhaps not for the first time. */
export function afterProof(standing: Standing, party: Party): Standing {
  switch (standing.name) {
    case 'unknown':
      return { name: 'proven', party }
    case 'asked':
      return { name: 'crossed', party }
    case 'proven':
    case 'crossed':
    case 'joined':
      return { ...standing, party }
  }
}

/** Heads came. Undefined when they are no answer to our Join, but news. */
export function afterHeads(standing: Standing): Standing | undefined {
  return standing.name === 'crossed' ? { ...standing, name: 'joined' } : undefined
}

/** What the peer proved to be has changed in the member list. Undefined when it proved nothing. */
export function withParty(standing: Standing, party: Party): Standing | undefined {
  return partyOf(standing) === undefined ? undefined : afterProof(standing, party)
}
