/** A local Stellar network with the contracts on it, for tests: started once, put back to its beginning for each test. */
import { codeHashOf } from '../../src/chains/stellar/contracts/artifacts.ts'
import type { Deployment } from '../../src/chains/stellar/index.ts'
import { type AccountKey, channelKeys, parseKey } from '../../src/chains/stellar/key.ts'
import { stellarHeights } from '../../src/chains/stellar/rpc/head.ts'
import { stellarRpc } from '../../src/chains/stellar/rpc/rpc.ts'
import { simulate } from '../../src/chains/stellar/rpc/simulate.ts'
import { TransactionSender } from '../../src/chains/stellar/send/sender.ts'
import { StellarService, type StellarServiceInit } from '../../src/chains/stellar/service.ts'
import { contractAddress, createContract } from '../../src/chains/stellar/xdr/operations.ts'
import { contractBytes } from '../../src/chains/stellar/xdr/values.ts'
import { LOCAL_POLL_MS } from '../../src/chains/shared/limits.ts'
import { type StellarChain, startStellarChain } from '../../src/cli/chains/stellar/local-chain.ts'
import type { StellarDevnet } from '../../src/devnet/stellar/index.ts'
import { fromHex, utf8 } from '../../src/node/primitives/bytes.ts'
import { systemClock } from '../../src/node/primitives/clock.ts'
import { sha256 } from '../../src/node/primitives/hash.ts'
import { silentLogger } from '../../src/node/primitives/logger.ts'
import type { HarnessClock } from '../compliance/anchor-bench.ts'
import type { TestChain } from '../compliance/chain-harness.ts'

export interface StellarTestChain extends TestChain<StellarService> {
  readonly devnet: StellarDevnet
  readonly deployment: Deployment
}

/** Starts a network and deploys. @param start a network with the contracts; default: in a thread of its own */
export async function startStellarTestChain(
  start: () => Promise<StellarChain> = () => startStellarChain(0),
): Promise<StellarTestChain> {
  const { devnet, deployment } = await start()
  const next = contractBytes(await makeNext(devnet))
  const beginning = await devnet.snapshot()
  const stop = (): Promise<void> => devnet.stop()
  const { network, contracts } = deployment
  const secretOf = (index: number): string => (devnet.accounts[index] ?? devnet.accounts[0]).secret
  return {
    ...{ devnet, deployment, protocol: 'stellar', network, url: devnet.url },
    contract: contracts.contexts.address,
    // it asks whether a contract is there
    successors: [contractBytes(contracts.packages?.address ?? ''), next],
    key: secretOf,
    async reset() {
      await devnet.revert(beginning)
      // time goes back with it
      const behind = Math.floor(systemClock.nowMs() / 1000) - (await devnet.now())
      if (behind > 0) await devnet.moveTime(behind)
    },
    clock: async () => stellarClock(devnet),
    // two endpoints, though of one chain: a nonce that does not follow needs a second word
    open: (key, { clock }) =>
      openService({ deployment, rpcUrls: [devnet.url, devnet.url] }, { key, clock }),
    events: (service) => service.readEvents(),
    packageEvents: async ({ packages }) => (await packages?.readEvents()) ?? [],
    stop,
    [Symbol.asyncDispose]: stop,
  }
}

/** Another contract of contexts, by the code that is there. */
async function makeNext(devnet: StellarDevnet): Promise<string> {
  const { url, networkPassphrase: passphrase, accounts } = devnet
  const key = keyIn(accounts[0].secret)
  const [clock, logger, pollMs] = [systemClock, silentLogger, LOCAL_POLL_MS]
  const rpc = stellarRpc({ urls: [url], passphrase, clock, logger })
  const heights = stellarHeights(rpc, clock, pollMs)
  const sender = new TransactionSender({ rpc, heights, clock, pollMs, passphrase, key, logger })
  const place = { deployer: key.address, salt: sha256(utf8('next')) }
  const call = createContract(place, fromHex(codeHashOf('contexts')))
  const simulated = await rpc.run((endpoint) => simulate(endpoint, call, key.address))
  if ('reason' in simulated) throw new RangeError(simulated.reason)
  const { succeeded, failure } = await sender.send(simulated.prepared)
  rpc.stop()
  if (!succeeded) throw new RangeError(`expected a success, got ${failure}`)
  return contractAddress(passphrase, place)
}

/** What a service is opened over. */
interface Place extends Pick<StellarServiceInit, 'rpcUrls'> {
  readonly deployment: Deployment
}

/** The adapter, with the account of a key or without one. */
export function openService(
  { deployment, rpcUrls }: Place,
  init: Partial<Omit<StellarServiceInit, 'rpcUrls'>> & {
    readonly key?: string | undefined
    /** Channels that are looked for. @default none */
    readonly channels?: number | undefined
    readonly maxFee?: bigint | undefined
  } = {},
): StellarService {
  const { contexts, packages } = deployment.contracts
  const { key: secret, channels = 0, maxFee, ...rest } = init
  const key = secret === undefined ? undefined : keyIn(secret)
  return new StellarService({
    ...{ rpcUrls, passphrase: deployment.passphrase },
    contracts: { contexts: contexts.address, packages: packages?.address },
    payer: key && { key, channels: channelKeys(key, channels), maxFee },
    ...{ pollMs: LOCAL_POLL_MS, clock: systemClock, logger: silentLogger },
    ...rest,
  })
}

/** The key of a secret as files hold it. */
export function keyIn(secret: string): AccountKey {
  const key = parseKey(secret)
  if (key === undefined) throw new RangeError('expected a secret key')
  return key
}

/** The chain's clock, which is the machine's and what it was moved by, or stands still. */
function stellarClock(devnet: StellarDevnet): HarnessClock {
  let shiftMs = 0
  let stillMs: number | undefined
  const nowMs = (): number => stillMs ?? systemClock.nowMs() + shiftMs
  return {
    ...systemClock,
    nowMs,
    monotonicMs: () => systemClock.monotonicMs() + shiftMs,
    async advance(seconds) {
      const toMs = nowMs() + seconds * 1000
      await devnet.moveTime(seconds)
      await devnet.close()
      stillMs = undefined
      shiftMs = toMs - systemClock.nowMs()
    },
    async at(second) {
      stillMs = Number(second) * 1000
      await devnet.holdTime(Number(second))
    },
  }
}
