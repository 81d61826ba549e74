/** A group on the contracts, and short words for what people try with it. */
import { hex } from '../../src/chains/ethereum/contracts/codec.ts'
import type { Signer } from '../../src/node/anchor/anchor.ts'
import { type Envelope, envelopeCodec } from '../../src/node/anchor/envelope.ts'
import type { Operation } from '../../src/node/anchor/operations.ts'
import { type ContextId, type GroupId, PublicKey } from '../../src/node/primitives/ids.ts'
import { contextOf, creation, ownGroup, person } from '../compliance/anchor-support.ts'
import { type Call, ContractBench, type ContractEvent, type Outcome } from './ethereum-contracts.ts'
import { bind, type Door, proved } from './ethereum-proofs.ts'

/** A request, usual where nothing is said. */
export interface Request extends Partial<Omit<Envelope, 'operation' | 'signer'>> {
  readonly door?: Door
  /** Signs in the signer's place. */
  readonly signWith?: Signer
}

/** A is the author, B and C are people that A may add, X is an outsider; all have accounts. */
export class Scene {
  readonly a: Signer = person('A')
  readonly b: Signer = person('B')
  readonly c: Signer = person('C')
  readonly x: Signer = person('X')
  readonly context: ContextId = contextOf(this.a)
  readonly group: GroupId = ownGroup(this.context)
  readonly bench: ContractBench

  private constructor(bench: ContractBench) {
    this.bench = bench
  }

  static async start(chainId?: number): Promise<Scene> {
    const scene = new Scene(await ContractBench.start(chainId))
    await bind(scene.bench, scene.a, scene.b, scene.c, scene.x)
    return scene
  }

  /** The bytes of a request. */
  async envelope(signer: Signer, operation: Operation, request: Request = {}): Promise<Uint8Array> {
    const { door: _, signWith: __, ...fields } = request
    return envelopeCodec.encode({
      domain: this.bench.domain(),
      subject: this.group,
      nonce: fields.nonce ?? (await this.nonceOf(signer)),
      validUntil: fields.validUntil ?? (await this.bench.now()) + 600n,
      ...fields,
      signer: signer.publicKey,
      operation,
    })
  }

  async signed(signer: Signer, operation: Operation, request: Request = {}): Promise<Call> {
    const { door = 'ed25519', signWith = signer } = request
    return proved(this.bench, await this.envelope(signer, operation, request), door, signWith)
  }

  /** Sends it; all of what came of it. */
  async send(signer: Signer, operation: Operation, request: Request = {}): Promise<Outcome> {
    return this.bench.send(await this.signed(signer, operation, request))
  }

  /** Sends it; `accepted`, or the refusal's name. */
  async outcome(signer: Signer, operation: Operation, request: Request = {}): Promise<string> {
    return nameOf(await this.send(signer, operation, request))
  }

  /** What the call comes to, without doing it. */
  async tried(call: Call): Promise<string> {
    return nameOf(await this.bench.call(call))
  }

  async create(signer: Signer = this.a): Promise<string> {
    return this.outcome(signer, creation(), { subject: contextOf(signer), nonce: 0n })
  }

  /** A group with A alone, or with others. */
  async begin(...members: readonly Signer[]): Promise<void> {
    await this.must(await this.send(this.a, creation(), { subject: this.context, nonce: 0n }))
    if (members.length > 0) await this.must(await this.send(this.a, add(...members)))
  }

  /** The events of what must succeed. */
  async must(outcome: Outcome): Promise<readonly ContractEvent[]> {
    if (outcome.error !== undefined) throw new RangeError(`expected success, got ${outcome.error}`)
    return outcome.events
  }

  async nonceOf(who: Signer, group: GroupId = this.group): Promise<bigint> {
    const call = await this.bench.view('member', [hex(group), hex(who.publicKey)]).catch(() => [])
    return (call[0] as { nonce: bigint } | undefined)?.nonce ?? 0n // the ABI says uint64
  }

  async capabilitiesOf(who: Signer): Promise<number> {
    const [record] = await this.bench.view('member', [hex(this.group), hex(who.publicKey)])
    return Number((record as { capabilities: bigint }).capabilities) // the ABI says uint8
  }

  async hasMember(who: Signer): Promise<boolean> {
    const [found] = await this.bench.view('hasMember', [hex(this.group), hex(who.publicKey)])
    return found === true
  }

  /** membersRevision and capabilitiesRevision. */
  async revisions(): Promise<readonly [bigint, bigint]> {
    const [header] = await this.bench.view('group', [hex(this.group)])
    const { membersRevision, capabilitiesRevision } = header as Record<string, bigint> // by the ABI
    return [membersRevision ?? 0n, capabilitiesRevision ?? 0n]
  }
}

export function nameOf(outcome: Outcome): string {
  return outcome.error ?? 'accepted'
}

/** Adds people as writers. */
export function add(...people: readonly Signer[]): Extract<Operation, { kind: 'addMembers' }> {
  return { kind: 'addMembers', ids: people.map(({ publicKey }) => publicKey), role: 'writer' }
}

/** Removes people, who are barred. */
export function remove(...people: readonly Signer[]): Operation {
  return { kind: 'removeMembers', ids: people.map(({ publicKey }) => publicKey), mayReturn: false }
}

/** Removes people, who may return. */
export function dismiss(...people: readonly Signer[]): Operation {
  return { kind: 'removeMembers', ids: people.map(({ publicKey }) => publicKey), mayReturn: true }
}

export function grant(who: Signer, capabilities: number): Operation {
  return { kind: 'grant', changes: [{ identity: who.publicKey, capabilities }] }
}

export function revoke(who: Signer, capabilities: number): Operation {
  return { kind: 'revoke', changes: [{ identity: who.publicKey, capabilities }] }
}

/** Bytes that claim to be somebody; whoever has no such key signs with another. */
export function impostor(signer: Signer, publicKey: Uint8Array): Signer {
  return { ...signer, publicKey: PublicKey.from(publicKey) }
}
