/** The chain's state as the tree that certificates are of, and who may read what of it. */
import { equalBytes, toHex } from '../../../node/primitives/bytes.ts'
import type { Canister } from '../canister/canister.ts'
import { labels } from '../certification/certificates.ts'
import { Labels, type StateNode, type StatePath } from '../certification/tree.ts'
import { encodeCbor } from '../codec/cbor.ts'
import { RequestRefused } from '../codec/envelope.ts'
import { principalText } from '../codec/principal.ts'
import type { ChainState } from './state.ts'

export function stateTree(state: ChainState): Readonly<Record<string, StateNode>> {
  return {
    canister: new Labels(
      Array.from(state.canisters.values(), (one) => [one.id, canisterTree(one)] as const),
    ),
    request_status: state.requestTree,
  }
}

function canisterTree(canister: Canister): Labels {
  const { code, certifiedData, settings } = canister
  const fields: Record<string, StateNode> = {
    certified_data: certifiedData,
    controllers: encodeCbor(settings.controllers),
  }
  if (code !== undefined) {
    fields['module_hash'] = code.hash
    if (code.metadata.size > 0) {
      const metadata = Array.from(code.metadata, ([name, { bytes }]) => [name, bytes] as const)
      fields['metadata'] = labels(Object.fromEntries(metadata))
    }
  }
  return labels(fields)
}

/** @throws RequestRefused for what the sender may not see, or the address has nothing to do with */
export function checkPaths(
  state: ChainState,
  paths: readonly StatePath[],
  sender: Uint8Array,
  target: Uint8Array | undefined,
): void {
  for (const [first, second, third, fourth] of paths) {
    const name = first && nameOf(first)
    if (name === undefined || name === 'time' || name === 'subnet' || name === 'canister_ranges') {
      continue
    }
    if (name === 'request_status' && second !== undefined) {
      const request = state.requests.get(toHex(second))
      if (request !== undefined && !equalBytes(request.sender, sender)) {
        throw new RequestRefused(403, 'the request is of another sender')
      }
      continue
    }
    const isHere = target !== undefined && second !== undefined && equalBytes(second, target)
    if (name === 'canister' && isHere && third !== undefined) {
      const canister = state.canisters.get(principalText(second))
      checkCanisterPath(canister, nameOf(third), fourth, sender)
      continue
    }
    throw new RequestRefused(400, 'Invalid path requested.')
  }
}

function checkCanisterPath(
  canister: Canister | undefined,
  field: string,
  name: Uint8Array | undefined,
  sender: Uint8Array,
): void {
  if (field === 'module_hash' || field === 'controllers') return
  if (field !== 'metadata' || name === undefined) {
    throw new RequestRefused(400, 'Invalid path requested.')
  }
  const found = canister?.code?.metadata.get(nameOf(name))
  const isController = canister?.settings.controllers.some((one) => equalBytes(one, sender))
  if (found === undefined || found.isPublic || isController === true) return
  throw new RequestRefused(
    403,
    'Custom section can only be requested by the controllers of the canister.',
  )
}

/** A label as text: bytes that are none are no name of ours. */
function nameOf(label: Uint8Array): string {
  return Buffer.from(label).toString('utf8')
}
