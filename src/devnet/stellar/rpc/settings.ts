/** Settings of the network as entries of the ledger, of which that one is here that says how long entries live. */
import { xdr } from '@stellar/stellar-sdk'
import { toBase64 } from '../codec/text.ts'
import type { StellarParameters } from '../parameters.ts'

const STATE_ARCHIVAL = xdr.LedgerKey.configSetting(
  new xdr.LedgerKeyConfigSetting({
    configSettingId: xdr.ConfigSettingId.configSettingStateArchival,
  }),
)
const KEY: string = STATE_ARCHIVAL.toXdr('base64')

/** The setting in base64; undefined for a key of anything else. */
export function settingAt(key: string, { lifetime, fees }: StellarParameters): string | undefined {
  if (key !== KEY) return undefined
  const settings = new xdr.StateArchivalSettings({
    ...{ maxEntryTtl: lifetime.max, minTemporaryTtl: lifetime.minTemporary },
    minPersistentTtl: lifetime.minPersistent,
    persistentRentRateDenominator: fees.persistentRentDenominator,
    tempRentRateDenominator: fees.temporaryRentDenominator,
    // nothing is moved to an archive here, nor looked through for that
    ...{ maxEntriesToArchive: 0, evictionScanSize: 0, startingEvictionScanLevel: 0 },
    ...{ liveSorobanStateSizeWindowSampleSize: 0, liveSorobanStateSizeWindowSamplePeriod: 0 },
  })
  const entry = xdr.ConfigSettingEntry.configSettingStateArchival(settings)
  return toBase64(xdr.LedgerEntryData.configSetting(entry).toXdr())
}
