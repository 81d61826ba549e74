import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { chainSettings } from '../../../../src/cli/chains/chains.ts'
import { setConfig } from '../../../../src/cli/config/edit.ts'
import { configPath, loadConfig, type LoadConfig } from '../../../../src/cli/config/load.ts'
import type { Config } from '../../../../src/cli/config/schema.ts'
import { isMerogateError } from '../../../../src/node/errors.ts'
import { tempFolder } from '../../../support/temp-folder.ts'

const CHAINS = await chainSettings()

async function load(toml: string, more: Partial<LoadConfig> = {}): Promise<Config> {
  await using home = await tempFolder()
  await writeFile(configPath(home.path), toml)
  return await loadConfig({ home: home.path, chains: CHAINS, ...more })
}

/** Code, key and message of an error. */
async function refusalOf(work: Promise<unknown>): Promise<Record<string, unknown>> {
  try {
    await work
  } catch (error) {
    if (!isMerogateError(error)) throw error
    const { code, message, details } = error
    return { code, message, key: details['key'] }
  }
  return { code: 'none' }
}

const ETHEREUM = '[anchor.ethereum]\nrpc_urls = ["https://a.example"]\ndeployment = "d.json"\n'

describe('[anchor.<chain>]', () => {
  it('is what the chain makes of it', async () => {
    const more = 'confirmations = 3\nkey_file = "a.key"\nrelayer_url = "https://r.example"\n'
    const { anchor, home } = await load(`${ETHEREUM}${more}`)
    expect(anchor['ethereum']).to.deep.include({
      rpcUrls: ['https://a.example'],
      deployment: join(home, 'd.json'),
      finality: 3,
      keyFile: join(home, 'a.key'),
      relayerUrl: 'https://r.example',
    })
  })

  it('keeps the order in which it was written', async () => {
    const { anchor } = await load(`${ETHEREUM}[anchor.local]\nurl = "http://x"\n`)
    expect(Object.keys(anchor)).to.deep.equal(['ethereum', 'local'])
  })

  it('takes only the keys of its chain', async () => {
    const wrong = {
      '[anchor.local]\nurl = "http://x"\nrpc_urls = ["http://y"]': 'anchor.local.rpc_urls',
      [`${ETHEREUM}url = "http://x"`]: 'anchor.ethereum.url',
      [`${ETHEREUM}max_fee = 3`]: 'anchor.ethereum.max_fee',
    }
    for (const [toml, key] of Object.entries(wrong)) {
      expect(await refusalOf(load(toml)), toml).to.include({ code: 'CONFIG_KEY_UNKNOWN', key })
    }
  })

  it('says what is missing, and what cannot stand together', async () => {
    const wrong = {
      '[anchor.ethereum]\ndeployment = "d.json"': 'anchor.ethereum.rpc_urls',
      '[anchor.ethereum]\nrpc_urls = ["http://x"]': 'anchor.ethereum.deployment',
      [`${ETHEREUM}finality = "safe"\nconfirmations = 1`]: 'anchor.ethereum',
      [`${ETHEREUM}key_file = "a"\nkey_env = "A"`]: 'anchor.ethereum',
      [`${ETHEREUM}max_fee_gwei = 0`]: 'anchor.ethereum.max_fee_gwei',
      [`${ETHEREUM}finality = "soon"`]: 'anchor.ethereum.finality',
      '[anchor]\nlocal = 5': 'anchor.local',
    }
    for (const [toml, key] of Object.entries(wrong)) {
      expect(await refusalOf(load(toml)), toml).to.include({ code: 'CONFIG_INVALID', key })
    }
  })

  it('says of the Internet Computer that nobody who calls pays', async () => {
    const icp = '[anchor.icp]\nrpc_urls = ["https://a.example"]\ndeployment = "d.json"\n'
    const { anchor, home } = await load(icp)
    expect(anchor['icp']).to.deep.include({
      rpcUrls: ['https://a.example'],
      deployment: join(home, 'd.json'),
    })
    for (const line of [
      'key_file = "a.pem"',
      'key_env = "A"',
      'relayer_url = "https://r.example"',
    ]) {
      const { code, message } = await refusalOf(load(`${icp}${line}`))
      expect([code, String(message).includes('nobody who calls pays')]).to.deep.equal([
        'CONFIG_INVALID',
        true,
      ])
    }
    const relayer = await refusalOf(load(`${icp}[relayer.icp]\nkey_file = "a.pem"`))
    expect(relayer['code']).not.to.equal('none')
  })

  it('takes of Stellar a ceiling for fees, and an account that pays for others', async () => {
    const stellar = '[anchor.stellar]\nrpc_urls = ["https://a.example"]\ndeployment = "d.json"\n'
    const payer = '[relayer.stellar]\nkey_env = "A"\nstroops_per_day = 5\n'
    const { anchor, relayer } = await load(`${stellar}max_fee_stroops = 500\n${payer}`)
    expect(anchor['stellar']).to.deep.include({ rpcUrls: ['https://a.example'], maxFee: 500n })
    expect(relayer['stellar']).to.deep.include({ keyEnv: 'A', perDay: 5 })
    const low = await refusalOf(load(`${stellar}max_fee_stroops = 99`))
    expect(low).to.include({ code: 'CONFIG_INVALID', key: 'anchor.stellar.max_fee_stroops' })
  })

  it('names the chains there are when it does not know one, wherever that stands', async () => {
    const known = 'expected anchor.local or anchor.ethereum'
    await using home = await tempFolder()
    const ways = {
      file: () => load('[anchor.moon]\nurl = "http://x"'),
      flag: () => load('', { flags: { 'anchor.moon.url': 'http://x' } }),
      variable: () => load('', { env: { MEROGATE_ANCHOR_MOON_URL: 'http://x' } }),
      assignment: () => setConfig(home.path, ['anchor.moon.url=http://x'], CHAINS),
    }
    for (const [way, work] of Object.entries(ways)) {
      const { code, message } = await refusalOf(work())
      expect(code, way).to.equal('CLI_ANCHOR_UNKNOWN')
      expect(message, way).to.include(known)
    }
  })
})

describe('[relayer.<chain>]', () => {
  it('is there only where somebody can pay', async () => {
    const refused = await refusalOf(load('[relayer.local]\nkey_env = "A"'))
    expect(refused).to.include({ code: 'CONFIG_KEY_UNKNOWN', key: 'relayer.local' })
  })
})
