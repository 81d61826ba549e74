/** An account that carries the signed envelopes of others to a contract, and to those that take over from it. What may be carried is the caller's to decide. */
import { LRUCache } from 'lru-cache'
import type { Domain } from '../../node/anchor/operations.ts'
import type { SignedEnvelope, Submission } from '../../node/anchor/service.ts'
import { toHex } from '../../node/primitives/bytes.ts'
import type { Mined, Refused, SendOptions } from './delivery.ts'
import type { Endpoint } from './endpoints.ts'
import { MAX_RELAYED_CONTRACTS } from './limits.ts'
import type { Moved } from './relayer-carrier.ts'
import type { Submitter } from './submitter.ts'
import { untilFinal, type WaitInit } from './until-final.ts'

/** Bounds of what is paid, in a unit of the chain. */
export interface RelayCosts {
  /** In the plural: `gas`. */
  readonly unit: string
  /** Most of one operation. */
  readonly perOperation: bigint
  /** Most of all operations of a day together. */
  readonly perDay: bigint
}

/** What something may cost, and how it is sent. */
export interface RelayedCall {
  readonly cost: bigint
  send(options: SendOptions): Promise<unknown>
}

/** One of our contracts, to whoever pays for calls of it. Each may throw ANCHOR_UNREACHABLE (transport). */
export interface RelayedContract {
  readonly domain: Domain
  readonly submitter: Submitter
  /** What an envelope may cost, or what the contract would say to it now. */
  estimate(
    signed: SignedEnvelope,
    signal?: AbortSignal,
  ): Promise<{ readonly cost: bigint } | Refused>
  /** The call that takes over what moved here, or the next part of it; undefined for what did not move here. Left out where groups do not move. */
  adoption?(moved: Moved, signal?: AbortSignal): Promise<RelayedCall | 'done' | undefined>
  /** The group of a context; undefined where there is none. */
  groupOf(context: Uint8Array, signal?: AbortSignal): Promise<Uint8Array | undefined>
  /** The transaction that applied an envelope lately: whoever lost an answer asks soon. */
  find(envelope: Uint8Array, signal?: AbortSignal): Promise<Mined | undefined>
  /** The same as one endpoint has it. */
  look(endpoint: Endpoint, envelope: Uint8Array): Promise<Mined | undefined>
}

export interface RelayInit {
  /** As requests name them: the protocol of its anchor, the network as its deployment names it. */
  readonly chain: string
  readonly network: string
  readonly costs: RelayCosts
  /** The account, as the chain writes it. */
  readonly address: string
  readonly waiting: WaitInit
  /** A contract by the bytes that name it in a domain. */
  readonly contract: (bytes: Uint8Array) => RelayedContract
  /** Whether a contract takes over from that of the account, be it through others. @default none does */
  readonly isSuccessor?: (bytes: Uint8Array, signal?: AbortSignal) => Promise<boolean>
}

/** An account that pays for others, on one network. */
export interface Relay extends Omit<RelayInit, 'waiting' | 'contract' | 'isSuccessor'> {
  readonly domain: Domain
  estimate: RelayedContract['estimate']
  /** Sends it; resolves when it lies in a block. */
  submit(signed: SignedEnvelope, options?: SendOptions): Promise<Submission>
  /** The same account for a contract that takes over from this one, be it through others; undefined for any other. */
  successor(contract: Uint8Array, signal?: AbortSignal): Promise<Relay | undefined>
  /** What takes over what moved to this contract, or the next part of it; undefined for what did not move here. */
  adoption(moved: Moved, signal?: AbortSignal): Promise<RelayedCall | 'done' | undefined>
  groupOf: RelayedContract['groupOf']
  /** What became of an envelope that somebody sent lately; undefined when the newest blocks show nothing. */
  find(envelope: Uint8Array, signal?: AbortSignal): Promise<Submission | undefined>
  stop(): void
}

/** The relay of an account. @param own the bytes that name its contract in a domain */
export function relay(own: Uint8Array, init: RelayInit): Relay {
  const { waiting, contract: contractOf, isSuccessor, ...named } = init
  const others = new LRUCache<string, Relay>({ max: MAX_RELAYED_CONTRACTS })
  const successor: Relay['successor'] = async (bytes, signal) => {
    const known = others.get(toHex(bytes))
    if (known !== undefined) return known
    if ((await isSuccessor?.(bytes, signal)) !== true) return undefined
    const made = at(bytes)
    others.set(toHex(bytes), made)
    return made
  }
  const at = (bytes: Uint8Array): Relay => {
    const contract = contractOf(bytes)
    const { domain, submitter } = contract
    return {
      ...{ ...named, domain, successor },
      async estimate(signed, signal) {
        await submitter.check(signal)
        return contract.estimate(signed, signal)
      },
      submit: (signed, options) => submitter.submit(signed, options),
      async adoption(moved, signal) {
        await submitter.check(signal)
        return contract.adoption?.(moved, signal)
      },
      groupOf: (context, signal) => contract.groupOf(context, signal),
      async find(envelope, signal) {
        const found = await contract.find(envelope, signal)
        if (found === undefined) return undefined
        const look = (endpoint: Endpoint): Promise<Mined | undefined> =>
          contract.look(endpoint, envelope)
        const final = async ({ signal: ended }: { signal?: AbortSignal | undefined } = {}) =>
          toAccepted(await untilFinal(waiting, look, ended))
        return { ...toAccepted(found), final }
      },
      stop: () => waiting.rpc.stop(),
    }
  }
  return at(own)
}

function toAccepted({ transaction, block }: Mined): Extract<Submission, { accepted: true }> {
  return { accepted: true, transaction, height: block }
}
