import { expect } from 'chai'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Wallet } from 'ethers'
import { ethereumAnchor } from '../../../src/chains/ethereum/index.ts'
import { nearAnchor } from '../../../src/chains/near/index.ts'
import { compose, type Composed } from '../../../src/cli/compose.ts'
import { systemClock, systemRandom } from '../../../src/node/primitives/clock.ts'
import { silentLogger } from '../../../src/node/primitives/logger.ts'
import { contextOf, creation, person } from '../../compliance/anchor-support.ts'
import { loadConfig } from '../../support/config.ts'
import { failure, rejectionCode } from '../../support/error-code.ts'
import { startTestChain } from '../../support/ethereum.ts'
import { startNearTestChain } from '../../support/near.ts'
import { stubNode } from '../../support/stub-node.ts'
import { tempFolder } from '../../support/temp-folder.ts'

const DEPLOYMENT = {
  version: 1,
  chain: 'ethereum',
  network: 'somewhere',
  chainId: 31_337,
  contracts: {
    identityRegistry: { address: `0x${'11'.repeat(20)}` },
    contextAnchor: { address: `0x${'22'.repeat(20)}` },
  },
}

/** Composes a node with these settings; the chain is not there. */
async function composed(
  home: string,
  flags: Record<string, unknown>,
  keys: Record<string, string> = { payer: '01'.repeat(32), node: '02'.repeat(32) },
  deployment: object = DEPLOYMENT,
): Promise<Composed> {
  await writeFile(join(home, 'deployment.json'), JSON.stringify(deployment))
  for (const [name, key] of Object.entries(keys)) {
    await writeFile(join(home, `${name}.key`), key, { mode: 0o600 })
  }
  const config = await loadConfig({
    home,
    flags: {
      'server.listen': ['/ip4/127.0.0.1/tcp/0'],
      'anchor.ethereum.rpc_urls': ['http://127.0.0.1:9'],
      'anchor.ethereum.deployment': 'deployment.json',
      'anchor.ethereum.key_file': 'node.key',
      'relayer.ethereum.key_file': 'payer.key',
      ...flags,
    },
  })
  return compose(config, { logger: silentLogger, createNode: async () => stubNode() })
}

/** What a node answers to a question for an operation. */
async function answerOf(parts: Composed, headers: Record<string, string> = {}): Promise<unknown> {
  await parts.start()
  try {
    const { url } = parts.server.address()
    const answer: unknown = await (await fetch(`${url}/v1/operations/00`, { headers })).json()
    return answer
  } finally {
    await parts.stop()
  }
}

