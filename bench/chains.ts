/**
 * What membership on Ethereum costs, on a local chain: gas and time of each operation in groups of 1, 100 and 10 000 members, sent by the account of
 * the signer through the adapter, as a node does. Takes some ten seconds, most of it to fill the largest group. The last lines say how far the gas
 * of a group of any size lies apart, in percent of the smallest: `npm run bench chains [-- --sizes 1,100]`.
 */
import { parseArgs } from 'node:util'
import { ethereumAnchor } from '../src/chains/ethereum/index.ts'
import { abiOf, hex } from '../src/chains/ethereum/contracts/codec.ts'
import { startEthereumChain } from '../src/cli/chains/ethereum/local-chain.ts'
import type { Anchor, Receipt, Signer } from '../src/node/anchor/anchor.ts'
import { deriveContextId } from '../src/node/anchor/envelope.ts'
import { DEFAULT_GROUP_OPTIONS, type Operation } from '../src/node/anchor/operations.ts'
import { generateSigningKey } from '../src/node/crypto/sign.ts'
import { utf8 } from '../src/node/primitives/bytes.ts'
import { systemClock, systemRandom } from '../src/node/primitives/clock.ts'
import { sha256 } from '../src/node/primitives/hash.ts'
import { ApplicationId, BlobId, GroupId, type PublicKey } from '../src/node/primitives/ids.ts'
import { silentLogger } from '../src/node/primitives/logger.ts'
import { value } from './support.ts'

/** Times each operation is repeated; gas is the largest, time the median. */
const SAMPLES = 5
/** A batch as large as one operation takes. */
const BATCH = 16
const PAGE = 100

const { values } = parseArgs({ options: { sizes: { type: 'string', default: '1,100,10000' } } })
const sizes = values.sizes.split(',').map(Number)

const { devnet, deployment } = await startEthereumChain(0)
const address = deployment.contracts.contextAnchor.address
const abi = abiOf('ContextAnchor')
const anchor: Anchor = ethereumAnchor({
  rpcUrls: [devnet.url],
  deployment,
  finality: 0,
  key: { env: 'KEY', from: { KEY: devnet.accounts[0].privateKey } },
})({ clock: systemClock, random: systemRandom, logger: silentLogger })
await anchor.start()

/** Largest gas per figure and size, for the comparison at the end. */
const gasOf = new Map<string, Map<number, number>>()

function note(name: string, members: number, gas: readonly number[], ms: readonly number[]): void {
  const largest = Math.max(...gas)
  const perSize = gasOf.get(name) ?? new Map<number, number>()
  gasOf.set(name, perSize.set(members, largest))
  const sorted = [...ms].sort((x, y) => x - y)
  const p50 = sorted[Math.floor(sorted.length / 2)] ?? NaN
  value(`chains/ethereum/${name}`, largest, 'gas', { members, n: gas.length })
  value(`chains/ethereum/${name}`, p50, 'ms', { members, n: ms.length })
}

async function gasUsed({ transaction }: Receipt): Promise<number> {
  const receipt = await devnet.send('eth_getTransactionReceipt', [transaction])
  return Number((receipt as { gasUsed: string }).gasUsed)
}

/** Gas that a view takes, without what every transaction pays for itself and its bytes. */
async function gasOfView(data: string): Promise<number> {
  const estimate = Number(await devnet.send('eth_estimateGas', [{ to: address, data }]))
  const bytes = Buffer.from(data.slice(2), 'hex')
  return estimate - 21_000 - bytes.reduce((sum, byte) => sum + (byte === 0 ? 4 : 16), 0)
}

/** Runs something some times; what it returns is the gas. */
async function measure(
  name: string,
  members: number,
  run: (sample: number) => Promise<number | Receipt>,
): Promise<void> {
  const gas: number[] = []
  const ms: number[] = []
  for (let sample = 0; sample < SAMPLES; sample++) {
    const began = performance.now()
    const result = await run(sample)
    ms.push(performance.now() - began)
    gas.push(typeof result === 'number' ? result : await gasUsed(result))
  }
  note(name, members, gas, ms)
}

