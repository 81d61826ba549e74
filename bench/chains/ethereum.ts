/** The contracts on a local Ethereum chain, to be measured: gas of transactions and of views. */
import { ethereumAnchor } from '../../src/chains/ethereum/index.ts'
import { abiOf, hex } from '../../src/chains/ethereum/contracts/codec.ts'
import { startEthereumChain } from '../../src/cli/chains/ethereum/local-chain.ts'
import { systemClock, systemRandom } from '../../src/node/primitives/clock.ts'
import { silentLogger } from '../../src/node/primitives/logger.ts'
import type { MeasuredChain } from './measured-chain.ts'

const PAGE = 100

export async function ethereum(): Promise<MeasuredChain> {
  const { devnet, deployment } = await startEthereumChain(0)
  const address = deployment.contracts.contextAnchor.address
  const abi = abiOf('ContextAnchor')
  const anchor = ethereumAnchor({
    rpcUrls: [devnet.url],
    deployment,
    finality: 0,
    key: { env: 'KEY', from: { KEY: devnet.accounts[0].privateKey } },
  })({ clock: systemClock, random: systemRandom, logger: silentLogger })
  await anchor.start()
  /** Gas that a view takes, without what every transaction pays for itself and its bytes. */
  const gasOfView = async (data: string): Promise<Record<string, number>> => {
    const estimate = Number(await devnet.send('eth_estimateGas', [{ to: address, data }]))
    const bytes = Buffer.from(data.slice(2), 'hex')
    const paid = bytes.reduce((sum, byte) => sum + (byte === 0 ? 4 : 16), 0)
    return { gas: estimate - 21_000 - paid }
  }
  return {
    name: 'ethereum',
    anchor,
    async costOf({ transaction }) {
      const receipt = await devnet.send('eth_getTransactionReceipt', [transaction])
      return { gas: Number((receipt as { gasUsed: string }).gasUsed) }
    },
    views: (group, member) => ({
      'has-member': () => gasOfView(abi.encodeFunctionData('hasMember', [hex(group), hex(member)])),
      'page-100': () => gasOfView(abi.encodeFunctionData('members', [hex(group), 0, PAGE])),
    }),
    async stop() {
      await anchor.stop()
      await devnet.stop()
    },
  }
}
