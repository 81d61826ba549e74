/** The package registry on a chain of the tests, and short words for what people try with it. */
import { abiOf, hex } from '../../src/chains/ethereum/contracts/codec.ts'
import { typedDomain } from '../../src/chains/ethereum/scheme.ts'
import type { Signer } from '../../src/node/anchor/anchor.ts'
import type { SignedEnvelope } from '../../src/node/anchor/service.ts'
import {
  derivePackageId,
  packageEnvelopeCodec,
  type PackageEnvelope,
} from '../../src/node/anchor/packages/envelope.ts'
import type { PackageOperation } from '../../src/node/anchor/packages/operations.ts'
import type { PackageId } from '../../src/node/primitives/ids.ts'
import { person } from '../compliance/anchor-support.ts'
import { NAME } from '../compliance/package-support.ts'
import { type Call, ContractBench, creationCode, type Outcome } from './ethereum-contracts.ts'
import { accountOf, bind, delivery, type Door, prove } from './ethereum-proofs.ts'
import { nameOf } from './ethereum-scene.ts'

/** A request, usual where nothing is said. */
export interface PackageRequest extends Partial<Omit<PackageEnvelope, 'operation' | 'signer'>> {
  readonly door?: Door
  /** Signs in the signer's place. */
  readonly signWith?: Signer
}

/** A is the creator, B and C are people that A may offer ownership, X is an outsider; all have accounts. */
export class PackageScene {
  readonly a: Signer = person('A')
  readonly b: Signer = person('B')
  readonly c: Signer = person('C')
  readonly x: Signer = person('X')
  readonly id: PackageId = derivePackageId(this.a.publicKey, NAME)
  readonly bench: ContractBench
  /** Of the registry. */
  readonly address: string

  private constructor(bench: ContractBench, address: string) {
    this.bench = bench
    this.address = address
  }

  /** A registry on a chain that is there, where nobody is bound yet. */
  static async on(bench: ContractBench): Promise<PackageScene> {
    const address = await bench.create(creationCode('PackageRegistry', bench.registry))
    bench.know(address, abiOf('PackageRegistry'))
    return new PackageScene(bench, address)
  }

  static async start(): Promise<PackageScene> {
    const scene = await PackageScene.on(await ContractBench.start())
    await bind(scene.bench, scene.a, scene.b, scene.c, scene.x)
    return scene
  }

  /** The bytes of a request. */
  async envelope(
    signer: Signer,
    operation: PackageOperation,
    request: PackageRequest = {},
  ): Promise<Uint8Array> {
    const { door: _, signWith: __, ...fields } = request
    return packageEnvelopeCodec.encode({
      domain: this.bench.domain(this.address),
      subject: this.id,
      nonce: fields.nonce ?? (await this.nonceOf(signer)),
      validUntil: fields.validUntil ?? (await this.bench.now()) + 600n,
      ...fields,
      signer: signer.publicKey,
      operation,
    })
  }

  /** An envelope with the proof that a door asks for. */
  async prove(envelope: Uint8Array, door: Door, signWith: Signer): Promise<SignedEnvelope> {
    const domain = typedDomain('merogate packages', this.bench.chainId, this.address)
    return prove(this.bench, envelope, door, signWith, domain)
  }

  /** The call that delivers it. */
  deliver(signed: SignedEnvelope, door: Door, signWith: Signer): Call {
    const from = door === 'sender' ? accountOf(signWith).address : undefined
    return delivery(this.address, signed, door, from)
  }

  /** Sends it; all of what came of it. */
  async send(
    signer: Signer,
    operation: PackageOperation,
    request: PackageRequest = {},
  ): Promise<Outcome> {
    const { door = 'ed25519', signWith = signer } = request
    const envelope = await this.envelope(signer, operation, request)
    const signed = await this.prove(envelope, door, signWith)
    return this.bench.send(this.deliver(signed, door, signWith))
  }

  /** Sends it; `accepted`, or the refusal's name. */
  async outcome(
    signer: Signer,
    operation: PackageOperation,
    request: PackageRequest = {},
  ): Promise<string> {
    return nameOf(await this.send(signer, operation, request))
  }

  async nonceOf(who: Signer): Promise<bigint> {
    const [nonce] = await this.view('nonceOf', hex(who.publicKey))
    return nonce as bigint // the ABI says uint64
  }

  async view(name: string, ...args: readonly unknown[]): Promise<unknown[]> {
    return this.bench.view(name, args, this.address)
  }
}
