/** The groups this node takes part in: opened from the store, refreshed on hints of their anchors, and given new key epochs when a member goes. */
import type { Anchor } from '../../anchor/anchor.ts'
import type { AtRest } from '../../crypto/at-rest.ts'
import type { Random } from '../../primitives/clock.ts'
import { type GroupId, idKey, idText } from '../../primitives/ids.ts'
import type { GaugeReading } from '../../metrics.ts'
import type { Globals } from '../../store/repositories/globals.ts'
import type { GroupRow } from '../../store/repositories/groups.ts'
import type { KeyGrant } from '../../sync/replica.ts'
import { contextError } from '../errors.ts'
import { Group, type GroupComponents } from './group.ts'
import { type TakenKeys, takeKeys } from './given-keys.ts'
import { Keyring } from './keyring.ts'
import { NO_MOVE } from './move.ts'
import { Rotation, type RotationComponents } from './rotation.ts'

export interface GroupsComponents extends GroupComponents, RotationComponents {
  readonly anchors: ReadonlyMap<string, Anchor>
  readonly atRest: AtRest
  readonly globals: Globals
  readonly random: Random
  readonly metrics: GroupComponents['metrics'] & RotationComponents['metrics']
}

export class Groups {
  readonly #c: GroupsComponents
  readonly #groups = new Map<string, Group>()
  readonly #rotations = new Map<string, Rotation>()
  /** Groups whose rows are being made. */
  readonly #making = new Map<string, Promise<Group>>()

  constructor(components: GroupsComponents) {
    this.#c = components
  }

  anchors(): Iterable<Anchor> {
    return this.#c.anchors.values()
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
    const row: GroupRow = {
      number,
      protocol,
      membersRevision: 0n,
      capabilitiesRevision: 0n,
      watchedFrom: 0n,
      departedRevision: 0n,
      departedAtMs: 0n,
      viewHeight: 0n,
      viewBlock: '',
      viewAtMs: 0n,
      ...NO_MOVE,
    }
    await this.#c.store.batch([this.#c.rows.put(id, row)], { sync: true })
    return this.#open(id, row)
  }

  /** The first key epoch of a group made here. */
  async firstKey(group: Group): Promise<void> {
    if (group.keyring.newest < 0) await group.makeKey(this.#c.random.bytes(32))
  }

  /** Takes keys that members gave to our identities; `asked` are the epochs that they were asked for. */
  acceptKeys(
    group: Group,
    grants: readonly KeyGrant[],
    asked?: readonly number[],
  ): Promise<TakenKeys> {
    return takeKeys(group, grants, { asked, clock: this.#c.clock })
  }

  /** What `context get` says of a rotation that is owed. */
  rotation(group: Group): { sinceMs: number; tries: number } | undefined {
    const sinceMs = group.rotatingSinceMs
    const tries = this.#rotations.get(idKey(group.id))?.tries ?? 0
    return sinceMs === undefined ? undefined : { sinceMs, tries }
  }

  /** How many groups wait for a key. */
  rotating(): readonly GaugeReading[] {
    return [{ value: this.all().filter(({ isRotating }) => isRotating).length }]
  }

  /** How many groups have a view that their anchor contradicts. */
  doubtful(): readonly GaugeReading[] {
    return [{ value: this.all().filter(({ doubt }) => doubt !== undefined).length }]
  }

  /** How many groups are going to leave their contract, or have left it and are nowhere yet. */
  moving(): readonly GaugeReading[] {
    return [{ value: this.all().filter(({ migration }) => migration !== undefined).length }]
  }

  /** Makes no more keys, and looks at nothing by itself. */
  stop(): void {
    for (const group of this.all()) group.stop()
    for (const rotation of this.#rotations.values()) rotation.stop()
  }

  async #open(id: GroupId, row: GroupRow): Promise<Group> {
    const group = await this.#build(id, row)
    this.#groups.set(idKey(id), group)
    this.#rotations.set(idKey(id), new Rotation(group, this.#c))
    return group
  }

  async #build(id: GroupId, row: GroupRow): Promise<Group> {
    const { rows } = this.#c
    const keyring = new Keyring(id, row.number, this.#c, await rows.epochs(row.number))
    const members = await rows.members(row.number)
    return new Group(id, row, this.anchor(row.protocol), keyring, members, this.#c)
  }
}
