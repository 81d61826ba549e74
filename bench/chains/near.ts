/** The contracts on a local NEAR chain, to be measured: gas of all receipts together, bytes that are stored, and what both cost. */
import { nearAnchor } from '../../src/chains/near/index.ts'
import { STORAGE_PRICE, TERA } from '../../src/chains/near/constants.ts'
import { credentialsOf, startNearChain } from '../../src/cli/chains/near/local-chain.ts'
import { systemClock, systemRandom } from '../../src/node/primitives/clock.ts'
import { silentLogger } from '../../src/node/primitives/logger.ts'
import type { MeasuredChain } from './measured-chain.ts'

/** YoctoNEAR of a NEAR. */
const NEAR = 1e24

interface Outcome {
  readonly outcome: { readonly gas_burnt: number; readonly tokens_burnt: string }
}

interface Status {
  readonly transaction_outcome: Outcome
  readonly receipts_outcome: readonly Outcome[]
}

export async function near(): Promise<MeasuredChain> {
  const { devnet, deployment } = await startNearChain(0)
  const [, payer = devnet.accounts[0]] = devnet.accounts
  const account = deployment.contracts.contexts.address
  const anchor = nearAnchor({
    rpcUrls: [devnet.url],
    deployment,
    key: { env: 'KEY', from: { KEY: credentialsOf(payer) } },
  })({ clock: systemClock, random: systemRandom, logger: silentLogger })
  await anchor.start()
  const readBytes = async (): Promise<number> => {
    const question = { request_type: 'view_account', account_id: account, finality: 'optimistic' }
    return ((await devnet.send('query', question)) as { storage_usage: number }).storage_usage
  }
  let before = 0
  return {
    name: 'near',
    anchor,
    async begin() {
      before = await readBytes()
    },
    async costOf({ transaction }) {
      const [hash = '', sender = ''] = transaction.split('@')
      const asked = { tx_hash: hash, sender_account_id: sender, wait_until: 'FINAL' }
      const status = (await devnet.send('EXPERIMENTAL_tx_status', asked)) as Status
      const outcomes = [status.transaction_outcome, ...status.receipts_outcome]
      const gas = outcomes.reduce((sum, { outcome }) => sum + outcome.gas_burnt, 0)
      const burnt = outcomes.reduce((sum, { outcome }) => sum + Number(outcome.tokens_burnt), 0)
      const now = await readBytes()
      const bytes = now - before
      before = now
      return {
        Tgas: gas / Number(TERA),
        bytes,
        NEAR: (burnt + bytes * Number(STORAGE_PRICE)) / NEAR,
      }
    },
    async stop() {
      await anchor.stop()
      await devnet.stop()
    },
  }
}
