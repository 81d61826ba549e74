/** The request of each kind that costs most: as large as the interface allows, on records that are as large, and moves as many as it can. */
import { expect } from 'chai'
import type { ApplicationRecord, Signer } from '../../../src/node/anchor/anchor.ts'
import {
  MAX_BATCH,
  MAX_LIVE_INVITATIONS,
  MAX_MEMBERS,
  MAX_METADATA_BYTES,
  MAX_PACKAGE_NAME_BYTES,
  MAX_PACKAGE_OWNERS,
  MAX_PACKAGE_TEXT_BYTES,
  MAX_RELEASE_SOURCES,
  MAX_SOURCE_BYTES,
  MAX_VERSION_BYTES,
} from '../../../src/node/anchor/limits.ts'
import type { Domain, Operation } from '../../../src/node/anchor/operations.ts'
import { derivePackageId } from '../../../src/node/anchor/packages/envelope.ts'
import type { PackageOperation } from '../../../src/node/anchor/packages/operations.ts'
import {
  bookKey,
  type Effect,
  headerKey,
  memberKey,
  type MemberState,
  slotKey,
} from '../../../src/chains/local/model/groups/state.ts'
import { packageKey } from '../../../src/chains/local/model/packages/state.ts'
import { toHex, utf8 } from '../../../src/node/primitives/bytes.ts'
import { sha256 } from '../../../src/node/primitives/hash.ts'
import type { ContextId } from '../../../src/node/primitives/ids.ts'
import {
  application,
  contextOf,
  creation,
  ownGroup,
  person,
} from '../../compliance/anchor-support.ts'
import { publishing } from '../../compliance/package-support.ts'
import { CorePackagePair, CorePair } from '../core/core-pair.ts'
import { Recorder, type Step } from './recorder.ts'

/** A request on what is stored before it. */
export interface Case {
  readonly contract: 'contexts' | 'packages'
  readonly name: string
  readonly rows: readonly (readonly [key: string, value: string])[]
  readonly step: Step
  /** Whether one transaction can do it. */
  readonly fits: boolean
}

/** Where the requests are for. */
export interface Place {
  readonly domain: Domain
  /** Another contract that there is. */
  readonly successor: Uint8Array
}

/** Most members that one transaction removes when each of them leaves its place to another one. */
export const REMOVED_AT_ONCE = 9

const [A, B, X] = ['A', 'B', 'X'].map(person) as [Signer, Signer, Signer]
const SUBJECT = contextOf(A)
const GROUP = ownGroup(SUBJECT)
const CROWD = Array.from({ length: MAX_BATCH }, (_, at) => person(`crowd ${at}`))
const IDS = CROWD.map(({ publicKey }) => publicKey)
const LAST = Array.from({ length: MAX_BATCH }, (_, at) => person(`last ${at}`))
const OTHERS = Array.from({ length: MAX_BATCH }, (_, at) => person(`other ${at}`))
const COUNT = MAX_MEMBERS - MAX_BATCH
const NONCE = 1n << 32n
const DAY = 86_400n

/** An application record as large as any. */
function large(n: number): ApplicationRecord {
  const source = 'x'.repeat(MAX_SOURCE_BYTES)
  return { ...application(n), source, metadata: new Uint8Array(MAX_METADATA_BYTES).fill(n) }
}

/** A group as large as any, of A and B who may do everything, the crowd in places from 2 on, and the last ones in the last places. */
class Group extends CorePair {
  readonly #recorder: Recorder

  private constructor({ domain, successor }: Place) {
    const recorder = new Recorder(domain, successor)
    super({ rules: recorder, successor })
    this.#recorder = recorder
  }

  static async make(place: Place): Promise<Group> {
    const group = new Group(place)
    await group.by(A, { ...creation(), application: large(1) }, 0n)
    const header = group.state.get('groups', headerKey(GROUP))
    if (header === undefined) throw new RangeError('expected a group')
    const member = (slot: number, of: Partial<MemberState> = {}): MemberState => ({
      ...{ slot, role: 'reader', capabilities: 0, nonce: NONCE, joinedRevision: 1n, series: 0 },
      ...of,
    })
    const joined = (who: Signer, state: MemberState): Effect[] => [
      { table: 'members', key: memberKey(GROUP, who.publicKey), value: state },
      { table: 'slots', key: slotKey(GROUP, state.slot), value: who.publicKey },
    ]
    group.plant([
      { table: 'groups', key: headerKey(GROUP), value: { ...header, count: COUNT, managers: 2 } },
      ...joined(B, member(1, { role: 'writer', capabilities: 31 })),
      ...CROWD.flatMap((who, at) => joined(who, member(2 + at))),
      ...LAST.flatMap((who, at) => joined(who, member(COUNT - 1 - at))),
    ])
    return group
  }

