/** Third act: somebody signs in with an Ethereum wallet and makes a narrow key for an application; the node holds it to that. */
import { Wallet } from 'ethers'
import type { Chain } from '../../src/cli/chains/chain.ts'
import { ClientError, type MerogateClient, merogateClient } from '../../src/client/index.ts'
import { KV_STORE, startCluster } from '../support/cluster.ts'
import { expect, fact, step } from './stage.ts'

/** The first that signs in from this machine becomes the administrator. */
const WITH_SIGN_IN = ['auth.enabled=true', 'auth.ethereum.chain_ids=1']

/** What a request was refused with, in one line: `403 permission_denied: it needs context:execute`. */
async function refusalLine(work: Promise<unknown>): Promise<string> {
  try {
    await work
  } catch (error) {
    if (!(error instanceof ClientError)) throw error
    const { status = 0, apiCode = error.code, details } = error.details
    const { needs } = (details ?? {}) as { needs?: string } // as docs/api.md has it
    return `${status} ${apiCode}${needs === undefined ? '' : `: it needs ${needs}`}`
  }
  return 'it was let through'
}

/** An Ethereum account that is made here signs the text of EIP-4361; resolves with its address. */
async function signIn({ auth }: MerogateClient): Promise<string> {
  const wallet = Wallet.createRandom()
  await auth.signInWithWallet({
    ...{ method: 'eth_wallet', address: wallet.address, publicKey: wallet.address },
    sign: async ({ message = '' }) => ({
      data: { message, signature: await wallet.signMessage(message) },
    }),
  })
  return wallet.address
}

export async function signInAct({ name, words }: Chain): Promise<void> {
  await using cluster = await step(`start ${words.chain} once more`, () => startCluster(name))
  const { client } = await step('start a node that asks who calls', () =>
    cluster.node('dora', { settings: WITH_SIGN_IN }),
  )
  await step('sign in with an Ethereum wallet: the first is the administrator', async () => {
    fact(`without: ${await refusalLine(client.admin.contexts())}`)
    const address = await signIn(client)
    const { permissions } = await client.auth.whoami()
    fact(`${address} may: ${permissions.join(', ')}`)
  })
  const { contextId, application } = await step(
    'create a context, and a key for an application that only reads',
    async () => {
      const { applicationId } = await client.admin.installFile(KV_STORE)
      const made = await client.admin.createContext({ applicationId })
      const args = { key: 'greeting', value: 'hello' }
      await client.rpc.execute({ contextId: made.contextId, method: 'set', args })
      const permission = `context:execute[${made.contextId},,get]`
      const { accessToken } = await client.auth.clientKey({ permissions: [permission] })
      fact(`it may: ${permission}`)
      return {
        contextId: made.contextId,
        application: merogateClient({ url: client.url, token: accessToken }),
      }
    },
  )
  await step('the application may call `get`, and may not call `set`', async () => {
    const read = { contextId, method: 'get', args: { key: 'greeting' } }
    const write = { contextId, method: 'set', args: { key: 'greeting', value: 'bye' } }
    fact(`get: ${JSON.stringify(await application.rpc.execute(read))}`)
    const refused = await refusalLine(application.rpc.execute(write))
    expect(/^403 .*context:execute/.test(refused), `set: ${refused}`)
    fact(`set: ${refused}`)
    expect((await client.rpc.execute(read)) === 'hello', 'a call that was refused has written')
  })
  await step('stop everything', () => cluster.stop())
}
