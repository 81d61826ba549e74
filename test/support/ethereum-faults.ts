/** Ethereum services and anchors before endpoints that misbehave. */
import { Wallet } from 'ethers'
import { DEFAULT_MAX_FEE_PER_GAS } from '../../src/chains/ethereum/limits.ts'
import { LOCAL_POLL_MS } from '../../src/chains/shared/limits.ts'
import { EthereumService, type EthereumServiceInit } from '../../src/chains/ethereum/service.ts'
import type { Anchor, AnchorComponents, Signer } from '../../src/node/anchor/anchor.ts'
import { envelopeAnchor } from '../../src/node/anchor/envelope-anchor.ts'
import type { SignedEnvelope } from '../../src/node/anchor/service.ts'
import type { Operation, Subject } from '../../src/node/anchor/operations.ts'
import { ED25519_SCHEME } from '../../src/node/anchor/ticket.ts'
import { type Clock, systemClock, systemRandom } from '../../src/node/primitives/clock.ts'
import type { ContextId, GroupId } from '../../src/node/primitives/ids.ts'
import { silentLogger } from '../../src/node/primitives/logger.ts'
import { contextOf, creation, ownGroup, person, sign } from '../compliance/anchor-support.ts'
import { startTestChain, type EthereumTestChain } from './ethereum.ts'
import { type FaultyRpc, startFaultyRpc } from './faulty-rpc.ts'

/** What a service is given beside the chain. */
export interface OpenInit extends Partial<EthereumServiceInit> {
  /** Account that pays. @default 1 */
  readonly account?: number
}

/** A clock that is off by so many seconds. */
export function skewedClock(seconds: number, right: Clock = systemClock): Clock {
  const ms = Math.round(seconds * 1000)
  return {
    ...right,
    nowMs: () => right.nowMs() + ms,
    nowNs: () => right.nowNs() + BigInt(ms) * 1_000_000n,
  }
}

export class FaultBench {
  readonly a: Signer = person('A')
  readonly b: Signer = person('B')
  readonly c: Signer = person('C')
  readonly context: ContextId = contextOf(this.a)
  readonly group: GroupId = ownGroup(this.context)
  /** A machine's clock that is right: the chain's goes its own way whenever it is put back. */
  clock: Clock = systemClock
  #chain: EthereumTestChain | undefined
  #open: { stop(): Promise<unknown> }[] = []

