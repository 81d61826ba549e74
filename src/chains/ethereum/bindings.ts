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
import { noContract } from './contracts/contract-check.ts'
import { readTime } from './rpc/head.ts'
import type { EthereumRpc } from './rpc/rpc.ts'
import type { TransactionSender } from './send/sender.ts'

/** Tag of what an identity signs to be bound (contracts/interface.json). */
const BIND_TAG = domainTag('identity-bind/1')
/** Seconds that a signed binding stays valid. */
const BIND_VALIDITY_SECONDS = 600n

export interface BindingsInit {
  readonly rpc: EthereumRpc
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
    const [before] = await this.#view('bindingNonce', signer.publicKey, signal)
    const nonce = (before as bigint) + 1n // the ABI says uint64
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

  async #view(name: string, identity: PublicKey, signal?: AbortSignal): Promise<Result> {
    const { rpc, registry } = this.#init
    const data = abiOf('IdentityRegistry').encodeFunctionData(name, [hex(identity)])
    return rpc.run(async (endpoint) => {
      let answer: unknown
      try {
        answer = await endpoint.send('eth_call', [{ to: registry, data }, 'latest'])
      } catch (error) {
        if (isRevert(error))
          throw noContract('IdentityRegistry', registry, 'another contract', error)
        throw error
      }
      if (answer === '0x') throw noContract('IdentityRegistry', registry, 'nothing that answers')
      return decodeView('IdentityRegistry', name, answer)
    }, signal)
  }
}
