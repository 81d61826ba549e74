import { expect } from 'chai'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { configPath } from '../../../../src/cli/config/load.ts'
import { loadConfig, type RelayerConfig } from '../../../support/config.ts'
import { rejectionCode } from '../../../support/error-code.ts'
import { tempFolder } from '../../../support/temp-folder.ts'

async function load(toml: string): Promise<{ home: string; relayer: RelayerConfig }> {
  await using home = await tempFolder()
  await writeFile(configPath(home.path), toml)
  const { relayer } = await loadConfig({ home: home.path })
  return { home: home.path, relayer }
}

describe('[relayer]', () => {
  it('is off unless it is asked for', async () => {
    const { relayer } = await load('[relayer.ethereum]\nkey_env = "PAYER"\n')
    expect(relayer.enabled).to.equal(false)
  })

  it('takes the account, the keys, the operations and the quotas', async () => {
    const { home, relayer } = await load(`
[relayer]
enabled = true
api_keys_file = "api-keys"
operations = ["addMembers"]
key_per_hour = 7
key_per_day = 8
address_per_hour = 9
address_per_day = 10
signer_per_hour = 1
signer_per_day = 2
group_per_hour = 3
group_per_day = 4
max_under_way = 6
[relayer.ethereum]
key_file = "payer.key"
gas_per_day = 5
`)
    expect(relayer).to.deep.equal({
      enabled: true,
      open: false,
      keyPerHour: 7,
      keyPerDay: 8,
      addressPerHour: 9,
      addressPerDay: 10,
      ethereum: { keyFile: join(home, 'payer.key'), keyEnv: undefined, perDay: 5 },
      near: undefined,
      stellar: undefined,
      apiKeysFile: join(home, 'api-keys'),
      apiKeysEnv: undefined,
      operations: ['addMembers'],
      signerPerHour: 1,
      signerPerDay: 2,
      groupPerHour: 3,
      groupPerDay: 4,
      maxUnderWay: 6,
    })
  })

  it('refuses a relayer without an account, two places for one key, and keys themselves', async () => {
    const wrong = {
      '[relayer]\nenabled = true': 'CONFIG_INVALID',
      '[relayer]\nenabled = true\nopen = true': 'CONFIG_INVALID',
      '[relayer]\nenabled = true\n[relayer.ethereum]\nkey_env = "A"': 'CONFIG_INVALID',
      '[relayer]\nenabled = true\nopen = false\n[relayer.ethereum]\nkey_env = "A"':
        'CONFIG_INVALID',
      '[relayer.ethereum]': 'CONFIG_INVALID',
      '[relayer.ethereum]\nkey_env = "A"\nkey_file = "b"': 'CONFIG_INVALID',
      '[relayer.ethereum]\nkey = "0x00"': 'CONFIG_KEY_UNKNOWN',
      '[relayer]\napi_keys = ["x"]': 'CONFIG_KEY_UNKNOWN',
      '[relayer]\napi_keys_env = "A"\napi_keys_file = "b"': 'CONFIG_INVALID',
      '[relayer]\noperations = []': 'CONFIG_INVALID',
      '[relayer]\nmax_under_way = 33': 'CONFIG_INVALID',
    }
    for (const [toml, code] of Object.entries(wrong)) {
      expect(await rejectionCode(load(toml)), toml).to.equal(code)
    }
  })

  it('is open to whoever reaches it when that is said by name', async () => {
    const { relayer } = await load(
      '[relayer]\nenabled = true\nopen = true\n[relayer.ethereum]\nkey_env = "A"\n',
    )
    expect(relayer.open).to.equal(true)
  })

  it('is set by variables of the environment too', async () => {
    await using home = await tempFolder()
    const env = {
      MEROGATE_RELAYER_ETHEREUM_KEY_ENV: 'PAYER',
      MEROGATE_RELAYER_ETHEREUM_GAS_PER_DAY: '9',
    }
    const { relayer } = await loadConfig({ home: home.path, env })
    expect(relayer.ethereum?.keyEnv).to.equal('PAYER')
    expect(relayer.ethereum?.perDay).to.equal(9)
  })
})
