/** One contract under test: who takes part, and short words for what the rows do with it. */
import {
  CAPABILITIES,
  type Anchor,
  type MemberRecord,
  type Signer,
} from '../../src/node/anchor/anchor.ts'
import type {
  CapabilityChange,
  Domain,
  InvitationTerms,
  Operation,
  Subject,
} from '../../src/node/anchor/operations.ts'
import type { AnchorEvent } from '../../src/node/anchor/events.ts'
import type { PackageEvent } from '../../src/node/anchor/packages/events.ts'
import type { PackageService } from '../../src/node/anchor/packages/service.ts'
import type {
  EnvelopeService,
  SignatureScheme,
  SignedEnvelope,
} from '../../src/node/anchor/service.ts'
import { decodeTicket, ED25519_SCHEME } from '../../src/node/anchor/ticket.ts'
import type { Clock } from '../../src/node/primitives/clock.ts'
import type { ContextId, GroupId } from '../../src/node/primitives/ids.ts'
import {
  contextOf,
  creation,
  type EnvelopeFields,
  ownGroup,
  person,
  refusalOf,
  secondsOf,
  sign,
  valueOf,
} from './anchor-support.ts'

/** The door of a package registry for bytes as they are; its scheme signs them. */
export type PackageDoor = Pick<PackageService, 'readDomain' | 'scheme' | 'submit'>

/** One contract, with the means to reach it. */
export interface AnchorHarness {
  /** A started anchor of another party; stopped with the harness. */
  anchor(): Promise<Anchor>
  /** The contract's own door, for bytes as they are and for single pages. */
  readonly service: EnvelopeService
  /** The same of the package registry, on anchors that have one. */
  readonly packages?: PackageDoor
  /** Everything the contract announced, oldest first. */
  events?(): Promise<readonly AnchorEvent[]>
  /** Everything the registry announced, oldest first, where it can be had. */
  packageEvents?(): Promise<readonly PackageEvent[]>
  /** What the rows sign with. @default plain ed25519 */
  readonly scheme?: SignatureScheme
  /** Addresses that other contracts have. @default any: the chain cannot say where contracts are, or does not */
  readonly successors?: readonly [Uint8Array, Uint8Array]
  /** The contract's clock. */
  readonly clock: HarnessClock
  stop(): Promise<void>
}

/** The contract's clock, moved on at will. */
export interface HarnessClock extends Clock {
  /** Resolves when the contract sees the new time. */
  advance(seconds: number): void | Promise<void>
  /** The next request is decided at this very second, Unix time, which lies ahead; so are reads until then. */
  at(second: bigint): void | Promise<void>
}

/** Every capability bit. */
export const ALL = 31
/** Seconds. */
export const HOUR = 3600

