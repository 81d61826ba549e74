/** The rules in Rust and their reference model side by side: the same requests at the same second, and all that is stored afterwards compared. */
import { join } from 'node:path'
import { expect } from 'chai'
import * as P from 'micro-packed'
import { readInterface } from '../../../scripts/support/contract-interface.ts'
import type { Signer } from '../../../src/node/anchor/anchor.ts'
import { type Envelope, envelopeCodec } from '../../../src/node/anchor/envelope.ts'
import { REFUSALS } from '../../../src/node/anchor/errors.ts'
import type { Domain, InvitationTerms, Operation } from '../../../src/node/anchor/operations.ts'
import {
  type PackageEnvelope,
  packageEnvelopeCodec,
} from '../../../src/node/anchor/packages/envelope.ts'
import { ED25519_SCHEME } from '../../../src/node/anchor/ticket.ts'
import { decide, type Decision } from '../../../src/chains/local/model/groups/decide.ts'
import {
  type Effect,
  memberKey,
  type MemberState,
  MemoryState,
} from '../../../src/chains/local/model/groups/state.ts'
import {
  decidePackages,
  type PackageDecision,
} from '../../../src/chains/local/model/packages/decide.ts'
import type {
  PackageEffect,
  PackageTables,
} from '../../../src/chains/local/model/packages/state.ts'
import type { DecideContext } from '../../../src/chains/local/model/request.ts'
import { MemoryTables } from '../../../src/chains/local/model/tables.ts'
import { bytes, bytes32, string, vec } from '../../../src/node/codec/codec.ts'
import { isStrongKey, verifySignature } from '../../../src/node/crypto/sign.ts'
import { utf8 } from '../../../src/node/primitives/bytes.ts'
import { type GroupId, PublicKey } from '../../../src/node/primitives/ids.ts'
import type { PackagePair } from '../shared/package-steps.ts'
import { type GivenTerms, type Pair, type Proof, type Verdict, verdictOf } from '../shared/pair.ts'
import { hex, plainModelEvent, plainPackageEvent } from '../shared/plain-events.ts'
import { CoreModule, type Question, type Rules, type Told, type ToldEvent } from './core-module.ts'
import { groupRow, packageRow, type Row } from './records.ts'

const { events: EVENTS } = readInterface(join(import.meta.dirname, '../../..'))
const NAMES = new Map(Object.entries(REFUSALS).map(([name, number]) => [Number(number), name]))

/** Seed of the claim keys. */
const CLAIM_SEED = new Uint8Array(32).fill(5)
const NETWORK = new Uint8Array(32).fill(9)
const GROUPS: Domain = { chain: 1, network: NETWORK, contract: new Uint8Array(20).fill(1) }
const PACKAGES: Domain = { ...GROUPS, contract: utf8('packages.example') }
const KEYS = { isStrong: isStrongKey, verify: verifySignature }
/** 2027; any second does. */
const START = 1_800_000_000n

/** How the values of events are read, as {@link plainModelEvent} shows them. */
const READERS: Readonly<Record<string, P.CoderType<unknown>>> = {
  id: shown(bytes32, hex),
  ids: shown(vec(bytes32), (ids) => ids.map(hex)),
  u8s: shown(bytes, (list) => [...list].map(BigInt)),
  u8: shown(P.U8, BigInt),
  u16: shown(P.U16LE, BigInt),
  u32: shown(P.U32LE, BigInt),
  u64: shown(P.U64LE, (value) => value),
  bool: shown(P.bool, (value) => value),
  text: shown(string, (value) => value),
  bytes: shown(bytes, hex),
}

function shown<T>(layout: P.CoderType<T>, show: (value: T) => unknown): P.CoderType<unknown> {
  return P.apply<T, unknown>(layout, {
    encode: show,
    decode: () => {
      throw new RangeError('expected to read only')
    },
  })
}

function readerOf(type: string): P.CoderType<unknown> {
  const reader = READERS[type]
  if (reader === undefined) throw new RangeError(`expected a type of the interface, got ${type}`)
  return reader
}

