import { join } from 'node:path'
import { expect } from 'chai'
import { runCli } from '../../support/cli.ts'

describe('the examples of a node inside another program', () => {
  for (const [name, printed] of [
    ['embed', '"1"\n'],
    ['embed-ethereum', 'ethereum true\n'],
  ] as const) {
    it(`run to their end and print what they found: ${name}`, async () => {
      const main = join(import.meta.dirname, `../../../docs/examples/${name}.ts`)
      const { code, out, err } = await runCli([], { main })
      expect({ code, out, err }).to.deep.equal({ code: 0, out: printed, err: '' })
    }).timeout(30_000)
  }
})