/** Adds people as writers. */
export function add(...people: readonly Signer[]): Operation {
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

/** Gives or takes capabilities. */
export function bits(
  kind: 'grant' | 'revoke',
  ...list: readonly (readonly [Signer, number])[]
): Operation {
  const changes: CapabilityChange[] = list.map(([{ publicKey }, capabilities]) => ({
    identity: publicKey,
    capabilities,
  }))
  return { kind, changes }
}

/** An address that some contract may have, on every chain that does not ask whether there is one. */
export const SUCCESSOR: Uint8Array = new Uint8Array(20).fill(0x37)

/** Plans a move to a contract; without bytes, that there is none. */
export function moveTo(contract: Uint8Array): Operation {
  return { kind: 'migrateTo', contract }
}

/** That many people. */
export function crowd(count: number): Signer[] {
  return Array.from({ length: count }, (_, index) => person(`crowd ${index}`))
}

/** The names are those of the list: A the author, B and C members, X an outsider. */
export class AnchorBench {
  readonly a: Signer = person('A')
  readonly b: Signer = person('B')
  readonly c: Signer = person('C')
  readonly x: Signer = person('X')
  readonly context: ContextId = contextOf(this.a)
  readonly group: GroupId = ownGroup(this.context)
  readonly #create: () => Promise<AnchorHarness>
  #harness: AnchorHarness | undefined
  #anchor: Anchor | undefined
  #domain: Domain | undefined

  constructor(create: () => Promise<AnchorHarness>) {
    this.#create = create
  }

  get harness(): AnchorHarness {
    return valueOf(this.#harness && { value: this.#harness })
  }

  get anchor(): Anchor {
    return valueOf(this.#anchor && { value: this.#anchor })
  }

  get domain(): Domain {
    return valueOf(this.#domain && { value: this.#domain })
  }

  async begin(): Promise<void> {
    this.#harness = await this.#create()
    this.#anchor = await this.#harness.anchor()
    this.#domain = await this.#harness.service.readDomain()
  }

  async end(): Promise<void> {
    await this.#harness?.stop()
  }

  // arrow functions, so that the rows can take them apart

  readonly now = (): bigint => secondsOf(this.harness.clock)

  readonly submit = (subject: Subject, operation: Operation, signer: Signer): Promise<unknown> =>
    this.anchor.submit(subject, operation, signer)

  /** Accepted, or the refusal's name. */
  readonly outcome = (
    operation: Operation,
    signer: Signer,
    subject: Subject = this.group,
  ): Promise<unknown> => refusalOf(this.submit(subject, operation, signer))

  readonly member = async (
    who: Signer,
    of: GroupId = this.group,
  ): Promise<MemberRecord | undefined> => (await this.anchor.readMember(of, who.publicKey))?.value

  readonly membersRevision = async (): Promise<bigint> =>
    valueOf(await this.anchor.readGroup(this.group)).membersRevision

  /** Of the next operation, or of a claim. */
  readonly nonceOf = async (who: Signer, of: GroupId = this.group): Promise<bigint> => {
    if ((await this.anchor.readGroup(of)) === undefined) return 0n
    return (await this.harness.service.readStanding(of, who.publicKey)).value.nonce
  }

  /** Addresses that other contracts have, or may have. */
  get successors(): readonly [Uint8Array, Uint8Array] {
    return this.harness.successors ?? [SUCCESSOR, SUCCESSOR.map((byte) => byte + 1)]
  }

  get scheme(): SignatureScheme {
    return this.harness.scheme ?? ED25519_SCHEME
  }

  readonly signed = async (
    who: Signer,
    operation: Operation,
    fields: Partial<EnvelopeFields> = {},
    signWith: Signer = who,
  ): Promise<SignedEnvelope> =>
    sign(
      who,
      operation,
      {
        domain: this.domain,
        subject: this.group,
        nonce: fields.nonce ?? (await this.nonceOf(who)),
        validUntil: this.now() + 600n,
        ...fields,
      },
      signWith,
      this.scheme,
    )

  /** A claim of a ticket of A's, whose terms may be changed and signed anew; it holds at a second to come. */
  readonly claimAt = async (
    second: bigint,
    ticket: Uint8Array,
    who: Signer,
    changes: Partial<InvitationTerms> = {},
  ): Promise<SignedEnvelope> => {
    const { terms: original, claimSeed } = decodeTicket(ticket)
    const terms = { ...original, ...changes }
    const operation: Operation = {
      kind: 'claimInvitation',
      terms,
      inviterSignature: await this.scheme.signInvitation(terms, this.a),
      claimSignature: this.scheme.signClaim(claimSeed, terms, who.publicKey),
    }
    return this.signed(who, operation, { validUntil: second + 600n })
  }

  /** Sends bytes as they are, to be decided at this very second; the refusal's name, or `accepted`. */
  readonly sendAt = async (second: bigint, message: SignedEnvelope): Promise<string> => {
    await this.harness.clock.at(second)
    return this.send(message)
  }

  /** Sends bytes as they are; the refusal's name, or `accepted`. */
  readonly send = async (message: SignedEnvelope): Promise<string> => {
    const result = await this.harness.service.submit(message)
    return result.accepted ? 'accepted' : result.refusal.name
  }

  /** Given: row 1 of the list. */
  readonly row1 = (): Promise<unknown> => this.submit(this.context, creation(), this.a)

  /** Given: row 6 of the list. */
  readonly row6 = async (): Promise<void> => {
    await this.row1()
    await this.submit(this.group, add(this.b), this.a)
  }

  /** Given: row 27 of the list. */
  readonly row27 = async (): Promise<void> => {
    await this.row6()
    await this.submit(this.group, bits('grant', [this.b, CAPABILITIES.manageMembers]), this.a)
  }
}