/** An event of the module in the form of {@link plainModelEvent}: its fields are those of the interface file, in their order. */
function plainToldEvent(event: ToldEvent | undefined): unknown {
  if (event === undefined) return undefined
  const { name, subject, signer, nonce, revision } = event
  const fields = Object.entries(EVENTS[name] ?? {}).map(
    ([field, type]) => [field, P.struct({ name: string, value: readerOf(type) })] as const,
  )
  const told = P.struct(Object.fromEntries(fields)).decode(event.fields)
  const values = Object.entries(told).map(([field, { name: label, value }]) => {
    expect(label).to.equal(field)
    return [field, value]
  })
  return {
    name,
    ...{ subject: hex(subject), signer: hex(signer), nonce, revision },
    ...Object.fromEntries(values),
  }
}

function verdictOfModule(answer: Told): Verdict {
  if (answer.accepted) return ['accepted', undefined]
  return [NAMES.get(answer.number) ?? `E${answer.number}`, answer.expected]
}

/** What both store, in the bytes of the rules in Rust. */
class Records {
  readonly rules: Rules
  readonly #expected = new Map<string, string>()

  constructor(rules: Rules) {
    this.rules = rules
  }

  /** What lies there whatever the requests were. */
  plant(rows: readonly Row[]): void {
    for (const [key, value = ''] of rows) {
      this.rules.plant(key, value)
      this.#expected.set(key, value)
    }
  }

  /** What the rules answer; fails unless it is what the model does. */
  ask(question: Question, decision: Decision | PackageDecision): Told {
    const answer = this.rules.ask(question)
    expect(verdictOfModule(answer)).to.deep.equal(verdictOf(decision))
    return answer
  }

  /** Does what was accepted; fails unless both tell the same, and store the same. */
  store(question: Question, answer: Told, rows: readonly Row[], event: unknown): void {
    if (!answer.accepted) return
    const told = this.rules.apply(question, answer)
    expect(plainToldEvent(told)).to.deep.equal(event)
    for (const [key, value] of rows) {
      if (value === undefined) this.#expected.delete(key)
      else this.#expected.set(key, value)
    }
    expect(this.rules.stored()).to.deep.equal(this.#expected)
  }
}

/** Signed bytes, or what is there instead of a signature. */
async function prove(envelope: Uint8Array, { signWith, garbage }: Proof): Promise<Uint8Array> {
  const { signature } = await ED25519_SCHEME.signEnvelope(envelope, signWith)
  return garbage ?? signature
}

interface PairInit {
  /** @default the module */
  readonly rules?: Rules | undefined
  readonly hasPredecessor?: boolean
  /** See {@link Pair.successor}. */
  readonly successor?: Uint8Array | undefined
}

/** Groups and contexts. */
export class CorePair implements Pair {
  readonly state: MemoryState = new MemoryState()
  readonly tickets: Map<string, InvitationTerms> = new Map()
  readonly successor: Uint8Array | undefined
  readonly #records: Records
  readonly #rules: Rules
  readonly #hasPredecessor: boolean
  #now: bigint = START

  constructor({
    rules = new CoreModule(GROUPS),
    hasPredecessor = false,
    successor,
  }: PairInit = {}) {
    this.#rules = rules
    this.#records = new Records(rules)
    this.#hasPredecessor = hasPredecessor
    this.successor = successor
  }

  get now(): bigint {
    return this.#now
  }

  set now(now: bigint) {
    this.#now = now
  }

  domain(): Domain {
    return this.#rules.domain
  }

  member(group: GroupId, identity: PublicKey): MemberState | undefined {
    return this.state.get('members', memberKey(group, identity))
  }

  termsOf(given: GivenTerms): InvitationTerms {
    return {
      ...{ domain: this.domain(), claimKey: PublicKey.from(ED25519_SCHEME.claimKey(CLAIM_SEED)) },
      ...{ role: 'writer', capabilities: 0, maxUses: 1, inviteNonce: 0n },
      // the author's
      ...{ membership: 1n, series: 0 },
      ...given,
    }
  }