describe('a node with a relayer', () => {
  it('has no such routes unless it is asked to pay', async () => {
    await using home = await tempFolder()
    expect(await answerOf(await composed(home.path, {}))).to.include({ code: 'not_found' })
  })

  it('serves it beside the API', async () => {
    await using home = await tempFolder()
    const parts = await composed(home.path, { 'relayer.enabled': true, 'relayer.open': true })
    expect(await answerOf(parts)).to.include({ code: 'relayer_operation_unknown' })
  })

  it('has the key that pays to itself', async () => {
    await using home = await tempFolder()
    const flags = { 'relayer.enabled': true, 'relayer.open': true }
    const first = await composed(home.path, flags)
    const { code, details } = await failure(composed(home.path, flags))
    expect(code).to.equal('STORE_LOCKED')
    expect(details).to.include({ location: join(home.path, 'payer.key'), pid: process.pid })
    await first.stop()
    await (await composed(home.path, flags)).stop()
  })

  it('asks for API keys where the settings name them', async () => {
    await using home = await tempFolder()
    const key = 'a-key-of-some-length'
    await writeFile(join(home.path, 'keys'), `${key}\n`, { mode: 0o600 })
    const flags = { 'relayer.enabled': true, 'relayer.api_keys_file': 'keys' }
    expect(await answerOf(await composed(home.path, flags))).to.include({
      code: 'relayer_api_key',
    })
    const headers = { authorization: `Bearer ${key}` }
    expect(await answerOf(await composed(home.path, flags), headers)).to.include({
      code: 'relayer_operation_unknown',
    })
  })

  it('pays for a member that has no account at all', async () => {
    await using home = await tempFolder()
    await using chain = await startTestChain()
    const apiKey = 'a-key-of-some-length'
    await writeFile(join(home.path, 'keys'), apiKey, { mode: 0o600 })
    const rpcUrls = [chain.devnet.url]
    const flags = {
      'anchor.ethereum.rpc_urls': rpcUrls,
      'anchor.ethereum.confirmations': 0,
      'relayer.enabled': true,
      'relayer.api_keys_file': 'keys',
    }
    const keys = { payer: chain.key(1), node: chain.key(2) }
    const parts = await composed(home.path, flags, keys, chain.deployment)
    await parts.start()
    const { url } = parts.server.address()
    const member = ethereumAnchor({
      ...{ rpcUrls, deployment: chain.deployment, finality: 0 },
      relayer: { url: `${url}/`, apiKey: { env: 'KEY', from: { KEY: apiKey } } },
    })({ clock: systemClock, random: systemRandom, logger: silentLogger })
    await member.start()
    const a = person('A')
    const { evidence } = await member.submit(contextOf(a), creation(), a)
    expect(evidence.finality).to.equal('final')
    expect(member.supports.sponsoredFees).to.equal(true)
    for (const [index, sent] of [1, 0].entries()) {
      const { address } = new Wallet(chain.key(index + 1))
      const count = await chain.devnet.send('eth_getTransactionCount', [address, 'latest'])
      expect(Number(count)).to.equal(sent)
    }
    await member.stop()
    await parts.stop()
  })

  it('pays on NEAR for a member that has no account there', async () => {
    await using home = await tempFolder()
    await using chain = await startNearTestChain()
    for (const [name, index] of [
      ['payer', 1],
      ['node', 2],
    ] as const) {
      await writeFile(join(home.path, `${name}.json`), chain.key(index), { mode: 0o600 })
    }
    await writeFile(join(home.path, 'deployment.json'), JSON.stringify(chain.deployment))
    const config = await loadConfig({
      home: home.path,
      flags: {
        'server.listen': ['/ip4/127.0.0.1/tcp/0'],
        'anchor.near.rpc_urls': [chain.url],
        'anchor.near.deployment': 'deployment.json',
        'anchor.near.key_file': 'node.json',
        'relayer.near.key_file': 'payer.json',
        'relayer.near.micro_near_per_day': 100_000,
        'relayer.enabled': true,
        'relayer.open': true,
      },
    })
    const parts = await compose(config, {
      logger: silentLogger,
      createNode: async () => stubNode(),
    })
    await parts.start()
    const { url } = parts.server.address()
    const member = nearAnchor({
      ...{ rpcUrls: [chain.url], deployment: chain.deployment, relayer: { url } },
    })({ clock: systemClock, random: systemRandom, logger: silentLogger })
    await member.start()
    const a = person('A')
    const { transaction } = await member.submit(contextOf(a), creation(), a)
    expect(transaction).to.match(/@node1\.near$/)
    await member.stop()
    await parts.stop()
  })

  it('does not start open, with the node’s own account, or without a chain', async () => {
    await using home = await tempFolder()
    const alone = { 'relayer.enabled': true }
    expect(await rejectionCode(composed(home.path, alone))).to.equal('CONFIG_INVALID')
    const on = { ...alone, 'relayer.open': true }
    const noKeys = { ...alone, 'relayer.api_keys_env': 'NO_SUCH_VARIABLE_ANYWHERE' }
    expect(await rejectionCode(composed(home.path, noKeys))).to.equal('RELAYER_CONFIG')
    const key = '01'.repeat(32)
    const shared = composed(home.path, on, { payer: key, node: key })
    expect(await rejectionCode(shared)).to.equal('CHAIN_KEY')
    const unknown = { ...on, 'relayer.operations': ['addMembers', 'transfer'] }
    expect(await rejectionCode(composed(home.path, unknown))).to.equal('RELAYER_CONFIG')
    const config = await loadConfig({
      home: home.path,
      flags: { ...on, 'relayer.ethereum.key_file': 'payer.key' },
    })
    const chainless = compose(config, { logger: silentLogger, createNode: async () => stubNode() })
    expect(await rejectionCode(chainless)).to.equal('CLI_RELAYER_CHAIN')
  })
})
