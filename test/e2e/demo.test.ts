/** The act of the demo that signs in. The others play what the tests of `test/e2e/node` look at more closely. */
import { join } from 'node:path'
import { expect } from 'chai'
import { CHAINS, hasContracts, namesOf } from '../../src/cli/chains/chains.ts'
import { runCli } from '../support/cli.ts'

const main = join(import.meta.dirname, '../../scripts/demo.ts')

describe('the demo', () => {
  for (const chain of ['local', 'ethereum']) {
    it(`signs in with a wallet and shows a call that a key may make and one it may not, on ${chain}`, async () => {
      const { code, out, err } = await runCli(['--act', 'sign-in', '--chain', chain], { main })
      expect(code, err).to.equal(0)
      const lines = out.trimEnd().split('\n')
      const after = (start: string): string | undefined =>
        lines.find((line) => line.trimStart().startsWith(start))?.trim()
      expect(after('without:')).to.equal('without: 401 missing_token')
      expect(after('0x')).to.match(/^0x[0-9a-fA-F]{40} may: admin$/)
      expect(after('get:')).to.equal('get: "hello"')
      expect(after('set:')).to.equal('set: 403 permission_denied: it needs context:execute')
      expect(lines.at(-1)).to.equal('demo: ok')
    }).timeout(60_000)
  }

  it('anchors a context on every chain with contracts, which two nodes share', async () => {
    const { code, out, err } = await runCli(['--chain', 'all'], { main })
    expect(code, err).to.equal(0)
    for (const name of namesOf(CHAINS.filter(hasContracts))) {
      expect(out).to.include(`anchor a context on ${name}, and admit bob`)
    }
    expect(out.trimEnd().split('\n').at(-1)).to.equal('demo: ok')
  }).timeout(120_000)

  it('names the acts there are', async () => {
    const { code, err } = await runCli(['--act', 'dance'], { main })
    expect(code).to.equal(2)
    expect(err).to.contain('replication, membership, sign-in')
  })
})
