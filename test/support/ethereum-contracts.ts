/**
 * The contracts on a chain in this process, with no server and no adapter between: for tests of the contracts themselves, which make thousands
 * of calls and set the clock to the second.
 */
import { Interface, type InterfaceAbi, toQuantity } from 'ethers'
import type { EthereumProvider } from 'hardhat/types/providers'
import { artifact, type ContractName } from '../../src/chains/ethereum/contracts/artifacts.ts'
import { abiOf, networkBytes } from '../../src/chains/ethereum/contracts/codec.ts'
import { constructorArguments } from '../../src/chains/ethereum/deploy/plan.ts'
import { EVM_CHAIN } from '../../src/chains/ethereum/constants.ts'
import type { Domain } from '../../src/node/anchor/operations.ts'
import { fromHex } from '../../src/node/primitives/bytes.ts'

/** First second of every chain: the same each time, so that signatures and gas are the same too. */
export const GENESIS = 2_000_000_000n
/** Gas of every transaction and call: what a block may hold is more, so running out is seen as what it is. */
const GAS = 12_000_000

/** What a call or a transaction came to. */
export type Outcome =
  | {
      readonly error: undefined
      /** Decoded by the contract's ABI. */
      readonly events: readonly ContractEvent[]
      /** Whole cost of the transaction; 0 for a call. */
      readonly gas: number
      /** What a call answered. */
      readonly data: string
      /** Address that a creation made. */
      readonly created: string | undefined
    }
  | {
      /** Name of the custom error, or the bytes of a revert that is none. */
      readonly error: string
      /** Of BadNonce. */
      readonly expected: bigint | undefined
    }

/** An event of a contract, arguments by name. */
export interface ContractEvent {
  readonly name: string
  readonly args: Readonly<Record<string, unknown>>
}

export interface Call {
  /** Left out for a creation. */
  readonly to?: string
  readonly data: string
  /** @default the first account of the chain */
  readonly from?: string
  readonly value?: bigint
}

/** Creation code of a contract with what it is told. */
export function creationCode(name: ContractName, registry: string, predecessor?: string): string {
  return artifact(name).bytecode + constructorArguments(name, registry, predecessor).slice(2)
}

/** A value of the ABI with lists as plain arrays. */
function plainOf(value: unknown): unknown {
  return Array.isArray(value) ? [...(value as unknown[])].map(plainOf) : value
}

export class ContractBench implements AsyncDisposable {
  readonly chainId: number
  readonly registry: string
  readonly anchor: string
  readonly #provider: EthereumProvider
  readonly #close: () => Promise<void>
  readonly #account: string
  readonly #interfaces = new Map<string, Interface>()

  private constructor(fields: {
    chainId: number
    registry: string
    anchor: string
    provider: EthereumProvider
    account: string
    close: () => Promise<void>
  }) {
    this.chainId = fields.chainId
    this.registry = fields.registry
    this.anchor = fields.anchor
    this.#provider = fields.provider
    this.#account = fields.account
    this.#close = fields.close
    this.know(this.registry, abiOf('IdentityRegistry'))
    this.know(this.anchor, abiOf('ContextAnchor'))
  }

  /** A chain with the contracts that are built. */
  static async start(chainId = 31_337): Promise<ContractBench> {
    const { createHardhatRuntimeEnvironment } = await import('hardhat/hre')
    const hre = await createHardhatRuntimeEnvironment({
      networks: {
        bench: {
          type: 'edr-simulated',
          chainType: 'l1',
          chainId,
          initialDate: new Date(Number(GENESIS) * 1000),
          initialBaseFeePerGas: 0,
          allowBlocksWithSameTimestamp: true,
          blockGasLimit: 60_000_000,
        },
      },
    })
    const { provider, close } = await hre.network.create('bench')
    const [account] = (await provider.request({ method: 'eth_accounts' })) as [string]
    const make = async (data: string): Promise<string> => {
      const tx = { from: account, data, gas: toQuantity(GAS), gasPrice: '0x0' }
      const hash: unknown = await provider.request({ method: 'eth_sendTransaction', params: [tx] })
      const receipt: unknown = await provider.request({
        method: 'eth_getTransactionReceipt',
        params: [hash],
      })
      return (receipt as { contractAddress: string }).contractAddress
    }
    const registry = await make(artifact('IdentityRegistry').bytecode)
    const anchor = await make(creationCode('ContextAnchor', registry))
    return new ContractBench({ chainId, registry, anchor, provider, account, close })
  }

  /** The domain of the context contract, or of another at some address. */
  domain(contract: string = this.anchor): Domain {
    return {
      chain: EVM_CHAIN,
      network: networkBytes(this.chainId),
      contract: fromHex(contract.slice(2).toLowerCase()),
    }
  }

