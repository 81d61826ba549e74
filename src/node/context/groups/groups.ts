/** The groups this node takes part in: opened from the store, refreshed on hints of their anchors, and given new key epochs when a member goes. */
import type { Anchor } from '../../anchor/anchor.ts'
import type { AtRest } from '../../crypto/at-rest.ts'
import { compareBytes, equalBytes } from '../../primitives/bytes.ts'
import type { Random } from '../../primitives/clock.ts'
import { type GroupId, idKey, idText } from '../../primitives/ids.ts'
import type { Globals } from '../../store/repositories/globals.ts'
import type { GroupRow } from '../../store/repositories/groups.ts'
import type { KeyGrant } from '../../sync/replica.ts'
import { contextError } from '../errors.ts'
import { Group, type GroupComponents } from './group.ts'
import { Keyring } from './keyring.ts'
import { ROTATION_TAKEOVER_MS } from '../limits.ts'

export interface GroupsComponents extends GroupComponents {
  readonly anchors: ReadonlyMap<string, Anchor>
  readonly atRest: AtRest
  readonly globals: Globals
  readonly random: Random
  background(work: Promise<void>): void
}

export class Groups {
  readonly #c: GroupsComponents
  readonly #groups = new Map<string, Group>()
  /** Groups whose rows are being made. */
  readonly #making = new Map<string, Promise<Group>>()

  constructor(components: GroupsComponents) {
    this.#c = components
  }

  /** Names of the configured anchors. */
  protocols(): readonly string[] {
    return [...this.#c.anchors.keys()]
  }

  /** @throws ANCHOR_UNKNOWN */
  anchor(protocol: string): Anchor {
    const anchor = this.#c.anchors.get(protocol)
    if (anchor === undefined) {
      const known = [...this.#c.anchors.keys()].join(', ') || 'none'
      throw contextError(
        'ANCHOR_UNKNOWN',
        `expected one of the configured protocols (${known}), got ${JSON.stringify(protocol)}`,
        { expected: known, got: protocol },
      )
    }
    return anchor
  }

  async load(): Promise<void> {
    for (const { id, row } of await this.#c.rows.list()) {
      if (!this.#c.anchors.has(row.protocol)) {
        this.#c.logger.warn(
          { group: idText(id), protocol: row.protocol },
          'no anchor for this group',
        )
        continue
      }
      await this.#open(id, row)
    }
  }

  get(id: GroupId): Group | undefined {
    return this.#groups.get(idKey(id))
  }

  all(): readonly Group[] {
    return [...this.#groups.values()]
  }

  /** The group, with rows made for it when it is new here. */
  async ensure(id: GroupId, protocol: string): Promise<Group> {
    const known = this.get(id)
    if (known !== undefined) return known
    const key = idKey(id)
    const making =
      this.#making.get(key) ?? this.#make(id, protocol).finally(() => this.#making.delete(key))
    this.#making.set(key, making)
    return making
  }

  async #make(id: GroupId, protocol: string): Promise<Group> {
    this.anchor(protocol)
    const number = await this.#c.globals.nextNumber()
    const row = { number, protocol, membersRevision: 0n, capabilitiesRevision: 0n }
    await this.#c.store.batch([this.#c.rows.put(id, row)], { sync: true })
    return this.#open(id, row)
  }

  /** The first key epoch of a group made here. */
  async firstKey(group: Group): Promise<void> {
    if (group.keyring.newest < 0) await group.addKey(0, this.#c.random.bytes(32))
  }

  /** Takes keys that a current member gave to one of our identities. */
  async acceptKeys(group: Group, grants: readonly KeyGrant[]): Promise<number> {
    let accepted = 0
    // oldest first: an epoch may not lie too far ahead of those before it
    for (const grant of [...grants].sort((a, b) => a.epoch - b.epoch)) {
      if (group.roleOf(grant.giver) === undefined) await group.refreshSoon()
      const role = group.roleOf(grant.giver)
      if (role === undefined || role === 'relay') continue
      for (const recipient of group.owned()) {
        const key = group.keyring.unwrap(grant, recipient)
        if (key !== undefined && (await group.addKey(grant.epoch, key))) accepted++
      }
    }
    return accepted
  }

  async #open(id: GroupId, row: GroupRow): Promise<Group> {
    const group = await this.#build(id, row)
    this.#groups.set(idKey(id), group)
    group.events.on('changed', ({ removed }) => {
      if (removed.length > 0) this.#rotate(group)
    })
    return group
  }

  async #build(id: GroupId, row: GroupRow): Promise<Group> {
    const { rows } = this.#c
    const keyring = new Keyring(id, row.number, this.#c, await rows.epochs(row.number))
    const members = await rows.members(row.number)
    return new Group(id, row, this.anchor(row.protocol), keyring, members, this.#c)
  }

  // A member that went must not read what is written from now on. The member with the smallest key makes the epoch; the others
  // take over when it does not. Two epochs of one number do no harm (see Keyring).
  #rotate(group: Group): void {
    const candidates = group.members().filter(({ role }) => role === 'writer')
    const own = group.writer()
    const epoch = group.keyring.newest
    if (own === undefined || epoch < 0) return
    const elected = candidates.sort((a, b) => compareBytes(a.identity, b.identity))[0]
    const rotate = (): void => {
      if (group.keyring.newest > epoch || group.writer() === undefined) return
      const work = group.addKey(epoch + 1, this.#c.random.bytes(32)).then(() => {})
      this.#c.background(work)
    }
    if (elected !== undefined && equalBytes(elected.identity, own.publicKey)) rotate()
    else this.#c.clock.after(ROTATION_TAKEOVER_MS, rotate)
  }
}
