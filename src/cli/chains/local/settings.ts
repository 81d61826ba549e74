/** What the configuration says of the local anchor: `[anchor.local]`. Nobody pays there, so there is nothing to relay. */
import { z } from 'zod'
import type { ChainSettings } from '../../config/option-group.ts'
import { httpUrl } from '../shared/settings.ts'

/** The local anchor, as users write it and as nodes take it. */
export interface LocalEntry {
  readonly url: string
}

export const settings: ChainSettings<LocalEntry, LocalEntry> = {
  anchor: {
    table: 'local',
    schema: z.strictObject({ url: httpUrl('url, the address of the anchor service') }),
    options: [{ key: 'url', kind: 'text', text: 'address of the anchor service' }],
    resolve: ({ url }) => ({ url }),
  },
}
