/** A nonce of an account in use, with every transaction that was signed for it. */
import { keccak256, type Wallet } from 'ethers'
import { badAnswer } from '../../../node/anchor/errors.ts'
import { isMerogateError } from '../../../node/errors.ts'
import type { Mined, OnSigned } from '../../shared/delivery.ts'
import type { Fees } from './fees.ts'
import type { Endpoint } from '../../shared/endpoints.ts'
import { rpcErrorKind } from '../rpc/rpc-errors.ts'

/** What is to be called. */
export interface Call {
  readonly to: string
  /** Hexadecimal with 0x. */
  readonly data: string
  /** Wei. @default 0 */
  readonly value?: bigint
  /** Most gas it may use. @default what an endpoint estimates, and a margin */
  readonly gas?: bigint | undefined
}

/** A transaction as it is sent. */
interface Signed {
  /** Hexadecimal with 0x. */
  readonly raw: string
  readonly hash: string
}

export class Offer {
  readonly call: Call
  readonly gas: bigint
  nonce: number
  fees: Fees
  onSigned: OnSigned
  /** When it was offered last, and when it was looked for in an endpoint's pool last; ms of the clock. */
  offeredAtMs: number
  checkedAtMs: number
  /** Ids of endpoints that were given it. */
  readonly offeredTo: Set<number> = new Set()
  /** For its nonce, the newest last. */
  #signed: Signed[] = []

  constructor(
    init: Pick<Offer, 'call' | 'gas' | 'nonce' | 'fees' | 'onSigned'> & { atMs: number },
  ) {
    this.call = init.call
    this.gas = init.gas
    this.nonce = init.nonce
    this.fees = init.fees
    this.onSigned = init.onSigned
    this.offeredAtMs = init.atMs
    this.checkedAtMs = init.atMs
  }

  /** Signs with the present nonce and fees. */
  async sign(wallet: Wallet, chainId: number): Promise<void> {
    const { call, nonce, gas, fees } = this
    const raw = await wallet.signTransaction({
      type: 2,
      chainId,
      nonce,
      gasLimit: gas,
      to: call.to,
      data: call.data,
      value: call.value ?? 0n,
      maxFeePerGas: fees.maxFeePerGas,
      maxPriorityFeePerGas: fees.maxPriorityFeePerGas,
    })
    const hash = keccak256(raw)
    this.#signed.push({ raw, hash })
    this.offeredTo.clear()
    this.onSigned(hash)
  }

  /** Takes another nonce, before anybody has the transaction of this one. */
  async move(nonce: number, wallet: Wallet, chainId: number): Promise<void> {
    this.nonce = nonce
    this.#signed = []
    await this.sign(wallet, chainId)
  }

  /** Somebody else waits for it from now on: it is told every transaction that was signed. */
  handTo(onSigned: OnSigned): void {
    this.onSigned = onSigned
    for (const { hash } of this.#signed) onSigned(hash)
  }

  /** Where one of its transactions lies; undefined when the endpoint has none of them in a block. */
  async find(endpoint: Endpoint): Promise<Mined | undefined> {
    for (const { hash } of this.#signed.toReversed()) {
      const found = await readReceipt(endpoint, hash)
      if (found !== undefined) return found
    }
    return undefined
  }

  /**
   * Gives the newest transaction to an endpoint. `nonce` when it says that the nonce is another's; one that is there already is taken.
   * @throws an endpoint's failure; whether it took the transaction is not known when it is a transport's
   */
  async give(endpoint: Endpoint): Promise<'taken' | 'nonce'> {
    const newest = this.#signed.at(-1)
    try {
      await endpoint.send('eth_sendRawTransaction', [newest?.raw])
    } catch (error) {
      const kind = rpcErrorKind(error)
      // it may have been taken all the same: a node that mines at once reports what the transaction did as its own failure
      const isTaken = kind === 'known' || (kind !== undefined && (await this.isKnown(endpoint)))
      if (!isTaken && kind !== 'nonce' && kind !== 'underpriced') throw error
      if (!isTaken) return 'nonce'
    }
    this.offeredTo.add(endpoint.id)
    return 'taken'
  }

  /** Whether an endpoint has the newest transaction, in a block or not. */
  async isKnown(endpoint: Endpoint): Promise<boolean> {
    try {
      const { hash } = this.#signed.at(-1) ?? {}
      return (await endpoint.send('eth_getTransactionByHash', [hash])) !== null
    } catch (error) {
      if (!isMerogateError(error)) throw error
      return false // the failure before is the one to tell of
    }
  }
}

/** Where a transaction lies, as one endpoint knows it. */
export async function readReceipt(endpoint: Endpoint, hash: string): Promise<Mined | undefined> {
  const receipt = await endpoint.send('eth_getTransactionReceipt', [hash])
  if (receipt === null) return undefined
  const { blockNumber, status } = (typeof receipt === 'object' ? receipt : {}) as {
    blockNumber?: unknown
    status?: unknown
  } // each is checked below
  // some show a receipt for what waits still
  if (blockNumber === null) return undefined
  const isNumbered = typeof blockNumber === 'string' && /^0x[0-9a-f]{1,13}$/i.test(blockNumber)
  if (!isNumbered || (status !== '0x1' && status !== '0x0')) {
    throw badAnswer(endpoint.name, 'a receipt of another shape')
  }
  return { transaction: hash, block: BigInt(blockNumber), succeeded: status === '0x1' }
}
