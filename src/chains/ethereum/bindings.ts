/** Which account speaks for an identity, and how an identity is bound to ours. */
import { type Result, ZeroAddress } from 'ethers'
import type { Signer } from '../../node/anchor/anchor.ts'
import { rejected } from '../../node/anchor/errors.ts'
import { isMerogateError } from '../../node/errors.ts'
import type { Clock } from '../../node/primitives/clock.ts'
import { taggedHash, domainTag } from '../../node/primitives/hash.ts'
import { concat, fromHex } from '../../node/primitives/bytes.ts'
import type { PublicKey } from '../../node/primitives/ids.ts'
import { abiOf, decodeView, hex, isRevert, networkBytes, refusalOf } from './contracts/codec.ts'
import { ethereumError } from './errors.ts'
import { noContract } from './contracts/contract-check.ts'
import { readTime } from './rpc/head.ts'
import { type Endpoint, type Endpoints } from '../shared/endpoints.ts'
import type { TransactionSender } from './send/sender.ts'

/** Tag of what an identity signs to be bound (contracts/interface.json). */
const BIND_TAG = domainTag('identity-bind/1')
/** Seconds that a signed binding stays valid. */
const BIND_VALIDITY_SECONDS = 600n

export interface BindingsInit {
  readonly rpc: Endpoints
  readonly chainId: number
  /** Address of the IdentityRegistry. */
  readonly registry: string
  readonly clock: Clock
}

/** 8 bytes, big-endian, as `abi.encodePacked` writes a uint64. */
function u64be(value: bigint): Uint8Array {
  return fromHex(value.toString(16).padStart(16, '0'))
}

export class Bindings {
  readonly #init: BindingsInit

  constructor(init: BindingsInit) {
    this.#init = init
  }

  /** The account that speaks for an identity now; undefined when none does. */
  async accountOf(identity: PublicKey, signal?: AbortSignal): Promise<string | undefined> {
    const [account] = await this.#view('accountOf', identity, signal)
    return account === ZeroAddress ? undefined : String(account)
  }

  /** Binds an identity to the sender's account, and resolves when that lies in a block, with whether it is bound to it then. */
  async bind(signer: Signer, sender: TransactionSender, signal?: AbortSignal): Promise<boolean> {
    const { rpc, chainId, registry, clock } = this.#init
    const nonce = (await this.#newest(signer.publicKey, signal)) + 1n
    const seconds = BigInt(Math.floor(clock.nowMs() / 1000))
    const time = await rpc.run((endpoint) => readTime(endpoint, seconds), signal)
    const validUntil = time + BIND_VALIDITY_SECONDS
    const digest = taggedHash(
      BIND_TAG,
      concat(
        networkBytes(chainId),
        fromHex(registry.slice(2)),
        signer.publicKey,
        fromHex(sender.address.slice(2)),
        u64be(nonce),
        u64be(validUntil),
      ),
    )
    const signature = hex(signer.sign(digest))
    const data = abiOf('IdentityRegistry').encodeFunctionData('bind', [
      hex(signer.publicKey),
      sender.address,
      nonce,
      validUntil,
      signature,
      '0x', // the sender is the account
    ])
    try {
      const { succeeded } = await sender.send({ to: registry, data }, undefined, signal)
      if (succeeded) return true
    } catch (error) {
      const refused = refusalOf('IdentityRegistry', error)
      // bound meanwhile, by another process with the same keys, or by another operation of the same identity
      const isOvertaken =
        refused?.name === 'BindStale' || isMerogateError(error, 'ETHEREUM_REPLACED')
      if (!isOvertaken) {
        if (refused !== undefined) throw rejected(refused, 'bind')
        if (!isRevert(error)) throw error
        throw noContract('IdentityRegistry', registry, 'another contract', error)
      }
    }
    return (await this.accountOf(signer.publicKey, signal)) === sender.address
  }

  /**
   * Number of the identity's newest binding, in which two endpoints agree where there are two: nothing is signed on the word of one that lies.
   * @throws CHAIN_DISAGREEMENT (transport)
   */
  async #newest(identity: PublicKey, signal?: AbortSignal): Promise<bigint> {
    const { rpc } = this.#init
    const read = async (endpoint: Endpoint): Promise<{ endpoint: Endpoint; number: bigint }> => {
      const [number] = await this.#ask(endpoint, 'bindingNonce', identity)
      return { endpoint, number: number as bigint } // the ABI says uint64
    }
    const first = await rpc.run(read, signal)
    for (const { id } of rpc.endpoints) {
      if (id === first.endpoint.id) continue
      try {
        const second = await rpc.run(read, { signal, only: id })
        if (second.number === first.number) break
        throw ethereumError(
          'CHAIN_DISAGREEMENT',
          `${first.endpoint.name} says that binding ${first.number} is the newest, ${second.endpoint.name} says ${second.number}: nothing is signed`,
          { endpoints: [first.endpoint.name, second.endpoint.name] },
        )
      } catch (error) {
        if (!rpc.isFailure(error)) throw error
        // who cannot be asked does not contradict
      }
    }
    return first.number
  }

  async #view(name: string, identity: PublicKey, signal?: AbortSignal): Promise<Result> {
    return this.#init.rpc.run((endpoint) => this.#ask(endpoint, name, identity), signal)
  }

  async #ask(endpoint: Endpoint, name: string, identity: PublicKey): Promise<Result> {
    const { registry } = this.#init
    const data = abiOf('IdentityRegistry').encodeFunctionData(name, [hex(identity)])
    let answer: unknown
    try {
      answer = await endpoint.send('eth_call', [{ to: registry, data }, 'latest'])
    } catch (error) {
      if (isRevert(error)) throw noContract('IdentityRegistry', registry, 'another contract', error)
      throw error
    }
    if (answer === '0x') throw noContract('IdentityRegistry', registry, 'nothing that answers')
    return decodeView('IdentityRegistry', name, answer)
  }
}
