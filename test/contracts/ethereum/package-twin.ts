/** The package registry and its reference model side by side, as `twin.ts` has groups and contexts. */
import { expect } from 'chai'
import { hex } from '../../../src/chains/ethereum/contracts/codec.ts'
import type { Signer } from '../../../src/node/anchor/anchor.ts'
import { envelopeDigest } from '../../../src/node/anchor/envelope.ts'
import type { Domain } from '../../../src/node/anchor/operations.ts'
import type { KeyRules } from '../../../src/chains/local/model/request.ts'
import { MemoryTables } from '../../../src/chains/local/model/tables.ts'
import { decidePackages } from '../../../src/chains/local/model/packages/decide.ts'
import {
  packageEnvelopeCodec,
  packageTextsCodec,
  releaseCodec,
  type PackageEnvelope,
} from '../../../src/node/anchor/packages/envelope.ts'
import * as queries from '../../../src/chains/local/model/packages/queries.ts'
import type { ReleaseRecord } from '../../../src/node/anchor/packages/registry.ts'
import type { PackageTables } from '../../../src/chains/local/model/packages/state.ts'
import { isStrongKey, verifySignature } from '../../../src/node/crypto/sign.ts'
import { equalBytes } from '../../../src/node/primitives/bytes.ts'
import type { PackageId } from '../../../src/node/primitives/ids.ts'
import { GENESIS } from '../../support/ethereum-contracts.ts'
import type { PackageScene } from '../../support/ethereum-packages.ts'
import type { PackagePair } from '../shared/package-steps.ts'
import type { Proof, Verdict } from '../shared/pair.ts'
import { plainPackageEvent } from '../shared/plain-events.ts'
import { plainEvent, proofKey, verdictByDoor, verdictOfContract } from './twin.ts'

export class PackageTwin implements PackagePair {
  readonly state: MemoryTables<PackageTables> = new MemoryTables<PackageTables>()
  now: bigint = GENESIS + 10_000n
  readonly #scene: PackageScene
  readonly #bound: ReadonlySet<string>
  /** Signatures by accounts that are right: the model knows ed25519 only. */
  readonly #right = new Set<string>()

  constructor(scene: PackageScene, bound: readonly Signer[]) {
    this.#scene = scene
    this.#bound = new Set(bound.map(({ publicKey }) => hex(publicKey)))
  }

  domains(): { readonly ours: Domain; readonly other: Domain } {
    const { bench, address } = this.#scene
    return { ours: bench.domain(address), other: bench.domain() }
  }

  /** Sends a request to both at the same second; fails unless they agree on everything. */
  async submit(request: PackageEnvelope, proof: Proof): Promise<Verdict> {
    const { bench, address } = this.#scene
    const { door, signWith, garbage } = proof
    const envelope = packageEnvelopeCodec.encode(request)
    const genuine = await this.#scene.prove(envelope, door, signWith)
    const signed = { envelope, signature: garbage ?? genuine.signature }
    await bench.setNext(this.now)
    const outcome = await bench.send(this.#scene.deliver(signed, door, signWith))

    const isBound = this.#bound.has(hex(request.signer))
    // an account that sends needs no bytes at all
    const isGenuine = garbage === undefined || (door === 'sender' && garbage.length === 0)
    const isOwn = equalBytes(signWith.publicKey, request.signer) && isGenuine
    if (door !== 'ed25519' && isOwn && isBound) {
      this.#right.add(proofKey(request.signer, envelopeDigest(envelope), signed.signature))
    }
    const keys: KeyRules = {
      isStrong: isStrongKey,
      verify: (key, message, given) =>
        this.#right.has(proofKey(key, message, given)) || verifySignature(key, message, given),
    }
    const context = { domain: bench.domain(address), now: this.now, keys }
    const decision = decidePackages(this.state, signed, context)
    const verdict = verdictByDoor(decision, door !== 'ed25519' && !isBound)
    expect(verdictOfContract(outcome), `${request.operation.kind} by ${door}`).to.deep.equal(
      verdict,
    )
    if (decision.accepted && outcome.error === undefined) {
      const { effects, event } = decision
      this.state.apply(effects)
      const expected = event === undefined ? [] : [plainPackageEvent(event)]
      expect(outcome.events.map(plainEvent)).to.deep.equal(expected)
    }
    expect(await this.#scene.view('nonceOf', hex(request.signer))).to.deep.equal([
      queries.readNonce(this.state, request.signer),
    ])
    return verdict
  }

  /** Everything that can be asked of a package. */
  async compare(id: PackageId, versions: readonly string[]): Promise<void> {
    const record = queries.readPackage(this.state, id)
    const latest = queries.readLatest(this.state, id)
    if (record === undefined || latest === undefined) return
    const [told] = await this.#scene.view('package', hex(id))
    const { name, description, repository, latestStable = '', latestPreRelease = '' } = record
    expect(plainOf(told), 'package').to.deep.equal([
      ...[record.revision, BigInt(record.releaseCount)],
      ...[record.owners.map(hex), record.offered.map(hex)],
      hex(packageTextsCodec.encode({ name, description, repository })),
      ...[latestStable, latestPreRelease],
    ])
    const page = queries.readReleasePage(this.state, id, 0, 32)
    const [, , items] = await this.#scene.view('releases', hex(id), 0, 32)
    expect(plainOf(items), 'releases').to.deep.equal(page?.items.map(plainRelease))
    expect(plainOf(await this.#scene.view('latest', hex(id))), 'latest').to.deep.equal(
      [latest.stable, latest.preRelease].map(plainRelease),
    )
    for (const version of versions) {
      const found = queries.readRelease(this.state, id, version)
      const asked = this.#scene.view('release', hex(id), version).then(
        ([release]) => plainOf(release),
        () => undefined,
      )
      expect(await asked, version).to.deep.equal(found && plainRelease(found))
    }
  }
}

/** A value of the ABI with lists as plain arrays. */
function plainOf(value: unknown): unknown {
  return Array.isArray(value) ? [...(value as unknown[])].map(plainOf) : value
}

/** A release as the contract answers it. */
function plainRelease(release: ReleaseRecord | undefined): unknown {
  if (release === undefined) return [0n, false, '', hex(new Uint8Array(32)), '0x']
  const { publisher, slot, yanked, yankReason, ...published } = release
  const record = hex(releaseCodec.encode(published))
  return [BigInt(slot), yanked, yankReason, hex(publisher), record]
}
