/** A local Ethereum chain with the contracts on it, for tests: started once, put back to its beginning for each test. */
import { getAddress, getBytes, Wallet } from 'ethers'
import { abiOf, hex } from '../../src/chains/ethereum/contracts/codec.ts'
import { DEFAULT_MAX_FEE_PER_GAS } from '../../src/chains/ethereum/limits.ts'
import { EthereumService } from '../../src/chains/ethereum/service.ts'
import { LOCAL_POLL_MS } from '../../src/chains/shared/limits.ts'
import type { Deployment } from '../../src/chains/ethereum/deploy/deployment.ts'
import { startEthereumChain } from '../../src/cli/chains/ethereum/local-chain.ts'
import type { EthereumDevnet } from '../../src/devnet/ethereum/index.ts'
import type { Signer } from '../../src/node/anchor/anchor.ts'
import { systemClock } from '../../src/node/primitives/clock.ts'
import { silentLogger } from '../../src/node/primitives/logger.ts'
import type { HarnessClock } from '../compliance/anchor-bench.ts'
import type { OpenOptions } from '../compliance/chain-harness.ts'
import type { MovingChain } from '../compliance/migration-suite.ts'
import { creationCode } from './ethereum-contracts.ts'

export interface EthereumTestChain extends MovingChain<EthereumService> {
  readonly devnet: EthereumDevnet
  readonly deployment: Deployment
}

/** Starts a chain and deploys; what `prepare` does belongs to the beginning too. */
export async function startTestChain(
  prepare: (chain: Started) => Promise<void> = async () => {},
): Promise<EthereumTestChain> {
  const { devnet, deployment } = await startEthereumChain(0)
  await prepare({ devnet, deployment })
  let snapshot = await devnet.send('evm_snapshot')
  const stop = (): Promise<void> => devnet.stop()
  const { network, contracts } = deployment
  const everything = [0, Number.MAX_SAFE_INTEGER] as const
  return {
    ...{ devnet, deployment, protocol: 'ethereum', network, url: devnet.url },
    contract: contracts.contextAnchor.address,
    key: (index) => devnet.accounts[index]?.privateKey ?? devnet.accounts[0].privateKey,
    async reset() {
      await devnet.send('evm_revert', [snapshot])
      snapshot = await devnet.send('evm_snapshot')
    },
    clock: () => chainClock({ devnet }),
    open: (key, options) => openService({ devnet, deployment }, key, options),
    deploySuccessor: (predecessor) => deploySuccessor({ devnet, deployment }, predecessor),
    bytesOf: (address) => getBytes(address),
    addressOf: (bytes) => getAddress(hex(bytes)),
    openAt: (contextAnchor, key, clock) =>
      openService({ devnet, deployment }, key, { clock }, contextAnchor),
    events: async (service) => (await service.readEvents(...everything)).map(({ event }) => event),
    packageEvents: async ({ packages }) =>
      ((await packages?.readEvents(...everything)) ?? []).map(({ event }) => event),
    stop,
    [Symbol.asyncDispose]: stop,
  }
}

type Started = Pick<EthereumTestChain, 'devnet' | 'deployment'>

function openService(
  { devnet, deployment }: Started,
  key: string | undefined,
  { clock, schemes }: OpenOptions,
  contextAnchor: string = deployment.contracts.contextAnchor.address,
): EthereumService {
  const { contracts, chainId } = deployment
  return new EthereumService({
    // two endpoints, though of one chain: a nonce that does not follow needs a second word
    rpcUrls: [devnet.url, devnet.url],
    chainId,
    contracts: {
      identityRegistry: contracts.identityRegistry.address,
      contextAnchor,
      packageRegistry: contracts.packageRegistry?.address,
    },
    finality: 0,
    wallet: key === undefined ? undefined : new Wallet(key),
    scheme: schemes?.contexts,
    packageScheme: schemes?.packages,
    maxFeePerGas: DEFAULT_MAX_FEE_PER_GAS,
    pollMs: LOCAL_POLL_MS,
    clock,
    logger: silentLogger,
  })
}

/** Binds an identity to an account, as somebody would who holds both keys and sends with neither. */
export async function bindTo(
  { devnet, deployment }: Started,
  identity: Signer,
  account: Wallet,
  nonce: bigint = 1n,
): Promise<void> {
  const { chainId, contracts } = deployment
  const { address } = contracts.identityRegistry
  const { address: from } = devnet.accounts[0]
  const abi = abiOf('IdentityRegistry')
  const block = (await devnet.send('eth_getBlockByNumber', ['pending', false])) as {
    timestamp: string
  }
  const validUntil = BigInt(block.timestamp) + 600n
  const id = hex(identity.publicKey)
  const view = abi.encodeFunctionData('bindingDigest', [id, account.address, nonce, validUntil])
  const digest = getBytes(String(await devnet.send('eth_call', [{ to: address, data: view }])))
  const consent = await account.signTypedData(
    { name: 'merogate identities', version: '2', chainId, verifyingContract: address },
    {
      Binding: [
        { name: 'identity', type: 'bytes32' },
        { name: 'account', type: 'address' },
        { name: 'nonce', type: 'uint64' },
        { name: 'validUntil', type: 'uint64' },
      ],
    },
    { identity: id, account: account.address, nonce, validUntil },
  )
  const data = abi.encodeFunctionData('bind', [
    ...[id, account.address, nonce, validUntil],
    ...[hex(identity.sign(digest)), consent],
  ])
  await devnet.send('eth_sendTransaction', [{ from, to: address, data }])
}

/** Another contract of ours, that takes groups over from one. @returns its address */
export async function deploySuccessor(
  { devnet, deployment }: Started,
  predecessor: string = deployment.contracts.contextAnchor.address,
): Promise<string> {
  const registry = deployment.contracts.identityRegistry.address
  const data = creationCode('ContextAnchor', registry, predecessor)
  const from = devnet.accounts[0].address
  const hash = await devnet.send('eth_sendTransaction', [{ from, data }])
  const receipt = await devnet.send('eth_getTransactionReceipt', [hash])
  return getAddress((receipt as { contractAddress: string }).contractAddress)
}

/** The chain's clock. */
export async function chainClock(chain: Pick<EthereumTestChain, 'devnet'>): Promise<HarnessClock> {
  const block = (await chain.devnet.send('eth_getBlockByNumber', ['pending', false])) as {
    timestamp: string
  }
  const offMs = Number(block.timestamp) * 1000 - systemClock.nowMs()
  let shiftMs = 0
  const nowMs = (): number => systemClock.nowMs() + offMs + shiftMs
  return {
    ...systemClock,
    nowMs,
    monotonicMs: () => systemClock.monotonicMs() + shiftMs,
    async advance(seconds: number) {
      await chain.devnet.send('evm_increaseTime', [seconds])
      await chain.devnet.send('evm_mine')
      shiftMs += seconds * 1000
    },
    async at(second: bigint) {
      // a block that reads and trials see, and the next one's time
      await chain.devnet.send('evm_setNextBlockTimestamp', [Number(second)])
      await chain.devnet.send('evm_mine')
      await chain.devnet.send('evm_setNextBlockTimestamp', [Number(second)])
      shiftMs += Number(second) * 1000 - nowMs()
    },
  }
}