  /** Sends what must be accepted. */
  async by(
    signer: Signer,
    operation: Operation,
    nonce: bigint = NONCE,
    subject: ContextId = SUBJECT,
  ): Promise<void> {
    const request = { subject, signer: signer.publicKey, nonce, validUntil: this.now + 60n }
    const revisions = operation.kind === 'createContext' ? {} : this.#revisions()
    const proof = { door: 'ed25519', signWith: signer } as const
    const [verdict] = await this.submit({ ...request, ...revisions, operation }, proof)
    expect(verdict, operation.kind).to.equal('accepted')
  }

  /** The longest head there is. */
  #revisions(): { ifMembersRevision: bigint; ifApplicationRevision: bigint } {
    return { ifMembersRevision: 1n, ifApplicationRevision: 1n }
  }

  /** What one more request costs, which is the dearest of its kind. */
  async cased(
    name: string,
    send: (group: Group) => Promise<void>,
    fits: boolean = true,
  ): Promise<Case> {
    const rows = [...this.#recorder.stored()]
    await send(this)
    const step = this.#recorder.steps.at(-1)
    if (step === undefined) throw new RangeError('expected a request')
    return { contract: 'contexts', name, rows, step, fits }
  }

  /** Who was barred before, or went, has a record that is to be removed. */
  past(people: readonly Signer[], barred: boolean): this {
    this.plant(
      people.map(({ publicKey }) => {
        const value = { nonce: 7n, barred, until: this.now + DAY }
        return { table: 'past' as const, key: memberKey(GROUP, publicKey), value }
      }),
    )
    return this
  }

  /** All places that B has for invitations are taken but one. */
  booked(): this {
    const invitation = (at: number): string => toHex(sha256(utf8(`invitation ${at}`)))
    const value = Array.from({ length: MAX_LIVE_INVITATIONS - 1 }, (_, at) => {
      return { invitation: invitation(at), notAfter: this.now + DAY }
    })
    const key = bookKey(GROUP, B.publicKey, { joinedRevision: 1n, series: 0 })
    this.plant([{ table: 'books', key, value }])
    return this
  }

  terms(): ReturnType<CorePair['termsOf']> {
    const notAfter = this.now + DAY
    const given = { group: GROUP, inviter: B.publicKey, notAfter, maxUses: 5, capabilities: 31 }
    return this.termsOf({ ...given, role: 'reader' })
  }
}

async function groupCases(place: Place): Promise<Case[]> {
  const begin = async (): Promise<Group> => Group.make(place)
  const simple = async (operation: Operation, name: string = operation.kind): Promise<Case> =>
    (await begin()).cased(name, (group) => group.by(A, operation))
  const removal = (ids: typeof IDS): Operation => ({ kind: 'removeMembers', ids, mayReturn: true })
  const others = OTHERS.map(({ publicKey }) => publicKey)
  const changes = IDS.map((identity) => ({ identity, capabilities: 31 }))
  return [
    await (
      await begin()
    ).cased('createContext', (group) =>
      group.by(X, { ...creation(2), application: large(2) }, 0n, contextOf(X, 2)),
    ),
    await (
      await begin()
    ).cased('createContext, in a group', (group) =>
      group.by(A, { ...creation(2, GROUP), application: large(2) }, NONCE, contextOf(A, 2)),
    ),
    await simple({ kind: 'updateApplication', application: large(3) }),
    await (
      await begin()
    )
      .past(OTHERS, true)
      .cased('addMembers', (group) =>
        group.by(A, { kind: 'addMembers', ids: others, role: 'reader' }),
      ),
    await simple(removal(IDS.slice(0, REMOVED_AT_ONCE))),
    await (
      await begin()
    ).cased(
      'removeMembers, one more',
      (group) => group.by(A, removal(IDS.slice(0, REMOVED_AT_ONCE + 1))),
      false,
    ),
    await (
      await begin()
    )
      .past(OTHERS, false)
      .cased('removeMembers, of none', (group) =>
        group.by(A, { kind: 'removeMembers', ids: others, mayReturn: false }),
      ),
    await simple({ kind: 'grant', changes }),
    await (async () => {
      const group = await begin()
      await group.by(A, { kind: 'grant', changes })
      return group.cased('revoke', () => group.by(A, { kind: 'revoke', changes }, NONCE + 1n))
    })(),
    await simple({ kind: 'setRole', ids: IDS, role: 'writer' }),
    await simple({ kind: 'leave' }),
    await (
      await begin()
    )
      .booked()
      .past([X], false)
      .cased('claimInvitation', async (group) =>
        group.by(X, await group.claim(group.terms(), X.publicKey, B), 7n),
      ),
    await (
      await begin()
    )
      .booked()
      .cased('revokeInvitation', async (group) =>
        group.by(A, await group.revocation(group.terms(), B)),
      ),
    await simple({ kind: 'voidInvitations' }),
    await simple({ kind: 'bumpNonce', to: NONCE + 9n }),
    await simple({ kind: 'setOptions', options: { approvers: 'members' } }),
    await simple({ kind: 'migrateTo', contract: place.successor }),
    await simple({ kind: 'seal' }),
  ]
}