  /** Decodes what the contract at an address answers by this ABI. */
  know(address: string, abi: Interface | InterfaceAbi): void {
    this.#interfaces.set(address.toLowerCase(), abi instanceof Interface ? abi : new Interface(abi))
  }

  async request(method: string, ...params: unknown[]): Promise<unknown> {
    return this.#provider.request({ method, params })
  }

  /** Timestamp of the newest block, which calls see too. */
  async now(): Promise<bigint> {
    const block = await this.request('eth_getBlockByNumber', 'latest', false)
    return BigInt((block as { timestamp: string }).timestamp)
  }

  /** The next transaction's block has this timestamp; it must not lie before the newest one's. */
  async setNext(timestamp: bigint): Promise<void> {
    await this.request('evm_setNextBlockTimestamp', Number(timestamp))
  }

  /** A block at this time, so that calls see it. */
  async mineAt(timestamp: bigint): Promise<void> {
    await this.setNext(timestamp)
    await this.request('evm_mine')
  }

  /** What a view of a contract answers; fails when it refuses. */
  async view(name: string, args: readonly unknown[], to: string = this.anchor): Promise<unknown[]> {
    const abi = this.#abi(to)
    const outcome = await this.call({ to, data: abi.encodeFunctionData(name, [...args]) })
    if (outcome.error !== undefined) throw new RangeError(`${name}: ${outcome.error}`)
    return [...abi.decodeFunctionResult(name, outcome.data)] as unknown[]
  }

  /** Tries a call out. */
  async call(call: Call): Promise<Outcome> {
    try {
      const data = await this.request('eth_call', this.#transaction(call), 'latest')
      return { error: undefined, events: [], gas: 0, data: String(data), created: undefined }
    } catch (error) {
      return this.#refusal(call, error)
    }
  }

  /** Sends a transaction, which lies in a block of its own afterwards, refused or not. */
  async send(call: Call): Promise<Outcome> {
    const { from } = call
    if (from !== undefined) await this.request('hardhat_impersonateAccount', from)
    let hash: unknown
    try {
      hash = await this.request('eth_sendTransaction', this.#transaction(call))
    } catch (error) {
      return this.#refusal(call, error)
    }
    const receipt = (await this.request('eth_getTransactionReceipt', hash)) as {
      gasUsed: string
      contractAddress: string | null
      logs: readonly { address: string; topics: string[]; data: string }[]
    }
    const events = receipt.logs.map(({ address, topics, data }): ContractEvent => {
      const parsed = this.#abi(address).parseLog({ topics, data })
      if (parsed === null) throw new RangeError(`expected a known event, got ${topics[0]}`)
      const args = parsed.args.toObject()
      const plain = Object.entries(args).map(([name, value]) => [name, plainOf(value)] as const)
      return { name: parsed.name, args: Object.fromEntries(plain) }
    })
    const created = receipt.contractAddress ?? undefined
    return { error: undefined, events, gas: Number(receipt.gasUsed), data: '0x', created }
  }

  /** A contract of the given creation code. */
  async create(code: string): Promise<string> {
    const made = await this.send({ data: code })
    if (made.error !== undefined || made.created === undefined) {
      throw new RangeError(`expected a contract, got ${made.error}`)
    }
    return made.created
  }

  /** The state as it is, to come back to with `revert`. */
  async snapshot(): Promise<() => Promise<void>> {
    const id = await this.request('evm_snapshot')
    return async () => {
      await this.request('evm_revert', id)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close()
  }

  #abi(address: string): Interface {
    const found = this.#interfaces.get(address.toLowerCase())
    if (found === undefined) throw new RangeError(`expected a known contract, got ${address}`)
    return found
  }

  #transaction({ to, data, from = this.#account, value = 0n }: Call): object {
    const head = { from, data, gas: toQuantity(GAS), gasPrice: '0x0', value: toQuantity(value) }
    return to === undefined ? head : { ...head, to }
  }

  #refusal({ to }: Call, thrown: unknown): Outcome {
    const { data, message } = thrown as { data?: unknown; message: string }
    if (typeof data !== 'string') throw new RangeError(`expected a revert, got: ${message}`)
    const parsed =
      to === undefined || data === '0x'
        ? null
        : this.#interfaces.get(to.toLowerCase())?.parseError(data)
    // a panic parses too: it is not one of ours
    if (parsed === null || parsed === undefined || parsed.name === 'Panic') {
      return { error: data === '0x' ? `no data: ${message}` : data, expected: undefined }
    }
    const [expected] = parsed.args as unknown as [unknown?]
    return { error: parsed.name, expected: typeof expected === 'bigint' ? expected : undefined }
  }
}
