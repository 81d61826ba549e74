import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { expect } from 'chai'

const SCRIPT = join(import.meta.dirname, '../../scripts/check-package.ts')

describe('the package', () => {
  it('works as a stranger has it: entries, types, command, nodes', async () => {
    const child = spawn(process.execPath, [SCRIPT], { stdio: ['ignore', 'pipe', 'pipe'] })
    let said = ''
    child.stdout.on('data', (text: Buffer) => (said += text.toString()))
    child.stderr.on('data', (text: Buffer) => (said += text.toString()))
    const code = await new Promise((resolve) => child.once('close', resolve))
    expect(code, said).to.equal(0)
  }).timeout(600_000)
})
