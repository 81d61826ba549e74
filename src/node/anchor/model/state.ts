/**
 * What an anchor stores, as the contracts lay it out (chain-contracts.md 7.6): a header per context and per group, a record per member,
 * an index of members by slot, and what is remembered of an inviter's invitations. Everything is found by key; nothing is scanned, so
 * the cost of an operation does not depend on how many members there are.
 */
import { idKey, type GroupId, type Id, type PublicKey } from '../../primitives/ids.ts'
import type { ApplicationRecord, Role } from '../anchor.ts'
import type { GroupOptions } from '../operations.ts'

/** A context: which group's members it has, and what it runs. */
export interface ContextState {
  readonly group: GroupId
  readonly application: ApplicationRecord
  readonly applicationRevision: bigint
}

/** The header of a group. */
export interface GroupState {
  readonly membersRevision: bigint
  readonly capabilitiesRevision: bigint
  /** Members; their slots are 0 .. count - 1. */
  readonly count: number
  /** Members that hold `manageMembers`. */
  readonly managers: number
  readonly options: GroupOptions
  readonly sealed: boolean
}

/** A member. Everything it may do dies with this record. */
export interface MemberState {
  readonly slot: number
  readonly role: Role
  readonly capabilities: number
  readonly nonce: bigint
  readonly joinedRevision: bigint
}

/** What is remembered of one invitation until it expires. */
export interface InvitationState {
  readonly uses: number
  readonly revoked: boolean
  readonly notAfter: bigint
}

/** Invitations of one inviter by their nonce; at most MAX_LIVE_INVITATIONS. */
export type Invitations = ReadonlyMap<bigint, InvitationState>

/** Values of each table. */
export interface Tables {
  readonly contexts: ContextState
  readonly groups: GroupState
  readonly members: MemberState
  readonly slots: PublicKey
  readonly invitations: Invitations
}

/** Read access to the stored records. */
export interface StateView {
  get<T extends keyof Tables>(table: T, key: string): Tables[T] | undefined
}

/** One record to store; `undefined` removes it. */
export type Effect = {
  readonly [T in keyof Tables]: {
    readonly table: T
    readonly key: string
    readonly value: Tables[T] | undefined
  }
}[keyof Tables]

/** Key in `contexts` and `groups`. */
export function headerKey(id: Id<'context'> | GroupId): string {
  return idKey(id)
}

/** Key in `members` and `invitations`. */
export function memberKey(group: GroupId, identity: PublicKey): string {
  return idKey(group) + idKey(identity)
}

/** Key in `slots`. */
export function slotKey(group: GroupId, slot: number): string {
  return `${idKey(group)}${slot}`
}

type TableMaps = { readonly [T in keyof Tables]: Map<string, Tables[T] | undefined> }

function emptyTables(): TableMaps {
  return {
    contexts: new Map(),
    groups: new Map(),
    members: new Map(),
    slots: new Map(),
    invitations: new Map(),
  }
}

/** The records in memory. */
export class MemoryState implements StateView {
  readonly #tables = emptyTables()

  get<T extends keyof Tables>(table: T, key: string): Tables[T] | undefined {
    return this.#tables[table].get(key)
  }

  /** Stores what `decide` answered. */
  apply(effects: readonly Effect[]): void {
    for (const { table, key, value } of effects) {
      // an effect's value belongs to its table by the type of Effect
      const rows: Map<string, unknown> = this.#tables[table]
      if (value === undefined) rows.delete(key)
      else rows.set(key, value)
    }
  }
}

/** Changes on top of what is stored: reads see them, the stored records do not. */
export class Draft implements StateView {
  readonly #base: StateView
  readonly #changed = emptyTables()

  constructor(base: StateView) {
    this.#base = base
  }

  get<T extends keyof Tables>(table: T, key: string): Tables[T] | undefined {
    const changed = this.#changed[table]
    return changed.has(key) ? changed.get(key) : this.#base.get(table, key)
  }

  set<T extends keyof Tables>(table: T, key: string, value: Tables[T] | undefined): void {
    this.#changed[table].set(key, value)
  }

  effects(): Effect[] {
    const effects: Effect[] = []
    for (const [table, rows] of Object.entries(this.#changed)) {
      for (const [key, value] of rows) {
        effects.push({ table, key, value } as Effect) // rows of a table hold that table's values
      }
    }
    return effects
  }
}
