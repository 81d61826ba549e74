/** A group on the canister of the Internet Computer; all that is read of it is proven. */
import * as P from 'micro-packed'
import { groupFields, memberLayout } from '../../src/chains/shared/core/records.ts'
import type { Signer } from '../../src/node/anchor/anchor.ts'
import type { Domain } from '../../src/node/anchor/operations.ts'
import type { SignedEnvelope } from '../../src/node/anchor/service.ts'
import { canisterId } from '../../src/devnet/icp/codec/principal.ts'
import { bytes, bytes32, option } from '../../src/node/codec/codec.ts'
import { concat, equalBytes, fromUtf8 } from '../../src/node/primitives/bytes.ts'
import type { GroupId } from '../../src/node/primitives/ids.ts'
import { ContractScene, type SeenGroup, type SeenMember, type SeenPage } from './contract-scene.ts'
import { IcpBench, type Refused, type Supply, type Verdict } from './icp-contracts.ts'
import { type ProvenRows, rootOf } from './icp-witness.ts'

/** The rules' tables and the canister's own. */
export type Table =
  | ('contexts' | 'groups' | 'members' | 'past' | 'slots' | 'invitations')
  | ('settings' | 'operations' | 'log' | 'applied' | 'creations')

/** Their numbers. */
const TABLES: Readonly<Record<Table, number>> = {
  ...{ contexts: 1, groups: 2, members: 3, past: 4, slots: 5, invitations: 6 },
  ...{ settings: 128, operations: 129, log: 130, applied: 131, creations: 132 },
}

/** The key of a row. */
export function keyOf(table: Table, ...parts: readonly Uint8Array[]): Uint8Array {
  return concat(Uint8Array.of(TABLES[table]), ...parts)
}

/** What is remembered of an operation. */
export interface Entry {
  readonly place: bigint
  /** Nanoseconds. */
  readonly time: bigint
  readonly digest: Uint8Array
  readonly signer: Uint8Array
  readonly nonce: bigint
  readonly group: Uint8Array
  readonly event?: Uint8Array | undefined
}

export const entryLayout: P.CoderType<Entry> = P.struct({
  ...{ place: P.U64LE, time: P.U64LE, digest: bytes32, signer: bytes32, nonce: P.U64LE },
  ...{ group: bytes32, event: option(bytes) },
})

/** The name that the bytes of an event begin with. */
function nameOfEvent(event: Uint8Array): string {
  return fromUtf8(event.slice(4, 4 + (event[0] ?? 0)))
}

/** What an adoption came to. */
export function adoptionIn(answer: unknown): boolean | string {
  const adopted = answer as { readonly Ok: boolean } | { readonly Err: Refused } // ADOPTED, there
  return 'Ok' in adopted ? adopted.Ok : adopted.Err.name
}

function decoded<T>(layout: P.CoderType<T>, row: Uint8Array | undefined): T | undefined {
  return row && layout.decode(row)
}

const groupLayout = P.struct(groupFields)
/** What is kept of who went. */
const pastLayout = P.struct({ nonce: P.U64LE, barred: P.bool, until: P.U64LE })

export class Scene extends ContractScene<Verdict> {
  readonly bench: IcpBench
  readonly id: Uint8Array
  readonly successor: Uint8Array = canisterId(77n)

  constructor(bench: IcpBench = new IcpBench(), id: Uint8Array = bench.deploy('contexts')) {
    super()
    this.bench = bench
    this.id = id
  }

  get domain(): Domain {
    return this.bench.domain(this.id)
  }

  get now(): bigint {
    return this.bench.now
  }

  get place(): bigint {
    return this.places(this.prove('info'))
  }

  /** Operations so far, as an answer has it. */
  places(rows: ProvenRows): bigint {
    return decoded(P.U64LE, rows.get(keyOf('operations'))) ?? 0n
  }

  snapshot(): number {
    return this.bench.chain.snapshot()
  }

  revert(snapshot: number): void {
    this.bench.revert(snapshot)
  }

