/**
 * A chain on paper, over the reference model: nothing can be tried out, there is no log to search, pages of a list cannot be read at one height,
 * refusals are bare numbers, operations name five identities at most, answers are proven, and some get lost. Its adapter is what a chain needs
 * beside `src/chains/shared`.
 */
import {
  type Endpoint,
  type EndpointClient,
  Endpoints,
  sourceOf,
} from '../../src/chains/shared/endpoints.ts'
import { ChainChanges } from '../../src/chains/shared/changes.ts'
import type { Delivery, Mined } from '../../src/chains/shared/delivery.ts'
import { type Block, Heights, type HeightSource } from '../../src/chains/shared/heights.ts'
import { LazyService, type LoadedService } from '../../src/chains/shared/lazy-service.ts'
import { Submitter } from '../../src/chains/shared/submitter.ts'
import { untilFinal, type WaitInit } from '../../src/chains/shared/until-final.ts'
import type { LocalAuthority } from '../../src/chains/local/model/authority.ts'
import type { AnchorManifest } from '../../src/node/anchor/anchor.ts'
import { envelopeCodec, envelopeDigest } from '../../src/node/anchor/envelope.ts'
import {
  badAnswer,
  type Refusal,
  refusalNumbered,
  rejected,
  unreachable,
} from '../../src/node/anchor/errors.ts'
import { packageEnvelopeCodec } from '../../src/node/anchor/packages/envelope.ts'
import type { PackageService } from '../../src/node/anchor/packages/service.ts'
import type {
  Answer,
  Changes,
  QueryOptions,
  SignedEnvelope,
} from '../../src/node/anchor/service.ts'
import { isMerogateError } from '../../src/node/errors.ts'
import { toHex } from '../../src/node/primitives/bytes.ts'
import type { Clock } from '../../src/node/primitives/clock.ts'
import { GroupId } from '../../src/node/primitives/ids.ts'
import type { Logger } from '../../src/node/primitives/logger.ts'

/** Identities that one transaction may name. */
export const PAPER_BATCH = 5
/** Where changes begin to be counted: a place in a ring, and no height. */
const RING_START = 1_000_000n
/** Every so many transactions the answer to the sender is lost. */
const LOST = 3

type ContractName = 'contexts' | 'packages'
type Views = Readonly<Record<string, (...args: readonly unknown[]) => Promise<Answer<unknown>>>>

/** What became of a transaction: a number when the contract refused. */
interface PaperReceipt {
  readonly height: bigint
  readonly refused?: number
}

/** The chain itself, and what its endpoints answer. */
export class PaperChain {
  /** All that reached it, in order. */
  readonly sent: SignedEnvelope[] = []
  readonly #authority: LocalAuthority
  readonly #clock: Clock
  readonly #receipts = new Map<string, PaperReceipt>()

  constructor(authority: LocalAuthority, clock: Clock) {
    this.#authority = authority
    this.#clock = clock
  }

  endpoint(name: string): EndpointClient {
    return { name, send: (method, params) => this.#answer(method, params), close() {} }
  }

  async #answer(method: string, params: object): Promise<unknown> {
    const { contract, name, args, id, signed, digest, since } = params as {
      contract: ContractName
      name: string
      args: readonly unknown[]
      id: string
      signed: SignedEnvelope
      digest: string
      since: bigint
    } // as the adapter below sends them
    const authority = this.#authority
    const door = contract === 'packages' ? authority.packages : authority
    switch (method) {
      case 'network':
        return 'paper'
      case 'head':
        return { height: Number(authority.height), seconds: this.#clock.nowMs() / 1000 }
      case 'domain':
        return door.readDomain()
      case 'view':
        return this.#view(door as unknown as Views, name, args)
      case 'send':
        return this.#apply(id, () => door.submit(signed), signed)
      case 'receipt':
        return this.#receipts.get(id)
      case 'applied':
        return authority.findTransaction(digest)
      case 'changes': {
        const changes = await authority.waitForChanges(since - RING_START, 0)
        return { ...changes, cursor: changes.height + RING_START }
      }
      default:
        throw new RangeError(`no such method: ${method}`)
    }
  }

  async #view(door: Views, name: string, args: readonly unknown[]): Promise<unknown> {
    try {
      return await door[name]?.(...args)
    } catch (error) {
      if (!isMerogateError(error, 'ANCHOR_REJECTED')) throw error
      return { refused: (error.details['error'] as Refusal).number }
    }
  }