  async claim(
    terms: InvitationTerms,
    claimant: PublicKey,
    inviter: Signer,
  ): Promise<Extract<Operation, { kind: 'claimInvitation' }>> {
    return {
      kind: 'claimInvitation',
      terms,
      inviterSignature: await ED25519_SCHEME.signInvitation(terms, inviter),
      claimSignature: ED25519_SCHEME.signClaim(CLAIM_SEED, terms, claimant),
    }
  }

  async revocation(
    terms: InvitationTerms,
    inviter: Signer,
  ): Promise<Extract<Operation, { kind: 'revokeInvitation' }>> {
    const { inviterSignature } = await this.claim(terms, inviter.publicKey, inviter)
    return { kind: 'revokeInvitation', terms, inviterSignature }
  }

  async submit(
    request: Omit<Envelope, 'domain'> & Partial<Envelope>,
    proof: Proof,
  ): Promise<Verdict> {
    const envelope = envelopeCodec.encode({ domain: this.domain(), ...request })
    return this.send(envelope, await prove(envelope, proof))
  }

  /** Stores records at both that no request would get to. */
  plant(effects: readonly Effect[]): void {
    this.#records.plant(effects.map(groupRow))
    this.state.apply(effects)
  }

  /** What both say of bytes, right or not; nothing is stored. */
  judge(envelope: Uint8Array, signature: Uint8Array): Verdict {
    return verdictOfModule(this.#ask(envelope, signature).answer)
  }

  /** Sends bytes to both, right or not. */
  send(envelope: Uint8Array, signature: Uint8Array): Verdict {
    const { question, answer, decision } = this.#ask(envelope, signature)
    if (decision.accepted) {
      const { effects, event } = decision
      this.#records.store(question, answer, effects.map(groupRow), event && plainModelEvent(event))
      this.state.apply(effects)
    }
    return verdictOf(decision)
  }

  #ask(
    envelope: Uint8Array,
    signature: Uint8Array,
  ): { question: Question; answer: Told; decision: Decision } {
    const hasPredecessor = this.#hasPredecessor
    const isContract = (address: Uint8Array): boolean => this.#rules.isContract(address)
    const about = { domain: this.domain(), now: this.now, hasPredecessor, isContract }
    const context: DecideContext = { ...about, keys: KEYS }
    const decision = decide(this.state, { envelope, signature }, context)
    const question: Question = { ...about, envelope, signature, contract: 'groups' }
    return { question, answer: this.#records.ask(question, decision), decision }
  }

  // all that is stored was compared
  async compareStanding(_group: GroupId, _identity: PublicKey): Promise<void> {}
  async compareInvitation(): Promise<void> {}
}

/** The package registry. */
export class CorePackagePair implements PackagePair {
  readonly state: MemoryTables<PackageTables> = new MemoryTables<PackageTables>()
  now: bigint = START
  readonly #records: Records
  readonly #rules: Rules

  constructor(rules: Rules = new CoreModule(PACKAGES)) {
    this.#rules = rules
    this.#records = new Records(rules)
  }

  domains(): { readonly ours: Domain; readonly other: Domain } {
    return { ours: this.#rules.domain, other: GROUPS }
  }

  /** Stores records at both that no request would get to. */
  plant(effects: readonly PackageEffect[]): void {
    this.#records.plant(effects.map(packageRow))
    this.state.apply(effects)
  }

  async submit(request: PackageEnvelope, proof: Proof): Promise<Verdict> {
    const envelope = packageEnvelopeCodec.encode(request)
    return this.send(envelope, await prove(envelope, proof))
  }

  /** Sends bytes to both, right or not. */
  send(envelope: Uint8Array, signature: Uint8Array): Verdict {
    const about = { domain: this.#rules.domain, now: this.now }
    const decision = decidePackages(this.state, { envelope, signature }, { ...about, keys: KEYS })
    const question: Question = { ...about, envelope, signature, contract: 'packages' }
    const answer = this.#records.ask(question, decision)
    if (decision.accepted) {
      const { effects, event } = decision
      this.#records.store(
        question,
        answer,
        effects.map(packageRow),
        event && plainPackageEvent(event),
      )
      this.state.apply(effects)
    }
    return verdictOf(decision)
  }

  // all that is stored was compared
  async compare(): Promise<void> {}
}
