/** What the network says of how long entries live. */
import { xdr } from '@stellar/stellar-sdk'
import { orUndefined } from '../xdr/values.ts'

/** Key of the setting, base64. */
export const STATE_ARCHIVAL_KEY: string = xdr.LedgerKey.configSetting(
  new xdr.LedgerKeyConfigSetting({
    configSettingId: xdr.ConfigSettingId.configSettingStateArchival,
  }),
).toXdr('base64')

/** Ledgers that a new persistent entry lives on, in the setting; undefined where it is none. */
export function minPersistentIn(base64: string): number | undefined {
  const data = orUndefined(() => xdr.LedgerEntryData.fromXdr(base64, 'base64'))
  if (data?.type !== 'configSetting') return undefined
  const { configSetting } = data
  return configSetting.type === 'configSettingStateArchival'
    ? configSetting.stateArchivalSettings.minPersistentTtl
    : undefined
}
