/**
 * Artefacts (what a call sends to other nodes) and index records (what the guest keeps per entity), per era of the guests' storage library.
 * Strict: every byte is consumed, and encoding gives the same bytes again. Eras without a layout here stay
 * opaque: they are replayed as they are.
 *
 * ```text
 * artefact  = 00 Vec<Action>
 * Action    = 00 id data ancestors:Vec<Child> metadata      add
 *           | 02 id deleted_at:u64 metadata                 remove
 *           | 03 id data ancestors:Vec<Child> metadata      update
 * Child     = id hash[32] metadata
 * Metadata  = created_at:u64 updated_at:u64 StorageType     + E4, E5a: Option<CrdtType> Option<field name>   + E5: Option<schema u32>
 * E1: metadata is two times alone, a removal is `02 id ancestors`, and a record has a map of one name to its children, and no `deleted_at`.
 *
 * Index     = id Option<parent> Option<Vec<Child>> full_hash own_hash metadata Option<deleted_at:u64>   + E5: deleted children Vec<id>
 * ```
 */
import { platform } from '#platform'
import { compareBytes, concat, EMPTY, equalBytes, utf8 } from '../../primitives/bytes.ts'
import type { Era } from '../engine.ts'
import { invalidArtifact } from '../errors.ts'
import { MAX_ACTIONS } from '../limits.ts'
import { BorshReader, BorshWriter } from './borsh.ts'

export interface Metadata {
  /** ns */
  readonly createdAt: bigint
  /** ns */
  updatedAt: bigint
  /** Encoded StorageType: public, user-owned with signature, frozen, shared. See `signing.ts`. */
  storage: Uint8Array
  /** Encoded fields that later eras added. */
  readonly rest: Uint8Array
}

/** An entry of a parent's list, or an ancestor of an action. */
export interface Child {
  readonly id: Uint8Array
  hash: Uint8Array
  readonly metadata: Metadata
}

export interface Upsert {
  readonly kind: 'add' | 'update'
  readonly id: Uint8Array
  readonly data: Uint8Array
  /** From the direct parent up to the root. */
  readonly ancestors: readonly Child[]
  readonly metadata: Metadata
}

export interface Removal {
  readonly kind: 'remove'
  readonly id: Uint8Array
  /** ns. In E1 none is written: it is that of the newest action beside it. */
  readonly deletedAt: bigint
  readonly metadata: Metadata
  /** In E1 alone. */
  readonly ancestors?: readonly Child[]
}

export type Action = Upsert | Removal

/** Time of an action, ns: what decides between two of the same entity. */
export function actionTime(action: Action): bigint {
  return action.kind === 'remove' ? action.deletedAt : action.metadata.updatedAt
}

export interface IndexRecord {
  readonly id: Uint8Array
  readonly parent: Uint8Array | undefined
  readonly children: readonly Child[] | undefined
  fullHash: Uint8Array
  ownHash: Uint8Array
  readonly metadata: Metadata
  /** Set on a tombstone, ns. */
  deletedAt: bigint | undefined
  /** Removed children that were not added again; E5 only. */
  readonly deletedChildren: readonly Uint8Array[]
}

/** Order in which a collection lists its children. */
export function compareChildren(a: Child, b: Child): number {
  const [one, other] = [a.metadata.createdAt, b.metadata.createdAt]
  if (one !== other) return one < other ? -1 : 1
  return compareBytes(a.id, b.id)
}

/** What a guest keeps as the full hash of an entity: SHA-256 over its own hash and those of its children, in E5 by id, before as they are listed. */
export function fullHash(layout: Layout, { ownHash, children = [] }: IndexRecord): Uint8Array {
  const ordered =
    layout.name === 'E5' || layout.name === 'E5a'
      ? [...children].sort((a, b) => compareBytes(a.id, b.id))
      : children
  return platform.sha256(concat(ownHash, ...ordered.map(({ hash }) => hash)))
}

export interface Layout {
  readonly name: LayoutName
  decodeArtifact(bytes: Uint8Array): Action[]
  encodeArtifact(actions: readonly Action[]): Uint8Array
  decodeIndex(bytes: Uint8Array): IndexRecord
  encodeIndex(record: IndexRecord): Uint8Array
}

export type LayoutName = 'E1' | 'E3' | 'E4' | 'E5a' | 'E5'

