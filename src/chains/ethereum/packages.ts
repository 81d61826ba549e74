/** The package registry contract as a `PackageService`. */
import type { Result, Wallet } from 'ethers'
import { badAnswer } from '../../node/anchor/errors.ts'
import type { Domain } from '../../node/anchor/operations.ts'
import { packageTextsCodec, releaseCodec } from '../../node/anchor/packages/envelope.ts'
import type { PackageEvent, PackageEventBody } from '../../node/anchor/packages/events.ts'
import type {
  PackageRecord,
  ReleasePage,
  ReleaseRecord,
} from '../../node/anchor/packages/registry.ts'
import type { PackageService } from '../../node/anchor/packages/service.ts'
import type { EnvelopeScheme, ServiceOptions } from '../../node/anchor/service.ts'
import { fromHex } from '../../node/primitives/bytes.ts'
import type { Clock } from '../../node/primitives/clock.ts'
import { PackageId, PublicKey } from '../../node/primitives/ids.ts'
import type { Bindings } from './bindings.ts'
import { abiOf, bytesOf, hex, networkBytes } from './contracts/codec.ts'
import { EVM_CHAIN } from './constants.ts'
import { readTime } from './rpc/head.ts'
import { EthereumDelivery } from './send/delivery.ts'
import type { Heights } from '../shared/heights.ts'
import { type Log, type Logged, readEvents } from './contracts/logs.ts'
import type { Endpoints } from '../shared/endpoints.ts'
import { ethereumScheme, typedDomain } from './scheme.ts'
import type { TransactionSender } from './send/sender.ts'
import { Submitter } from '../shared/submitter.ts'
import { ContractViews } from './contracts/views.ts'
import { PackageContract, type PackageQuestions } from '../shared/contract-service.ts'

export interface PackagesInit {
  readonly rpc: Endpoints
  readonly heights: Heights
  readonly chainId: number
  /** Of the package registry, and of the IdentityRegistry that it asks. */
  readonly address: string
  readonly registry: string
  readonly bindings: Bindings
  readonly wallet: Wallet | undefined
  /** Sends this node's transactions; without it the registry can only be read: relayers carry nothing to it. */
  readonly sender: TransactionSender | undefined
  /** What signs for identities. @default the wallet, see `scheme.ts` */
  readonly scheme?: EnvelopeScheme | undefined
  readonly clock: Clock
}

export class EthereumPackages extends PackageContract implements PackageService {
  readonly scheme: EnvelopeScheme
  readonly #init: PackagesInit

  constructor(init: PackagesInit) {
    const { rpc, heights, chainId, address, registry, bindings, wallet, sender, clock } = init
    const target = { contract: 'PackageRegistry', address } as const
    const views = new ContractViews({ rpc, heights, ...target, unknown: 'PackageNotFound' })
    super({
      ...{ rpc, heights, clock, views, readTime, questions: questionsTo(views) },
      submitter: new Submitter(
        new EthereumDelivery({ ...target, registry, rpc, carrier: sender, heights }),
      ),
    })
    this.#init = init
    const domain = typedDomain('merogate packages', chainId, address)
    this.scheme = init.scheme ?? ethereumScheme({ domain, bindings, wallet, sender })
  }

  async readDomain(): Promise<Domain> {
    const { chainId, address } = this.#init
    const contract = fromHex(address.slice(2))
    return { chain: EVM_CHAIN, network: networkBytes(chainId), contract }
  }

  /** What the registry announced in the blocks from `from` to `to`, oldest first, as far as these are final. @throws as the other reads */
  async readEvents(
    from: number,
    to: number,
    { signal }: ServiceOptions = {},
  ): Promise<readonly Logged<PackageEvent>[]> {
    const { heights, address } = this.#init
    return readEvents(heights, { address, from, to }, decodePackageEvent, signal)
  }
}