  get chain(): EthereumTestChain {
    if (this.#chain === undefined) throw new RangeError('expected a chain that runs')
    return this.#chain
  }

  /** Registers the hooks that start and end everything. */
  hooks(): void {
    before(async () => {
      this.#chain = await startTestChain()
    })
    beforeEach(async () => {
      await this.chain.reset()
      const block = (await this.send('eth_getBlockByNumber', 'pending', false)) as {
        timestamp: string
      }
      this.clock = skewedClock(Number(block.timestamp) - systemClock.nowMs() / 1000)
    })
    afterEach(async () => {
      for (const each of this.#open.toReversed()) await each.stop()
      this.#open = []
      await this.automine(true)
      await this.send('hardhat_setNextBlockBaseFeePerGas', '0x3b9aca00')
      await this.mine()
    })
    after(() => this.#chain?.stop())
  }

  send(method: string, ...params: readonly unknown[]): Promise<unknown> {
    return this.chain.devnet.send(method, params)
  }

  async mine(blocks: number = 1): Promise<void> {
    // within the same second: the chain's clock stays beside this machine's
    await this.send('hardhat_mine', `0x${blocks.toString(16)}`, '0x0')
  }

  async automine(isOn: boolean, everyMs: number = 0): Promise<void> {
    await this.send('evm_setAutomine', isOn)
    await this.send('evm_setIntervalMining', everyMs)
  }

  /** Transactions that an account has in blocks. */
  async used(account: number = 1): Promise<number> {
    const { address } = new Wallet(this.chain.key(account))
    return Number(await this.send('eth_getTransactionCount', address, 'latest'))
  }

  async endpoint(): Promise<FaultyRpc> {
    const endpoint = await startFaultyRpc(this.chain.devnet.url)
    this.#open.push({ stop: () => endpoint.down() })
    return endpoint
  }

  /** A service that signs with ed25519, so that an operation is one transaction. */
  service(endpoints: readonly (FaultyRpc | string)[], init: OpenInit = {}): EthereumService {
    const { account = 1, ...rest } = init
    const { chainId, contracts } = this.chain.deployment
    const service = new EthereumService({
      rpcUrls: endpoints.map((each) => (typeof each === 'string' ? each : each.url)),
      chainId,
      contracts: {
        identityRegistry: contracts.identityRegistry.address,
        contextAnchor: contracts.contextAnchor.address,
      },
      finality: 0,
      wallet: new Wallet(this.chain.key(account)),
      scheme: ED25519_SCHEME,
      maxFeePerGas: DEFAULT_MAX_FEE_PER_GAS,
      pollMs: LOCAL_POLL_MS,
      clock: this.clock,
      logger: silentLogger,
      ...rest,
    })
    this.#open.push({ stop: () => service.lifecycle.stop() })
    return service
  }

  /** An anchor over a service. */
  unstarted(service: EthereumService, components: Partial<AnchorComponents> = {}): Anchor {
    const anchor = envelopeAnchor({
      protocol: 'ethereum',
      network: 'local',
      contract: this.chain.deployment.contracts.contextAnchor.address,
      service,
    })({ clock: this.clock, random: systemRandom, logger: silentLogger, ...components })
    this.#open.push(anchor)
    return anchor
  }

  /** The same, started. */
  async anchor(
    service: EthereumService,
    components: Partial<AnchorComponents> = {},
  ): Promise<Anchor> {
    const anchor = this.unstarted(service, components)
    await anchor.start()
    return anchor
  }

  /** An anchor that nothing stands before. Others may sign with the same keys: it has two endpoints, though of one chain, to tell it so. */
  async honest(account: number = 3): Promise<Anchor> {
    const { url } = this.chain.devnet
    return this.anchor(this.service([url, url], { account }))
  }

  /** A context of A, made by somebody else's account. */
  async withContext(): Promise<Anchor> {
    const anchor = await this.honest()
    await anchor.submit(this.context, creation(), this.a)
    return anchor
  }

  readonly add = (...people: readonly Signer[]): Operation => ({
    kind: 'addMembers',
    ids: people.map(({ publicKey }) => publicKey),
    role: 'writer',
  })

  /** An envelope of A about its group, signed. */
  async signed(service: EthereumService, operation: Operation): Promise<SignedEnvelope> {
    const nonce = (await service.readMember(this.group, this.a.publicKey)).value?.nonce ?? 0n
    const validUntil = (await service.readTime()) + 600n
    const fields = { domain: await service.readDomain(), subject: this.group, nonce, validUntil }
    return sign(this.a, operation, fields)
  }

  /** A transaction of the account 1 that does nothing, from another process. */
  async foreign(nonce: number): Promise<void> {
    const wallet = new Wallet(this.chain.key(1))
    const fees = { maxFeePerGas: 100_000_000_000n, maxPriorityFeePerGas: 10_000_000_000n }
    const call = { to: wallet.address, gasLimit: 21_000n, type: 2, nonce }
    const { chainId } = this.chain.deployment
    await this.send(
      'eth_sendRawTransaction',
      await wallet.signTransaction({ ...call, ...fees, chainId }),
    )
  }

  /** Whether somebody is a member of the context's group. */
  async isMember(
    anchor: Anchor,
    who: Signer,
    finality: 'optimistic' | 'final' = 'final',
  ): Promise<boolean> {
    return (await anchor.readMember(this.group, who.publicKey, { finality })) !== undefined
  }

  /** The next nonce of A in its group. */
  async nonceOf(anchor: Anchor, who: Signer = this.a): Promise<bigint> {
    return (await anchor.readMember(this.group, who.publicKey))?.value.nonce ?? 0n
  }

  async submitAll(
    anchor: Anchor,
    list: readonly (readonly [Subject, Operation, Signer])[],
  ): Promise<void> {
    await Promise.all(list.map((each) => anchor.submit(...each)))
  }
}
