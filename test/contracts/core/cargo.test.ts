/** The Rust core's own tests, where there is a Rust compiler. Users need none: nothing that ships is built by this. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { expect } from 'chai'
import { findCargo } from '../../../scripts/support/rust-toolchain.ts'

const CORE = join(import.meta.dirname, '../../../contracts/core')

describe('the Rust core', function () {
  this.timeout(300_000)
  const cargo = findCargo()
  const reason = cargo === undefined ? ' (not run: there is no cargo on this machine)' : ''

  it(`passes its own tests${reason}`, async function () {
    if (cargo === undefined) return this.skip()
    const child = spawn(cargo, ['test', '--offline', '--locked', '--quiet'], {
      cwd: CORE,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const chunks: Buffer[] = []
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
    child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk))
    const [code] = (await once(child, 'close')) as [number | null] // Node's own event
    expect(code, Buffer.concat(chunks).toString()).to.equal(0)
  })
})
