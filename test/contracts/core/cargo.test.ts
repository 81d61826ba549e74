/** The own tests of the Rust core and of the canisters' rows, where there is a Rust compiler. Users need none: nothing that ships is built by this. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { findCargo } from '../../../scripts/support/rust-toolchain.ts'

const ROOT = join(import.meta.dirname, '../../..')
/** What the tests are made from, vectors among it. */
const PARTS = [
  ...['contracts/core/Cargo.toml', 'contracts/core/src', 'contracts/core/tests'],
  'contracts/icp/tree',
  ...['contracts/interface.json', 'test/vectors'],
]

/** Both in a workspace that needs no crates of a registry, which machines without a network may not have. */
async function copyCrates(folder: string): Promise<string> {
  for (const part of PARTS) await cp(join(ROOT, part), join(folder, part), { recursive: true })
  const manifest = '[workspace]\nresolver = "2"\nmembers = ["core", "icp/tree"]\n'
  await writeFile(join(folder, 'contracts/Cargo.toml'), manifest)
  return join(folder, 'contracts')
}

describe('the Rust core and the rows of canisters', function () {
  this.timeout(300_000)
  const cargo = findCargo()
  const reason = cargo === undefined ? ' (not run: there is no cargo on this machine)' : ''

  it(`pass their own tests${reason}`, async function () {
    if (cargo === undefined) return this.skip()
    const folder = await mkdtemp(join(tmpdir(), 'core-tests-'))
    try {
      const child = spawn(cargo, ['test', '--offline', '--quiet'], {
        cwd: await copyCrates(folder),
        // what was compiled before is not compiled again
        env: { ...process.env, CARGO_TARGET_DIR: join(ROOT, 'contracts/core/target') },
        stdio: ['ignore', 'pipe', 'pipe'],
      })
      const chunks: Buffer[] = []
      child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
      child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk))
      const [code] = (await once(child, 'close')) as [number | null] // Node's own event
      expect(code, Buffer.concat(chunks).toString()).to.equal(0)
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  })
})