/** A key that somebody could have: the contracts refuse bytes that are none. */
function idOf(text: string): PublicKey {
  return generateSigningKey(sha256(utf8(text))).publicKey
}

function creation(salt: string, group?: GroupId): Extract<Operation, { kind: 'createContext' }> {
  const application = {
    id: ApplicationId.from(sha256(utf8('application'))),
    blob: BlobId.from(sha256(utf8('blob'))),
    size: 400_000n,
    source: 'https://example.org/app.mpk',
    metadata: new Uint8Array(),
  }
  return {
    kind: 'createContext',
    salt: sha256(utf8(salt)),
    application,
    options: DEFAULT_GROUP_OPTIONS,
    group,
  }
}

async function inGroupOf(size: number): Promise<void> {
  const author: Signer = generateSigningKey(sha256(utf8(`author ${size}`)))
  const create = (salt: string, group?: GroupId): Promise<Receipt> => {
    const operation = creation(salt, group)
    return anchor.submit(deriveContextId(author.publicKey, operation.salt), operation, author)
  }
  await create('first') // the first operation of an identity binds it as well
  const group = GroupId.from(deriveContextId(author.publicKey, creation('first').salt))
  const crowd = Array.from({ length: size - 1 }, (_, index) => idOf(`${size} member ${index}`))
  if (crowd.length > 0) {
    const began = performance.now()
    for (let at = 0; at < crowd.length; at += BATCH * 64) {
      const ids = crowd.slice(at, at + BATCH * 64)
      await anchor.submit(group, { kind: 'addMembers', ids, role: 'writer' }, author)
      if (size >= 1000) console.error(`${at + ids.length} of ${crowd.length} members`)
    }
    value('chains/ethereum/fill', (performance.now() - began) / 1000, 's', { members: size })
  }
  const add = (ids: readonly PublicKey[]): Promise<Receipt> =>
    anchor.submit(group, { kind: 'addMembers', ids, role: 'writer' }, author)
  const remove = (ids: readonly PublicKey[]): Promise<Receipt> =>
    anchor.submit(group, { kind: 'removeMembers', ids, mayReturn: false }, author)
  const some = (what: string, count: number): PublicKey[] =>
    Array.from({ length: count }, (_, index) => idOf(`${size} ${what} ${index}`))

  await measure('create/own-group', size, (sample) => create(`own ${sample}`))
  await measure('create/given-group', size, (sample) => create(`given ${sample}`, group))
  await measure('add-1', size, (sample) => add(some(`one ${sample}`, 1)))
  // not the newest: the member in the last slot moves into the hole
  await measure('remove-1', size, (sample) => remove(some(`one ${sample}`, 1)))
  await measure('add-16', size, (sample) => add(some(`batch ${sample}`, BATCH)))
  await measure('remove-16', size, (sample) => remove(some(`batch ${sample}`, BATCH)))
  const member = hex(author.publicKey)
  await measure('has-member', size, () =>
    gasOfView(abi.encodeFunctionData('hasMember', [hex(group), member])),
  )
  // a whole page in every group
  if (size < PAGE) await add(some('page', PAGE - size))
  await measure('page-100', size, () =>
    gasOfView(abi.encodeFunctionData('members', [hex(group), 0, PAGE])),
  )
}

for (const size of sizes) await inGroupOf(size)
for (const [name, perSize] of gasOf) {
  const [smallest = NaN] = perSize.values()
  const spread = Math.max(...[...perSize.values()].map((gas) => Math.abs(gas / smallest - 1)))
  value(`chains/ethereum/${name}/spread`, spread * 100, 'percent', { sizes })
}
await anchor.stop()
await devnet.stop()
