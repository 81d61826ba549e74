/** Whether an envelope was applied, whoever carried it and whatever was forgotten since, as far back as the contract's ring reaches. */
import { envelopeDigest } from '../../../node/anchor/envelope.ts'
import type { Mined } from '../../shared/delivery.ts'
import type { Endpoint } from '../../shared/endpoints.ts'
import { toHex } from '../../../node/primitives/bytes.ts'
import { decodeEnvelope } from '../../shared/core/values.ts'
import { args } from './layouts.ts'
import { askView, type Target } from './views.ts'

/** Where it was applied; undefined when it was not, or so long ago that the contract does not know any more. Its name is its digest: which transaction it was, the contract does not know. */
export async function findApplied(
  endpoint: Endpoint,
  target: Target,
  envelope: Uint8Array,
): Promise<Mined | undefined> {
  const { subject, signer, nonce } = decodeEnvelope(target.contract, envelope)
  const digest = envelopeDigest(envelope)
  const given = args.applied.encode({ subject, signer, nonce, digest })
  const { height } = await askView(endpoint, target, 'applied', given)
  if (height === undefined) return undefined
  return { transaction: toHex(digest), block: height, succeeded: true }
}
