/** What the tests of packages are made from: releases, signed bytes, short words for what the rows do with a registry. */
import type { Signer } from '../../src/node/anchor/anchor.ts'
import type { SignedEnvelope } from '../../src/node/anchor/service.ts'
import {
  derivePackageId,
  packageEnvelopeCodec,
  type PackageEnvelope,
} from '../../src/node/anchor/packages/envelope.ts'
import type { PackageOperation } from '../../src/node/anchor/packages/operations.ts'
import type {
  LatestReleases,
  PackageRecord,
  PackageRegistry,
  Release,
  ReleasePage,
  ReleaseRecord,
} from '../../src/node/anchor/packages/registry.ts'
import { ED25519_SCHEME } from '../../src/node/anchor/ticket.ts'
import { BlobId, type PackageId } from '../../src/node/primitives/ids.ts'
import type { AnchorBench, PackageDoor } from './anchor-bench.ts'
import { person, refusalOf, valueOf } from './anchor-support.ts'

/** Name of the package that most rows are about. */
export const NAME = 'org.example.chat'

/** The operation that creates a package. */
export function creationOf(
  name: string = NAME,
  more: { description?: string; repository?: string } = {},
): PackageOperation {
  return { kind: 'createPackage', name, description: '', repository: '', ...more }
}

/** A release that differs by its version. */
export function releaseOf(version: string, more: Partial<Release> = {}): Release {
  return {
    version,
    bundle: new Uint8Array(32).fill(1),
    size: 5_000_000_000n,
    blob: BlobId.from(new Uint8Array(32).fill(2)),
    sources: ['https://example.org/chat.mpk', 'ipfs://bafy/ü'],
    signer: person('bundle signer').publicKey,
    abi: new Uint8Array(32).fill(3),
    minRuntime: '0.4.0',
    notes: new Uint8Array(32).fill(4),
    ...more,
  }
}

/** The operation that publishes a release. */
export function publishing(version: string, more: Partial<Release> = {}): PackageOperation {
  return { kind: 'publishRelease', release: releaseOf(version, more) }
}

/** The operation that yanks a release. */
export function yanking(version: string, reason: string = 'broken'): PackageOperation {
  return { kind: 'yankRelease', version, reason }
}

/** The operation that offers ownership, or takes it away. */
export function owning(kind: 'addOwner' | 'removeOwner', who: Signer): PackageOperation {
  return { kind, owner: who.publicKey }
}

/** The operation that accepts ownership. */
export function accepting(): PackageOperation {
  return { kind: 'acceptOwnership' }
}

type Fields = Partial<Omit<PackageEnvelope, 'operation' | 'signer'>> & { readonly nonce: bigint }

/** A registry under test; its methods may be taken apart. */
export class PackageBench {
  readonly #t: AnchorBench
  readonly id: PackageId

  constructor(t: AnchorBench) {
    this.#t = t
    this.id = derivePackageId(t.a.publicKey, NAME)
  }

  get door(): PackageDoor {
    return valueOf(this.#t.harness.packages && { value: this.#t.harness.packages })
  }

  get registry(): PackageRegistry {
    return valueOf(this.#t.anchor.packages && { value: this.#t.anchor.packages })
  }

  readonly submit = (
    operation: PackageOperation,
    who: Signer = this.#t.a,
    id: PackageId = this.id,
  ): Promise<unknown> => this.registry.submit(id, operation, who)

  /** Accepted, or the refusal's name. */
  readonly outcome = (
    operation: PackageOperation,
    who?: Signer,
    id?: PackageId,
  ): Promise<unknown> => refusalOf(this.submit(operation, who, id))

  /** Creates a package, whatever its name. */
  readonly create = (name: string = NAME, who: Signer = this.#t.a): Promise<unknown> =>
    this.outcome(creationOf(name), who, derivePackageId(who.publicKey, name))

  readonly publish = async (...versions: readonly string[]): Promise<void> => {
    for (const version of versions) await this.submit(publishing(version))
  }

  /** Makes somebody an owner: offered by one, accepted by itself. */
  readonly admit = async (who: Signer, by: Signer = this.#t.a): Promise<void> => {
    await this.submit(owning('addOwner', who), by)
    await this.submit(accepting(), who)
  }

  readonly record = async (id: PackageId = this.id): Promise<PackageRecord> =>
    valueOf(await this.registry.readPackage(id))

  readonly release = async (version: string): Promise<ReleaseRecord | undefined> =>
    (await this.registry.readRelease(this.id, version))?.value

  readonly latest = async (): Promise<LatestReleases> =>
    (await this.registry.readLatest(this.id)).value

  /** Versions that `latest` names. */
  readonly latestVersions = async (): Promise<readonly (string | undefined)[]> => {
    const { stable, preRelease } = await this.latest()
    return [stable?.version, preRelease?.version]
  }

  readonly page = async (offset: number, length: number): Promise<ReleasePage> =>
    valueOf(await this.registry.readReleases(this.id, { offset, length }))

  /** Signed bytes; `signWith` signs in the signer's place. */
  readonly signed = async (
    operation: PackageOperation,
    fields: Fields,
    who: Signer = this.#t.a,
    signWith: Signer = who,
  ): Promise<SignedEnvelope> => {
    const envelope = packageEnvelopeCodec.encode({
      domain: await this.door.readDomain(),
      subject: this.id,
      validUntil: this.#t.now() + 600n,
      ...fields,
      signer: who.publicKey,
      operation,
    })
    return (this.door.scheme ?? ED25519_SCHEME).signEnvelope(envelope, signWith)
  }

  /** Sends bytes as they are; the refusal's name, or `accepted`. */
  readonly send = async (message: SignedEnvelope): Promise<string> => {
    const result = await this.door.submit(message)
    return result.accepted ? 'accepted' : result.refusal.name
  }
}
