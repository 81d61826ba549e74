/**
 * A node whose members are in contracts on Ethereum, on a chain in this process: run with `node docs/examples/embed-ethereum.ts`. Installed from
 * npm, the imports are `merogate`, `merogate/chains/ethereum` and `merogate/devnet/ethereum`.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { deployContracts, ethereumAnchor } from '../../src/chains/ethereum/index.ts'
import { startEthereumDevnet } from '../../src/devnet/ethereum/index.ts'
import { createNode } from '../../src/index.ts'

const home = await mkdtemp(join(tmpdir(), 'merogate-'))
try {
  await using chain = await startEthereumDevnet({ port: 0 })
  const { url, chainId, accounts } = chain
  const key = { env: 'KEY', from: { KEY: accounts[0].privateKey } }
  const options = { rpcUrls: [url], key, finality: 0 } as const
  const deployment = await deployContracts({ ...options, chainId, network: 'local' })
  await using node = await createNode({
    home,
    anchors: [ethereumAnchor({ ...options, deployment })],
    network: { listen: ['/ip4/127.0.0.1/tcp/0'] },
  })
  await node.start()
  const { id: application } = await node.applications.installFile(
    join(import.meta.dirname, '../../apps/kv-store-rs/dist/kv-store.mpk'),
  )
  const { context } = await node.contexts.create({ application })
  const info = await node.contexts.get(context)
  console.log(info?.protocol, info?.contract === deployment.contracts.contextAnchor.address)
} finally {
  await rm(home, { recursive: true })
}