const TAGS = { add: 0, remove: 2, update: 3 } as const
/** Strings that each variant of CrdtType carries, by discriminant: registry releases 0.10.0, 0.10.1-rc.47 and 0.11.0-rc.5. */
const CRDT_STRINGS: Readonly<Record<LayoutName, readonly number[]>> = {
  E1: [],
  E3: [],
  E4: [1, 0, 0, 0, 2, 1, 1, 0, 0, 1],
  E5a: [1, 0, 0, 0, 2, 1, 1, 0, 0, 0, 1],
  E5: [1, 0, 0, 0, 2, 2, 1, 1, 1, 0, 0, 0, 1, 0],
}
/** id, hash, two times; later ones have a storage type too */
const MIN_CHILD_BYTES = 32 + 32 + 16
/** What there is in E1. */
const PUBLIC = Uint8Array.of(0)
/** Under which E1 lists the children of any entity. */
const CHILDREN_NAME = utf8('no collection, remove this nonsense')

/** The layout of an era, when there is one. */
export function layoutOf(era: Era): Layout | undefined {
  if (era === 'E1' || era === 'E3' || era === 'E4' || era === 'E5a') return LAYOUTS[era]
  return era === 'E5b' || era === 'E5c' ? LAYOUTS.E5 : undefined
}

/**
 * Eras whose guests do not end equal by replaying, and whose layout is known: the host applies their deltas itself. A module's era is found by
 * texts that need not stand in it, so that its bytes may have the layout of another one of these.
 */
const NATIVE_ERAS: readonly Era[] = ['E1', 'E3', 'E4', 'E5a']

export function isNative(era: Era): boolean {
  return NATIVE_ERAS.includes(era)
}

/** The layouts that a module's bytes may have, by its era: the likeliest first, then those that say more. */
export function layoutsOf(era: Era): readonly Layout[] {
  const presumed = layoutOf(era)
  if (presumed === undefined) return []
  return isNative(era) ? [presumed, LAYOUTS.E5a, LAYOUTS.E4, LAYOUTS.E3] : [presumed]
}

/** Whether an entity of E1 has a list of children: in a map of names, of which there is one. */
function hasList(r: BorshReader): boolean {
  const count = r.u32()
  if (count === 0) return false
  if (count > 1 || !equalBytes(r.bytes(), CHILDREN_NAME)) {
    throw invalidArtifact('expected one list of children')
  }
  return true
}

/** With the times of removals, which E1 does not write. */
function withTimes(actions: readonly Action[]): Action[] {
  const times = actions.map(({ metadata }) => metadata.updatedAt)
  const deletedAt = times.reduce((newest, time) => (time > newest ? time : newest), 0n)
  return actions.map((action) => (action.kind === 'remove' ? { ...action, deletedAt } : action))
}

