import { join } from 'node:path'
import { expect } from 'chai'
import { runCli } from '../../support/cli.ts'

describe('the example of a node inside another program', () => {
  it('runs to its end and prints the value it stored, as JSON', async () => {
    const main = join(import.meta.dirname, '../../../docs/examples/embed.ts')
    const { code, out, err } = await runCli([], { main })
    expect({ code, out, err }).to.deep.equal({ code: 0, out: '"1"\n', err: '' })
  }).timeout(30_000)
})