function questionsTo(views: ContractViews): PackageQuestions {
  const ask = <T>(name: string, args: readonly unknown[], toValue: (result: Result) => T) =>
    views.question({ name, args, toValue })
  return {
    package: (id) => ask('package', [hex(id)], (result) => toPackage(id, result)),
    releases: (id, offset, length) => ask('releases', [hex(id), offset, length], toReleasePage),
    release: (id, version) => ask('release', [hex(id), version], ([found]) => toRelease(found)),
    latest: (id) =>
      ask('latest', [hex(id)], ([stable, preRelease]) => ({
        stable: toOptionalRelease(stable),
        preRelease: toOptionalRelease(preRelease),
      })),
    // the ABI says uint64
    nonce: (signer) => ask('nonceOf', [hex(signer)], ([nonce]) => nonce as bigint),
  }
}

/** The event of a log; undefined for one that is none of the registry's. @throws ANCHOR_BAD_ANSWER (protocol) */
function decodePackageEvent(where: string, { topics, data }: Log): PackageEvent | undefined {
  try {
    const parsed = abiOf('PackageRegistry').parseLog({ topics, data })
    const body = parsed === null ? undefined : toBody(parsed.name, parsed.args)
    if (parsed === null || body === undefined) return undefined
    const { subject, signer, nonce, revision } = parsed.args
    return {
      ...body,
      subject: PackageId.from(bytesOf(subject)),
      signer: PublicKey.from(bytesOf(signer)),
      nonce: BigInt(String(nonce)),
      revision: BigInt(String(revision)),
    }
  } catch {
    // the ABI is ours: what does not fit it comes from another contract, or a broken endpoint
    throw badAnswer(where, 'an event of another shape')
  }
}

function toBody(event: string, args: Result): PackageEventBody | undefined {
  const text = (name: string): string => String(args[name])
  switch (event) {
    case 'PackagePublished': {
      const [description, repository] = [text('description'), text('repository')]
      return { name: event, package: text('name'), description, repository }
    }
    case 'ReleasePublished':
      return { name: event, release: releaseCodec.decode(bytesOf(args['release'])) }
    case 'ReleaseYanked':
      return { name: event, version: text('version'), reason: text('reason') }
    case 'OwnershipOffered':
      return { name: event, owner: PublicKey.from(bytesOf(args['owner'])) }
    case 'OwnerChanged': {
      const owner = PublicKey.from(bytesOf(args['owner']))
      return { name: event, owner, isOwner: args['isOwner'] === true }
    }
    default:
      return undefined
  }
}

/** `package(id)`. */
function toPackage(id: PackageId, [found]: Result): PackageRecord {
  // a struct
  const [revision, releases, owners, offered, record, latestStable, latestPreRelease] =
    found as Result
  const keysOf = (list: unknown): readonly PublicKey[] =>
    [...(list as Result)].map((key) => PublicKey.from(bytesOf(key)))
  return {
    id,
    ...packageTextsCodec.decode(bytesOf(record)),
    owners: keysOf(owners),
    offered: keysOf(offered),
    revision: revision as bigint, // the ABI says uint64
    releaseCount: Number(releases),
    latestStable: latestStable === '' ? undefined : String(latestStable),
    latestPreRelease: latestPreRelease === '' ? undefined : String(latestPreRelease),
  }
}

/** `releases(id, offset, length)`. */
function toReleasePage([revision, total, items]: Result): ReleasePage {
  return {
    revision: revision as bigint, // the ABI says uint64
    total: Number(total),
    items: [...(items as Result)].map(toRelease),
  }
}

function toRelease(found: unknown): ReleaseRecord {
  const [slot, yanked, yankReason, publisher, record] = found as Result // a struct
  return {
    ...releaseCodec.decode(bytesOf(record)),
    publisher: PublicKey.from(bytesOf(publisher)),
    slot: Number(slot),
    yanked: yanked === true,
    yankReason: String(yankReason),
  }
}

/** One that does not exist has no record. */
function toOptionalRelease(found: unknown): ReleaseRecord | undefined {
  const record: unknown = (found as Result)[4]
  return record === '0x' ? undefined : toRelease(found)
}