function createLayout(name: LayoutName): Layout {
  const isE1 = name === 'E1'
  const hasTypes = !isE1 && name !== 'E3'
  const isE5 = name === 'E5'
  const hasSigner = isE5 || name === 'E5a'

  const signature = (r: BorshReader): void => {
    if (!r.option()) return
    r.raw(64 + 8)
    if (hasSigner && r.option()) r.id()
  }
  const storage = (r: BorshReader): Uint8Array => {
    if (isE1) return PUBLIC
    const start = r.at
    const tag = r.u8()
    if (tag === 1 || (tag === 4 && isE5)) {
      r.id()
      signature(r)
    } else if (tag === 3 && hasSigner) {
      const bytes = isE5 ? 33 : 32
      r.list(bytes, () => r.raw(bytes))
      signature(r)
    } else if (tag !== 0 && tag !== 2) {
      throw invalidArtifact(`expected a storage type of ${name}, got ${tag}`)
    }
    return r.since(start)
  }
  const rest = (r: BorshReader): Uint8Array => {
    const start = r.at
    if (hasTypes) {
      if (r.option()) {
        const tag = r.u8()
        const strings = CRDT_STRINGS[name][tag]
        if (strings === undefined) throw invalidArtifact(`expected a type of ${name}, got ${tag}`)
        for (let i = 0; i < strings; i++) r.bytes()
      }
      if (r.option()) r.bytes()
    }
    if (isE5 && r.option()) r.u32()
    return r.since(start)
  }
  const readMetadata = (r: BorshReader): Metadata => ({
    createdAt: r.u64(),
    updatedAt: r.u64(),
    storage: storage(r),
    rest: rest(r),
  })
  const readChild = (r: BorshReader): Child => ({
    id: r.id(),
    hash: r.id(),
    metadata: readMetadata(r),
  })
  const readAction = (r: BorshReader): Action => {
    const tag = r.u8()
    const id = r.id()
    if (tag === TAGS.remove && isE1) {
      const ancestors = r.list(MIN_CHILD_BYTES, () => readChild(r))
      const metadata = { createdAt: 0n, updatedAt: 0n, storage: PUBLIC, rest: EMPTY }
      return { kind: 'remove', id, deletedAt: 0n, metadata, ancestors }
    }
    if (tag === TAGS.remove) {
      return { kind: 'remove', id, deletedAt: r.u64(), metadata: readMetadata(r) }
    }
    if (tag !== TAGS.add && tag !== TAGS.update) {
      // 1 is Compare, which no honest author sends
      throw invalidArtifact(`expected an action, got tag ${tag}`)
    }
    const data = r.bytes()
    const ancestors = r.list(MIN_CHILD_BYTES, () => readChild(r))
    return {
      kind: tag === TAGS.add ? 'add' : 'update',
      id,
      data,
      ancestors,
      metadata: readMetadata(r),
    }
  }
  const writeMetadata = (w: BorshWriter, metadata: Metadata): void => {
    w.u64(metadata.createdAt)
    w.u64(metadata.updatedAt)
    if (!isE1) w.raw(metadata.storage)
    w.raw(metadata.rest)
  }
  const writeChild = (w: BorshWriter, child: Child): void => {
    w.raw(child.id)
    w.raw(child.hash)
    writeMetadata(w, child.metadata)
  }

  return {
    name,
    decodeArtifact(bytes) {
      const r = new BorshReader(bytes)
      const tag = r.u8()
      if (tag !== 0) throw invalidArtifact(`expected a list of actions, got tag ${tag}`)
      const actions = r.list(33, () => readAction(r))
      r.end()
      if (actions.length > MAX_ACTIONS) {
        throw invalidArtifact(`expected at most ${MAX_ACTIONS} actions, got ${actions.length}`)
      }
      return isE1 ? withTimes(actions) : actions
    },
    encodeArtifact(actions) {
      const w = new BorshWriter()
      w.u8(0)
      w.u32(actions.length)
      for (const action of actions) {
        w.u8(TAGS[action.kind])
        w.raw(action.id)
        if (action.kind === 'remove' && isE1) {
          const { ancestors = [] } = action
          w.u32(ancestors.length)
          for (const child of ancestors) writeChild(w, child)
          continue
        }
        if (action.kind === 'remove') {
          w.u64(action.deletedAt)
        } else {
          w.bytes(action.data)
          w.u32(action.ancestors.length)
          for (const child of action.ancestors) writeChild(w, child)
        }
        writeMetadata(w, action.metadata)
      }
      return w.done()
    },
    decodeIndex(bytes) {
      const r = new BorshReader(bytes)
      const record: IndexRecord = {
        id: r.id(),
        parent: r.option() ? r.id() : undefined,
        children: (isE1 ? hasList(r) : r.option())
          ? r.list(MIN_CHILD_BYTES, () => readChild(r))
          : undefined,
        fullHash: r.id(),
        ownHash: r.id(),
        metadata: readMetadata(r),
        deletedAt: !isE1 && r.option() ? r.u64() : undefined,
        deletedChildren: isE5 ? r.list(32, () => r.id()) : [],
      }
      r.end()
      return record
    },
    encodeIndex(record) {
      const w = new BorshWriter()
      w.raw(record.id)
      w.option(record.parent !== undefined)
      if (record.parent !== undefined) w.raw(record.parent)
      if (isE1) w.u32(record.children === undefined ? 0 : 1)
      else w.option(record.children !== undefined)
      if (isE1 && record.children !== undefined) w.bytes(CHILDREN_NAME)
      if (record.children !== undefined) {
        w.u32(record.children.length)
        for (const child of record.children) writeChild(w, child)
      }
      w.raw(record.fullHash)
      w.raw(record.ownHash)
      writeMetadata(w, record.metadata)
      if (isE1) return w.done()
      w.option(record.deletedAt !== undefined)
      if (record.deletedAt !== undefined) w.u64(record.deletedAt)
      if (isE5) {
        w.u32(record.deletedChildren.length)
        for (const id of record.deletedChildren) w.raw(id)
      }
      return w.done()
    },
  }
}

/** All layouts by name. */
export const LAYOUTS: Readonly<Record<LayoutName, Layout>> = {
  E1: createLayout('E1'),
  E3: createLayout('E3'),
  E4: createLayout('E4'),
  E5a: createLayout('E5a'),
  E5: createLayout('E5'),
}
