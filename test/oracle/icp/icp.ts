/**
 * `npm run oracle icp -- --url U`: the committed canisters on a replica that somebody runs, through the adapter, proven under the replica's root key.
 * First the rows of the conformance list whose tests need no time that is moved, then random requests about groups and about packages, compared with the reference
 * model: verdict, expected nonce, and what is stored of it afterwards. It takes a chain for development, which makes canisters for nothing and whose root key may
 * be asked for; with none named nothing is compared, and that is said. There is no such replica that does not have to be downloaded. A request takes as long as a
 * round, so ten sequences are some minutes on a chain that takes a second for each. `--no-suite` leaves the rows out, `--rows TEXT` runs those with it in their titles.
 */
import { parseArgs } from 'node:util'
import fc from 'fast-check'
import { blsVerify, IcpClient } from '../../../src/chains/icp/rpc/agent.ts'
import { ask } from '../../../src/chains/icp/rpc/asked.ts'
import type { IcpService } from '../../../src/chains/icp/service.ts'
import { fromHex } from '../../../src/node/primitives/bytes.ts'
import { systemClock } from '../../../src/node/primitives/clock.ts'
import { creation } from '../../compliance/anchor-support.ts'
import {
  beginPackages,
  type PackageStep,
  packageStepBy,
  takePackage,
} from '../../contracts/shared/package-steps.ts'
import { count, told } from '../../contracts/shared/pair.ts'
import { A, FIRST, stepBy, take } from '../../contracts/shared/steps.ts'
import { makeCanister, openService } from '../../support/icp-chain.ts'
import { openHands } from '../../support/icp-devnet.ts'
import { RemotePackagePair, RemotePair } from './remote-pair.ts'
import { runSuite } from './suite.ts'

const STEPS = 25
/** DER of some key, for a client that asks for the right one: it verifies nothing. */
const NO_KEY = fromHex(
  `308182301d060d2b0601040182dc7c0503010201060c2b0601040182dc7c05030201036100${'80'.repeat(96)}`,
)

export async function oracleIcp(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      url: { type: 'string' },
      sequences: { type: 'string', default: '10' },
      seed: { type: 'string', default: '1' },
      suite: { type: 'boolean', default: true },
      rows: { type: 'string' },
    },
    allowNegative: true,
  })
  const { url } = values
  if (url === undefined) {
    process.stdout.write(
      'oracle icp: skipped, no replica is named: npm run oracle icp -- --url http://127.0.0.1:4943\n',
    )
    return
  }
  const rootKey = await readRootKey(url)
  const hands = await openHands({ url, rootKey }, true)
  const place = { chain: { rootKey }, ...hands }
  const suite = values.suite ? await runSuite(place, url, values.rows) : undefined
  const outcomes = new Map<string, number>()
  const [sequences, seed] = [Number(values.sequences), Number(values.seed)]
  const length = { minLength: STEPS, maxLength: STEPS }
  const random = { numRuns: sequences, seed }
  const lists = fc.sample(fc.noBias(fc.array(stepBy(['ed25519']), length)), random)
  const packageLists = fc.sample(fc.noBias(fc.array(packageStepBy(['ed25519']), length)), random)
  for (const [number, list] of lists.entries()) {
    const contexts = await makeCanister(place, 'contexts')
    const packages = await makeCanister(place, 'packages')
    const service = openService(place, { contexts, packages }, [url], { verify: blsVerify })
    const name = `sequence ${number} of seed ${seed}`
    try {
      await runSequence(service, list, name, outcomes)
      await runPackages(service, packageLists[number] ?? [], name, outcomes)
    } finally {
      await service.lifecycle.stop()
    }
    process.stderr.write(`oracle icp: ${number + 1} of ${sequences} sequences agree\n`)
  }
  const requests = [...outcomes.values()].reduce((sum, each) => sum + each, 0)
  const report = { oracle: 'icp', url, suite, seed, sequences, requests }
  process.stdout.write(`${JSON.stringify({ ...report, outcomes: Object.fromEntries(outcomes) })}\n`)
  if (suite !== undefined && suite.failed.length > 0) process.exitCode = 1
}

async function runSequence(
  service: IcpService,
  list: readonly Parameters<typeof take>[1][],
  name: string,
  outcomes: Map<string, number>,
): Promise<void> {
  const pair = await RemotePair.open(service)
  const first = { subject: FIRST, signer: A.publicKey, nonce: 0n, validUntil: pair.now + 60n }
  await pair.submit({ ...first, operation: creation() }, { door: 'ed25519', signWith: A })
  for (const [position, step] of list.entries()) {
    const [verdict] = await told(`${name}, request ${position}`, take(pair, step))
    count(outcomes, verdict)
  }
}

async function runPackages(
  service: IcpService,
  list: readonly PackageStep[],
  name: string,
  outcomes: Map<string, number>,
): Promise<void> {
  const { packages } = service
  const [first] = list
  if (packages === undefined || first === undefined) return
  const pair = await RemotePackagePair.open(packages, await service.readDomain())
  await beginPackages(pair, first, false)
  for (const [position, step] of list.entries()) {
    const label = `${name} about packages, request ${position}`
    const [verdict] = await told(label, takePackage(pair, step))
    count(outcomes, verdict)
  }
}

async function readRootKey(url: string): Promise<Uint8Array> {
  const client = new IcpClient({ url, rootKey: NO_KEY, clock: systemClock, verify: () => false })
  try {
    const { rootKey } = await ask(client, 'status', {})
    if (rootKey === undefined)
      throw new RangeError(`expected a replica that tells its root key at ${url}`)
    return rootKey
  } finally {
    client.close()
  }
}
