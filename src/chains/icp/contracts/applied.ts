/** Whether an envelope was applied, whoever carried it and whatever was forgotten since, as far back as the canister's log reaches. */
import * as P from 'micro-packed'
import { envelopeDigest } from '../../../node/anchor/envelope.ts'
import { equalBytes, toHex } from '../../../node/primitives/bytes.ts'
import { contextLayout } from '../../shared/core/records.ts'
import { decodeEnvelope } from '../../shared/core/values.ts'
import type { Mined } from '../../shared/delivery.ts'
import type { Endpoint } from '../../shared/endpoints.ts'
import { keys } from './keys.ts'
import { entryLayout } from './records.ts'
import { proveRows, type Rows, type Target } from './rows.ts'

/** In the registry a signer's nonces are counted for all packages together. */
const ALL_PACKAGES = new Uint8Array(32)

/** What is known of an envelope, and of which time that is. */
export interface Fate {
  readonly time: bigint
  /** Where it was applied; undefined when it was not, or so long ago that the canister does not know any more. Its name is its digest. */
  readonly mined: Mined | undefined
}

/** @throws ANCHOR_BAD_ANSWER (protocol), CHAIN_RPC */
export async function findApplied(
  endpoint: Endpoint,
  target: Target,
  envelope: Uint8Array,
): Promise<Fate> {
  const { subject, signer, nonce } = decodeEnvelope(target.contract, envelope)
  const digest = envelopeDigest(envelope)
  const { rows, time } = await proveRows(endpoint, target, {
    method: 'applied',
    args: [{ blob: subject }, { blob: signer }, { nat64: nonce }, { blob: digest }],
  })
  const countedIn = target.contract === 'packages' ? ALL_PACKAGES : groupOf(rows, subject)
  const slot = rows.read(keys.applied(countedIn, signer, nonce), P.U64LE)
  const entry = slot === undefined ? undefined : rows.read(keys.log(slot), entryLayout)
  if (entry === undefined || !equalBytes(entry.digest, digest)) return { time, mined: undefined }
  return { time, mined: { transaction: toHex(digest), block: entry.time, succeeded: true } }
}

/** The group of a context, or the one that has the id itself. */
function groupOf(rows: Rows, subject: Uint8Array): Uint8Array {
  return rows.read(keys.context(subject), contextLayout)?.group ?? subject
}
