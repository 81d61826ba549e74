/** A local NEAR chain with the contracts on it, for tests: started once, put back to its beginning for each test. */
import { actions } from 'near-api-js'
import { STORAGE_PRICE, TERA } from '../../src/chains/near/constants.ts'
import { codeOf } from '../../src/chains/near/contracts/artifacts.ts'
import type { Deployment } from '../../src/chains/near/index.ts'
import { type AccountKeys, parseKeys } from '../../src/chains/near/key.ts'
import { callAction, signingKeys } from '../../src/chains/near/send/account.ts'
import { NearService, type NearServiceInit } from '../../src/chains/near/service.ts'
import { LOCAL_POLL_MS } from '../../src/chains/shared/limits.ts'
import { credentialsOf, startNearChain } from '../../src/cli/chains/near/local-chain.ts'
import type { NearDevnet } from '../../src/devnet/near/index.ts'
import { fromUtf8, utf8 } from '../../src/node/primitives/bytes.ts'
import { systemClock } from '../../src/node/primitives/clock.ts'
import { silentLogger } from '../../src/node/primitives/logger.ts'
import type { HarnessClock } from '../compliance/anchor-bench.ts'
import type { MovingChain } from '../compliance/migration-suite.ts'

export interface NearTestChain extends MovingChain<NearService> {
  readonly devnet: NearDevnet
  readonly deployment: Deployment
}

/** Blocks until what is final has the newest time. */
const BLOCKS_TO_FINAL = 3

/** Starts a chain and deploys. */
export async function startNearTestChain(): Promise<NearTestChain> {
  const { devnet, deployment } = await startNearChain(0)
  const beginning = await devnet.snapshot()
  const stop = (): Promise<void> => devnet.stop()
  const { network, contracts } = deployment
  return {
    ...{ devnet, deployment, protocol: 'near', network, url: devnet.url },
    contract: contracts.contexts.address,
    key: (index) => credentialsOf(devnet.accounts[index] ?? devnet.accounts[0]),
    reset: () => devnet.revert(beginning),
    clock: async () => nearClock(devnet),
    // two endpoints, though of one chain: a nonce that does not follow needs a second word
    open: (key, { clock }) =>
      openService({ deployment, rpcUrls: [devnet.url, devnet.url] }, { key, clock }),
    deploySuccessor: (predecessor) => deploySuccessor({ devnet, deployment }, predecessor),
    bytesOf: utf8,
    addressOf: fromUtf8,
    openAt: (address, key, clock) => {
      const contexts = { ...contracts.contexts, address }
      const there = { ...deployment, contracts: { contexts } }
      return openService({ deployment: there, rpcUrls: [devnet.url, devnet.url] }, { key, clock })
    },
    events: (service) => service.readEvents(),
    packageEvents: async ({ packages }) => (await packages?.readEvents()) ?? [],
    stop,
    [Symbol.asyncDispose]: stop,
  }
}

let made = 0

/** Another contract of ours, that takes groups over from one. @returns its account */
export async function deploySuccessor(
  { devnet, deployment }: Pick<NearTestChain, 'devnet' | 'deployment'>,
  predecessor: string = deployment.contracts.contexts.address,
): Promise<string> {
  const key = credentialsOf(devnet.accounts[9] ?? devnet.accounts[0])
  const service = openService({ deployment, rpcUrls: [devnet.url] }, { key })
  const { sender } = service
  if (sender === undefined) throw new RangeError('expected a service with an account')
  const receiver = `next${made++}.${sender.account}`
  const told = utf8(JSON.stringify({ network: deployment.chainId, predecessor }))
  const code = codeOf('contexts')
  const sent = await sender.send({
    receiver,
    actions: [
      actions.createAccount(),
      actions.transfer(BigInt(code.length + 2048) * STORAGE_PRICE),
      actions.deployContract(code),
      callAction('new', told, { gas: 20n * TERA }),
    ],
  })
  if (!('succeeded' in sent && sent.succeeded)) throw new RangeError('expected a contract')
  await service.lifecycle.stop()
  return receiver
}

/** What a service is opened over. */
interface Place extends Pick<NearServiceInit, 'rpcUrls'> {
  readonly deployment: Deployment
}

/** The adapter, with the account of a key or without one. */
export function openService(
  { deployment, rpcUrls }: Place,
  init: Partial<Omit<NearServiceInit, 'rpcUrls'>> & { readonly key?: string | undefined } = {},
): NearService {
  const { contexts, packages } = deployment.contracts
  const { key, ...rest } = init
  const keys = key === undefined ? undefined : keysIn(key)
  return new NearService({
    ...{ rpcUrls, chainId: deployment.chainId },
    contracts: { contexts: contexts.address, packages: packages?.address },
    payer: keys && { account: keys.account, signers: signingKeys(keys) },
    ...{ pollMs: LOCAL_POLL_MS, clock: systemClock, logger: silentLogger },
    ...rest,
  })
}

/** The keys of a text as files hold them. */
export function keysIn(text: string): AccountKeys {
  const found = parseKeys(text)
  if (found?.account === undefined) throw new RangeError('expected a credentials file')
  return { ...found, account: found.account }
}

/** The chain's clock, which is the machine's and what it was moved by, or stands still. */
function nearClock(devnet: NearDevnet): HarnessClock {
  let shiftMs = 0
  let stillMs: number | undefined
  const nowMs = (): number => stillMs ?? systemClock.nowMs() + shiftMs
  return {
    ...systemClock,
    nowMs,
    monotonicMs: () => systemClock.monotonicMs() + shiftMs,
    async advance(seconds) {
      const toMs = nowMs() + seconds * 1000
      // time that stood still goes on from there
      await devnet.moveTime(seconds)
      stillMs = undefined
      shiftMs = toMs - systemClock.nowMs()
      await devnet.mine(BLOCKS_TO_FINAL)
    },
    async at(second) {
      stillMs = Number(second) * 1000
      await devnet.holdTime(Number(second))
    },
  }
}
