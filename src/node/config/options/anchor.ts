/** `[anchor.<protocol>]`: the authorities over membership this node can ask. Which protocols exist is decided by whoever builds the node. */
import { z } from 'zod'
import type { OptionGroup } from '../option-group.ts'

/** Protocols in one configuration. */
const MAX_ANCHORS = 16

interface AnchorEntry {
  url: string
}

export type AnchorUser = Record<string, AnchorEntry>

/** By protocol name. */
export type AnchorConfig = Readonly<Record<string, { readonly url: string }>>

export const anchor: OptionGroup<AnchorUser, AnchorConfig> = {
  table: 'anchor',
  schema: z
    .record(
      z.string().regex(/^[a-z][a-z0-9-]{0,31}$/, 'expected a protocol name such as local'),
      z.strictObject({
        url: z.url({ protocol: /^https?$/, error: 'expected an http or https URL' }).max(2048),
      }),
    )
    .refine((anchors) => Object.keys(anchors).length <= MAX_ANCHORS, {
      message: `expected at most ${MAX_ANCHORS} anchors`,
    }),
  options: [{ key: '*.url', kind: 'text', text: 'address of the anchor service' }],
  resolve: (user) => user,
}
