import { expect } from 'chai'
import { withSdk } from '../../../../src/chains/shared/sdk.ts'
import { isMerogateError } from '../../../../src/node/errors.ts'

/** A package that nobody has, so that the words are Node's own. */
const NAMES: readonly string[] = ['merogate-no-such-sdk', '@merogate-none/no-such-sdk']

describe("a chain's SDK", () => {
  for (const name of NAMES) {
    it(`that is not installed is named with the command that installs it: ${name}`, async () => {
      const loading = withSdk('near', () => import(name))
      const error: unknown = await loading.catch((thrown: unknown) => thrown)
      if (!isMerogateError(error, 'CHAIN_SDK')) throw error
      expect(error.kind).to.equal('missing')
      expect(error.details).to.deep.equal({ chain: 'near', package: name })
      expect(error.message).to.match(new RegExp(`npm install ${name}$`))
    })
  }

  it('that fails for another reason says its own', async () => {
    const failure = new RangeError('a bug')
    const loading = withSdk('near', () => Promise.reject(failure))
    expect(await loading.catch((thrown: unknown) => thrown)).to.equal(failure)
  })
})