  async #apply(
    id: string,
    submit: () => ReturnType<LocalAuthority['submit']>,
    signed: SignedEnvelope,
  ): Promise<null> {
    if (!this.#receipts.has(id)) {
      this.sent.push(signed)
      const outcome = await submit()
      const { height } = this.#authority
      const refused = outcome.accepted ? {} : { refused: outcome.refusal.number }
      this.#receipts.set(id, { height, ...refused })
      if (this.sent.length % LOST === 0) throw unreachable('paper')
    }
    return null
  }
}

const SOURCE: HeightSource = {
  chain: 'paper',
  readHead: async (endpoint) => BigInt((await head(endpoint)).height),
  readFinal: async (endpoint) => block(BigInt((await head(endpoint)).height)),
  readBlock: async (_, number) => block(number),
  readHeadTime: async (endpoint) => BigInt(Math.floor((await head(endpoint)).seconds)),
}

async function head(endpoint: Endpoint): Promise<{ height: number; seconds: number }> {
  return (await endpoint.send('head', {})) as { height: number; seconds: number } // the chain above
}

function block(number: bigint): Block {
  return { number, hash: number.toString(16) }
}

function toRefusal(number: number): Refusal {
  const found = refusalNumbered(number)
  if (found === undefined) throw badAnswer('paper', `the error ${number}, which nobody knows`)
  return found
}

/** Sends to one of the contracts. */
function paperDelivery(
  contract: ContractName,
  parts: WaitInit,
  readNonce: (envelope: Uint8Array) => Promise<bigint>,
): Delivery {
  const { rpc } = parts
  let count = 0
  return {
    chain: 'paper',
    readNonce,
    check: async (signal) => void (await rpc.send('domain', { contract }, signal)),
    async send(signed, { onSigned, signal }) {
      // each attempt is a transaction of its own, which any endpoint may be given
      const id = `paper:${toHex(envelopeDigest(signed.envelope))}:${++count}`
      onSigned?.(id)
      await rpc.send('send', { contract, id, signed }, signal)
      const receipt = (await rpc.send('receipt', { id }, signal)) as PaperReceipt // as above
      if (receipt.refused !== undefined) return { refusal: toRefusal(receipt.refused) }
      const look = (endpoint: Endpoint): Promise<Mined | undefined> => lookAt(endpoint, id)
      const mined = { transaction: id, block: receipt.height, succeeded: true }
      return { ...mined, final: (ended) => untilFinal(parts, look, ended) }
    },
    look: (transaction, signal) => rpc.search((endpoint) => lookAt(endpoint, transaction), signal),
    // the contract keeps the digests of what it applied: there is no log
    async find(envelope, signal) {
      const digest = toHex(envelopeDigest(envelope))
      const height = await rpc.send('applied', { digest }, signal)
      if (height === undefined) return undefined
      return { transaction: digest, block: height as bigint, succeeded: true } // as above
    },
  }
}

async function lookAt(endpoint: Endpoint, id: string): Promise<Mined | undefined> {
  const receipt = (await endpoint.send('receipt', { id })) as PaperReceipt | undefined // as above
  if (receipt === undefined) return undefined
  const { height, refused } = receipt
  return { transaction: id, block: height, succeeded: refused === undefined }
}

export interface PaperInit {
  readonly chain: PaperChain
  readonly clock: Clock
  readonly logger: Logger
}