const NAME = `org.${'x'.repeat(MAX_PACKAGE_NAME_BYTES - 4)}`
const TEXT = 'x'.repeat(MAX_PACKAGE_TEXT_BYTES)
const PACKAGE = derivePackageId(A.publicKey, NAME)

/** A release as large as any, of the pre-releases of a line. */
function largest(major: number, minor: number): PackageOperation {
  const begin = `${major}.${minor}.0-`
  const version = begin + 'x'.repeat(MAX_VERSION_BYTES - begin.length)
  const sources = Array<string>(MAX_RELEASE_SOURCES).fill('x'.repeat(MAX_SOURCE_BYTES))
  return publishing(version, { sources, minRuntime: 'x'.repeat(MAX_VERSION_BYTES) })
}

function versionOf(operation: PackageOperation): string {
  return operation.kind === 'publishRelease' ? operation.release.version : ''
}

/** A package as large as any. */
class Package extends CorePackagePair {
  readonly #recorder: Recorder
  #nonce = 0n

  private constructor({ domain, successor }: Place) {
    const recorder = new Recorder(domain, successor)
    super(recorder)
    this.#recorder = recorder
  }

  static async make(place: Place, before: readonly PackageOperation[]): Promise<Package> {
    const made = new Package(place)
    for (const operation of before) await made.by(A, operation)
    return made
  }

  async by(signer: Signer, operation: PackageOperation): Promise<void> {
    const { ours: domain } = this.domains()
    const nonce = signer === A ? this.#nonce : 0n
    const head = { domain, subject: PACKAGE, signer: signer.publicKey, nonce }
    const request = { ...head, validUntil: this.now + 60n, operation }
    const [verdict] = await this.submit(request, { door: 'ed25519', signWith: signer })
    expect(verdict, operation.kind).to.equal('accepted')
    if (signer === A) this.#nonce += 1n
  }

  /** As many owners as there may be, or but for one: half of them by offers. */
  crowded(missing: number): this {
    const key = packageKey(PACKAGE)
    const header = this.state.get('packages', key)
    if (header === undefined) throw new RangeError('expected a package')
    const room = MAX_PACKAGE_OWNERS - 1 - missing
    const owners = [A.publicKey, ...IDS.slice(0, room - 3)]
    const offered = [X.publicKey, ...IDS.slice(8, 10)]
    this.plant([{ table: 'packages', key, value: { ...header, owners, offered } }])
    return this
  }

  async cased(name: string, operation: PackageOperation, signer: Signer = A): Promise<Case> {
    const rows = [...this.#recorder.stored()]
    await this.by(signer, operation)
    const step = this.#recorder.steps.at(-1)
    if (step === undefined) throw new RangeError('expected a request')
    return { contract: 'packages', name, rows, step, fits: true }
  }
}

async function packageCases(place: Place): Promise<Case[]> {
  const create: PackageOperation = {
    ...{ kind: 'createPackage', name: NAME, description: TEXT, repository: TEXT },
  }
  const three = [0, 1, 2].map((minor) => largest(0xffff_ffff, minor))
  const [first = create, middle = create] = three
  const yank = (release: PackageOperation): PackageOperation => ({
    ...{ kind: 'yankRelease', version: versionOf(release), reason: TEXT },
  })
  const make = async (...before: PackageOperation[]): Promise<Package> =>
    Package.make(place, before)
  return [
    await (await make()).cased('createPackage', create),
    await (await make(create)).crowded(0).cased('publishRelease, of a new line', first),
    await (await make(create, first)).crowded(0).cased('publishRelease', middle),
    await (await make(create, ...three)).crowded(0).cased('yankRelease', yank(middle)),
    await (
      await make(create, first)
    )
      .crowded(0)
      .cased('yankRelease, the last of a line', yank(first)),
    await (
      await make(create)
    )
      .crowded(1)
      .cased('addOwner', { kind: 'addOwner', owner: B.publicKey }),
    await (await make(create)).crowded(0).cased('acceptOwnership', { kind: 'acceptOwnership' }, X),
    await (
      await make(create)
    )
      .crowded(0)
      .cased('removeOwner', { kind: 'removeOwner', owner: A.publicKey }),
  ]
}

/** The dearest request of each kind. */
export async function dearestCases(place: Place): Promise<Case[]> {
  return [...(await groupCases(place)), ...(await packageCases(place))]
}
