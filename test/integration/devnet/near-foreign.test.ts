/**
 * Contracts that somebody else wrote, with another compiler than ours: AssemblyScript's examples of `near-sdk-as`, as the package
 * `near-sdk-simulator` brings them. Nothing of it is run but these files.
 */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { expect } from 'chai'
import { Account, JsonRpcProvider } from 'near-api-js'
import { type NearDevnet, startNearDevnet } from '../../../src/devnet/near/index.ts'

/** Folder of the built contracts. */
const FOLDER = join(
  dirname(createRequire(import.meta.url).resolve('near-sdk-simulator/package.json')),
  'build/release',
)

describe('contracts of somebody else on the local NEAR chain', () => {
  let chain: NearDevnet
  let provider: JsonRpcProvider
  before(async () => {
    const deployed = {
      'tree.near': 'avlTreeContract',
      'words.examples': 'words',
      'sentences.examples': 'sentences',
    }
    chain = await startNearDevnet({ port: 0, accounts: Object.keys(deployed) })
    provider = new JsonRpcProvider({ url: chain.url })
    for (const [id, name] of Object.entries(deployed)) {
      await account(id).deployContract(readFileSync(join(FOLDER, `${name}.wasm`)))
    }
  })
  after(() => chain.stop())

  function account(id: string): Account {
    const secretKey = chain.accounts.find(({ accountId }) => accountId === id)?.secretKey
    if (secretKey === undefined) throw new RangeError(`there is no account ${id}`)
    return new Account(id, provider, secretKey)
  }

  it('keep a balanced tree in their storage, as it should be', async () => {
    const tree = account('tree.near')
    const call = (methodName: string, args: object): Promise<unknown> =>
      tree.callFunctionRaw({ contractId: 'tree.near', methodName, args, gas: 300_000_000_000_000n })
    const view = (method: string, args = {}): Promise<unknown> =>
      provider.callFunction({ contractId: 'tree.near', method, args })
    const keys = [5, 1, 9, 3, 7, 2, 8]
    for (const key of keys) await call('insert', { key, value: key * 10 })
    await call('remove', { key: 3 })
    const left = keys.filter((key) => key !== 3).sort((a, b) => a - b)
    expect(await view('keys')).to.deep.equal(left)
    expect(await view('values')).to.deep.equal(left.map((key) => key * 10))
    expect(await view('getSome', { key: 9 })).to.equal(90)
    expect(await view('has', { key: 3 })).to.equal(false)
    expect(await view('height')).to.equal(3)
  })

  it('call one another, and take what comes back', async () => {
    const sentences = account('sentences.examples')
    const results = {
      reverseWordOne: '{"text":"elpmas"}',
      reverseWordTwo: 'true',
      reverseWordThree: 'true',
    }
    for (const [methodName, result] of Object.entries(results)) {
      const contractId = 'sentences.examples'
      const gas = 100_000_000_000_000n
      const outcome = await sentences.callFunctionRaw({ contractId, methodName, args: {}, gas })
      const SuccessValue = Buffer.from(result).toString('base64')
      expect(outcome.status).to.deep.equal({ SuccessValue })
      const logs = outcome.receipts_outcome.flatMap(({ outcome: { logs: some } }) => some)
      expect(logs).to.include('[words.examples] invoked function reverse(sample)')
    }
  })

  it('end with their own words where they fail', async () => {
    const call = { contractId: 'words.examples', methodName: 'reverse', args: { word: 5 } }
    const error = await account('words.examples').callFunctionRaw(call).catch(String)
    expect(error).to.match(/Smart contract panicked|filename/)
  })
})