  prove(...[method, ...given]: Tail<Parameters<IcpBench['prove']>>): ProvenRows {
    return this.bench.prove(this.id, method, ...given)
  }

  /** @throws RangeError unless what is certified is exactly what is stored */
  checkRoot(): void {
    if (equalBytes(this.bench.canister(this.id).certifiedData, rootOf(this.stored()))) return
    throw new RangeError('expected the root of what is stored')
  }

  stored(): Map<string, string> {
    return this.bench.stored(this.id)
  }

  deliver({ envelope, signature }: SignedEnvelope): Verdict {
    return this.bench.call(this.id, 'apply', envelope, signature) as Verdict // its type, there
  }

  check({ envelope, signature }: SignedEnvelope): Refused | undefined {
    const [refused] = this.bench.query(this.id, 'check', envelope, signature) as readonly Refused[]
    return refused
  }

  nameOf(outcome: Verdict): string {
    return 'Err' in outcome ? outcome.Err.name : 'accepted'
  }

  tried(signed: SignedEnvelope): string {
    return this.check(signed)?.name ?? 'accepted'
  }

  /** Takes over from the predecessor: whether all is here now, or the refusal's name. */
  adopt(method: 'adopt_group' | 'adopt_context', ...given: readonly unknown[]): boolean | string {
    return adoptionIn(this.bench.call(this.id, method, ...given))
  }

  supply(): Supply {
    return this.bench.query(this.id, 'cycles') as Supply // its type, there
  }

  nonceOf({ publicKey }: Pick<Signer, 'publicKey'>, group: GroupId = this.group): bigint {
    const rows = this.prove('standing', group, publicKey)
    const member = decoded(memberLayout, rows.get(keyOf('members', group, publicKey)))
    if (member !== undefined) return member.nonce
    const past = decoded(pastLayout, rows.get(keyOf('past', group, publicKey)))
    return past !== undefined && past.until >= this.now ? past.nonce : 0n
  }

  header(id: Uint8Array = this.group): SeenGroup | undefined {
    return decoded(groupLayout, this.prove('group', id).get(keyOf('groups', id)))
  }

  member({ publicKey }: Signer, group: GroupId = this.group): SeenMember | undefined {
    const row = this.prove('member', group, publicKey).get(keyOf('members', group, publicKey))
    return decoded(memberLayout, row)
  }

  page(offset: number, length: number): SeenPage | undefined {
    const { group } = this
    const rows = this.prove('members', group, offset, length)
    const header = decoded(groupLayout, rows.get(keyOf('groups', group)))
    if (header === undefined) return undefined
    const { membersRevision: revision, count: total } = header
    const end = Math.min(total, offset + Math.min(length, 100))
    const items = []
    for (let slot = offset; slot < end; slot++) {
      const identity = rows.get(keyOf('slots', group, P.U32BE.encode(slot)))
      if (identity === undefined) throw new RangeError(`expected somebody in slot ${slot}`)
      const member = decoded(memberLayout, rows.get(keyOf('members', group, identity)))
      if (member?.slot !== slot) throw new RangeError(`expected a member of slot ${slot}`)
      items.push({ identity })
    }
    return { revision, total, items }
  }

  /** What is remembered from a place on, at most a hundred. */
  changes(from: bigint): Entry[] {
    const rows = this.prove('changes', [from], 100)
    const next = this.places(rows)
    const items = []
    for (let place = from; place < next && place < from + 100n; place++) {
      const row = rows.get(keyOf('log', P.U64BE.encode(place % 65_536n)))
      if (row === undefined) throw new RangeError(`expected an operation at ${place}`)
      items.push(entryLayout.decode(row))
    }
    return items
  }

  told(from: bigint): (string | undefined)[] {
    return this.changes(from).map(({ event }) => event && nameOfEvent(event))
  }
}

/** What follows the first of some types. */
type Tail<T extends readonly unknown[]> = T extends readonly [unknown, ...infer R] ? R : never
