/**
 * `npm run oracle stellar-contracts`: the committed contracts on the host that nodes of Stellar have, with the network's limits on: random requests have to be
 * answered as the reference model answers them, in every stored row, the dearest of each kind to fit, and what is used to live. It needs cargo and the
 * crates of its `Cargo.lock`, and is skipped aloud without; the host is built from their sources, which takes some five minutes of a processor the first time.
 */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import fc from 'fast-check'
import { findCargo } from '../../../scripts/support/rust-toolchain.ts'
import { toHex } from '../../../src/node/primitives/bytes.ts'
import { creation } from '../../compliance/anchor-support.ts'
import { CorePackagePair, CorePair } from '../../contracts/core/core-pair.ts'
import { beginPackages, packageStepBy, takePackage } from '../../contracts/shared/package-steps.ts'
import { told } from '../../contracts/shared/pair.ts'
import { A, FIRST, stepBy, take } from '../../contracts/shared/steps.ts'
import { dearestCases, type Place } from '../../contracts/stellar/dearest.ts'
import { Recorder, type Step } from '../../contracts/stellar/recorder.ts'

const ROOT = join(import.meta.dirname, '../../..')
const CRATE = join(import.meta.dirname, 'host')
/** What the dearest requests took when it was last looked at. */
const FIGURES = join(ROOT, 'test/contracts/stellar/figures.json')
/** Written anew by a run with this variable. */
const IS_RECORDING = process.env['MEROGATE_TEST_RECORD'] === '1'
/** Part by which a figure may be above what is committed: another release of the compiler makes other code. */
const SLACK = 1.02

const PLACE: Place = {
  domain: {
    chain: 4,
    network: new Uint8Array(32).fill(9),
    contract: new Uint8Array(32).fill(1),
  },
  successor: new Uint8Array(32).fill(2),
}
/** Random sequences of each contract, and requests of each. */
const [SEQUENCES, STEPS] = [12, 25]
const SEED = 0x6d65726f

/** Random requests to one of the contracts. */
interface Sequence {
  readonly contract: 'contexts' | 'packages'
  readonly steps: readonly Step[]
}

async function groupSequences(): Promise<Sequence[]> {
  const steps = fc.noBias(fc.array(stepBy(['ed25519']), { minLength: STEPS, maxLength: STEPS }))
  const sequences: Sequence[] = []
  for (const list of fc.sample(steps, { numRuns: SEQUENCES, seed: SEED })) {
    const rules = new Recorder(PLACE.domain, PLACE.successor)
    const pair = new CorePair({ rules, successor: PLACE.successor })
    const first = { subject: FIRST, signer: A.publicKey, nonce: 0n, validUntil: pair.now + 60n }
    await pair.submit({ ...first, operation: creation() }, { door: 'ed25519', signWith: A })
    for (const step of list) await told('a random request', take(pair, step))
    sequences.push({ contract: 'contexts', steps: rules.steps })
  }
  return sequences
}

async function packageSequences(): Promise<Sequence[]> {
  const door = packageStepBy(['ed25519'])
  const steps = fc.noBias(fc.array(door, { minLength: STEPS, maxLength: STEPS }))
  const sequences: Sequence[] = []
  for (const [at, list] of fc.sample(steps, { numRuns: SEQUENCES, seed: SEED }).entries()) {
    const rules = new Recorder(PLACE.domain, PLACE.successor)
    const pair = new CorePackagePair(rules)
    const [first] = list
    if (first !== undefined) await beginPackages(pair, first, at % 4 === 0)
    for (const step of list) await told('a random request', takePackage(pair, step))
    sequences.push({ contract: 'packages', steps: rules.steps })
  }
  return sequences
}

function moduleFile(name: string): string {
  return join(ROOT, 'contracts/artifacts/stellar', name, `${name}.wasm`)
}

/** All that is done on the host too. */
async function recorded(): Promise<object> {
  const { domain, successor } = PLACE
  return {
    ...{ network: toHex(domain.network), contract: toHex(domain.contract) },
    successor: toHex(successor),
    modules: { contexts: moduleFile('contexts'), packages: moduleFile('packages') },
    sequences: [...(await groupSequences()), ...(await packageSequences())],
    cases: await dearestCases(PLACE),
  }
}

/** Why it cannot be run here, or undefined. */
function reasonToSkip(cargo: string | undefined): string | undefined {
  if (cargo === undefined) return 'there is no cargo on this machine'
  const args = ['metadata', '--offline', '--locked', '--format-version=1']
  const { status } = spawnSync(cargo, args, { cwd: CRATE, stdio: 'ignore' })
  return status === 0
    ? undefined
    : `its crates are not here: cargo fetch in ${CRATE.slice(ROOT.length + 1)}`
}

type Figures = Readonly<Record<string, Readonly<Record<string, number>>>>

/** Figures that are above what was looked at. */
function findDearer(measured: Figures, committed: Figures): string[] {
  return Object.entries(measured).flatMap(([name, figures]) =>
    Object.entries(figures)
      .filter(([figure, value]) => value > (committed[name]?.[figure] ?? 0) * SLACK)
      .map(([figure, value]) => `${name}: ${figure} ${value}`),
  )
}

/** @throws AssertionError when something is not the same */
export async function oracleStellarContracts(): Promise<void> {
  const cargo = findCargo()
  const reason = reasonToSkip(cargo)
  if (cargo === undefined || reason !== undefined) {
    process.stdout.write(`oracle stellar-contracts: skipped, ${reason}\n`)
    return
  }
  const folder = await mkdtemp(join(tmpdir(), 'stellar-host-'))
  try {
    const [input, output] = ['recorded.json', 'figures.json'].map((name) => join(folder, name))
    await writeFile(input ?? '', JSON.stringify(await recorded()))
    const child = spawn(cargo, ['test', '--offline', '--locked', '--quiet'], {
      cwd: CRATE,
      env: {
        ...process.env,
        // what was compiled before is not compiled again
        CARGO_TARGET_DIR: join(ROOT, 'contracts/stellar/target/host'),
        MEROGATE_HOST_RECORDED: input,
        MEROGATE_HOST_FIGURES: output,
      },
      stdio: 'inherit',
    })
    const [code] = (await once(child, 'close')) as [number | null] // Node's own event
    expect(code).to.equal(0)
    const measured = await readFile(output ?? '', 'utf8')
    if (IS_RECORDING) await writeFile(FIGURES, `${JSON.stringify(JSON.parse(measured), null, 2)}\n`)
    const committed = JSON.parse(await readFile(FIGURES, 'utf8')) as Figures // our own file
    expect(findDearer(JSON.parse(measured) as Figures, committed)).to.deep.equal([])
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
