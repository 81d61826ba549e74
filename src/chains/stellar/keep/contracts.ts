/** Contracts of a deployment as they lie on the chain, and how long they live. */
import { fromHex } from '../../../node/primitives/bytes.ts'
import { CONTRACT_NAMES, type ContractName } from '../../shared/core/artifacts.ts'
import type { Endpoint } from '../../shared/endpoints.ts'
import { codeHashOf } from '../contracts/artifacts.ts'
import type { Deployment } from '../deploy/deployment.ts'
import { readEntries } from '../rpc/entries.ts'
import { codeHashIn, codeKeyOf, instanceKeyOf } from '../xdr/entries.ts'

export interface ContractLife {
  readonly name: ContractName
  /** `C...`. */
  readonly address: string
  /** SHA-256 of its code, hexadecimal; undefined where there is none. */
  readonly codeHash: string | undefined
  /** Whether that is the code of this release. */
  readonly isOurs: boolean
  /** Last ledgers that its own entry and its code live in; undefined where that is not there. */
  readonly liveUntil: number | undefined
  readonly codeLiveUntil: number | undefined
  /** That it is true at. */
  readonly ledger: number
}

/** Each contract of a deployment. @throws ANCHOR_BAD_ANSWER (protocol), CHAIN_RPC */
export async function contractLives(
  endpoint: Endpoint,
  { contracts }: Deployment,
): Promise<readonly ContractLife[]> {
  const lives: ContractLife[] = []
  for (const name of CONTRACT_NAMES) {
    const address = contracts[name]?.address
    if (address === undefined) continue
    const [own, code] = [instanceKeyOf(address), codeKeyOf(fromHex(codeHashOf(name)))]
    const { ledger, found } = await readEntries(endpoint, [own, code])
    const entry = found.get(own)
    const codeHash = entry && codeHashIn(entry.xdr)
    const isOurs = codeHash === codeHashOf(name)
    const until = { liveUntil: entry?.liveUntil, codeLiveUntil: found.get(code)?.liveUntil }
    lives.push({ name, address, codeHash, isOurs, ...until, ledger })
  }
  return lives
}