const SUPPORTS: Partial<AnchorManifest> = {
  maxBatch: {
    ...{ addMembers: PAPER_BATCH, removeMembers: PAPER_BATCH, setRole: PAPER_BATCH },
    ...{ grant: PAPER_BATCH, revoke: PAPER_BATCH },
  },
}

/** The adapter. */
export function paperService({ chain, clock, logger }: PaperInit): LazyService {
  return new LazyService(
    async () => {
      const rpc = new Endpoints({
        ...{ chain: 'paper', network: 'paper', clock, logger, blame: () => 'endpoint' },
        clients: ['one', 'two'].map((name) => chain.endpoint(name)),
        readNetwork: async (client) => String(await client.send('network', {})),
      })
      const heights = new Heights(rpc, SOURCE, clock)
      return load({ rpc, heights, clock, pollMs: 1 })
    },
    { supports: SUPPORTS },
  )
}

function load(parts: WaitInit): LoadedService {
  const { rpc, heights, clock, pollMs } = parts
  const ask =
    <T>(contract: ContractName, name: string, length: number) =>
    (...given: readonly unknown[]): Promise<Answer<T>> => {
      const options = given[length] as QueryOptions | undefined // behind the arguments
      const task = async (endpoint: Endpoint): Promise<Answer<T>> => {
        const params = { contract, name, args: given.slice(0, length) }
        const answer = (await endpoint.send('view', params)) as Answer<T> | { refused: number } // as above
        if ('refused' in answer) throw rejected(toRefusal(answer.refused), name)
        return { ...answer, certified: true, source: sourceOf(endpoint) }
      }
      return heights.run(options?.finality ?? 'final', task, options)
    }
  const readNonce = ask<bigint>('packages', 'readNonce', 1)
  const readStanding = ask<{ nonce: bigint }>('contexts', 'readStanding', 2)
  const packages = door('packages', parts, async (envelope) => {
    return (await readNonce(packageEnvelopeCodec.decode(envelope).signer)).value
  })
  const contexts = door('contexts', parts, async (envelope) => {
    const { subject, signer } = envelopeCodec.decode(envelope)
    return (await readStanding(GroupId.from(subject), signer)).value.nonce
  })
  const changes = new ChainChanges({
    ...{ heights, clock, pollMs },
    read: async (endpoint, final, since) =>
      since === undefined
        ? { height: final, cursor: final + RING_START, changes: [], missed: false }
        : ((await endpoint.send('changes', { since })) as Changes), // as above
  })
  return {
    ...contexts,
    readContext: ask('contexts', 'readContext', 1),
    readGroup: ask('contexts', 'readGroup', 1),
    readMember: ask('contexts', 'readMember', 2),
    readStanding: ask('contexts', 'readStanding', 2),
    readMemberPage: ask('contexts', 'readMemberPage', 3),
    waitForChanges: (since, waitMs, options) => changes.wait(since, waitMs, options?.signal),
    lifecycle: { start: async () => {}, stop: async () => rpc.stop() },
    packages: {
      ...packages,
      readPackage: ask('packages', 'readPackage', 1),
      readReleasePage: ask('packages', 'readReleasePage', 3),
      readRelease: ask('packages', 'readRelease', 2),
      readLatest: ask('packages', 'readLatest', 1),
      readNonce,
    },
  }
}

function door(
  contract: ContractName,
  parts: WaitInit,
  readNonce: (envelope: Uint8Array) => Promise<bigint>,
): Pick<PackageService, 'readDomain' | 'findApplied' | 'submit'> {
  const submitter = new Submitter(paperDelivery(contract, parts, readNonce))
  return {
    readDomain: async () =>
      (await parts.rpc.send('domain', { contract })) as Awaited<
        ReturnType<PackageService['readDomain']>
      >, // as above
    findApplied: (envelope, options) => submitter.find(envelope, options),
    submit: (signed, options) => submitter.submit(signed, options),
  }
}
