/** What of a deployment is there, at one ledger, and what is to be done next. */
import { fromHex } from '../../../node/primitives/bytes.ts'
import type { Endpoint } from '../../shared/endpoints.ts'
import { DAY_LEDGERS } from '../constants.ts'
import { stellarError } from '../errors.ts'
import { type Entry, readEntries } from '../rpc/entries.ts'
import {
  type Account,
  accountIn,
  accountKeyOf,
  codeHashIn,
  codeKeyOf,
  instanceKeyOf,
} from '../xdr/entries.ts'
import { minPersistentIn, STATE_ARCHIVAL_KEY } from './settings.ts'
import type { PlannedContract } from './plan.ts'

/** Ledgers that code and contract are to live on at least: the contracts themselves let them live on where fewer are left (contracts/stellar/src/store.rs). */
export const THRESHOLD_LEDGERS: number = 90 * DAY_LEDGERS
/** Ledgers that they live on then. */
export const HORIZON_LEDGERS: number = 120 * DAY_LEDGERS

/** What is done for a contract, in this order: its code is put there, itself is made, both are kept alive. */
export type Step = 'upload' | 'create' | 'keep'

/** A contract of a deployment, as the ledger has it. */
export interface ContractState extends PlannedContract {
  /** Last ledger that its code lives in; undefined where that is not there. */
  readonly codeLiveUntil: number | undefined
  /** The same of the contract itself. */
  readonly liveUntil: number | undefined
}

export interface DeployState {
  /** That it is true at. */
  readonly ledger: number
  readonly contracts: readonly ContractState[]
  /** Who deploys; undefined where there is no such account. */
  readonly account: Account | undefined
  /** Ledgers that a new entry lives on; undefined where the endpoint does not say. */
  readonly minPersistent: number | undefined
}

/** Reads all of it in one question. @throws CHAIN_DEPLOY (chain) where something else is, ANCHOR_BAD_ANSWER (protocol) */
export async function readState(
  endpoint: Endpoint,
  contracts: readonly PlannedContract[],
  deployer: string,
): Promise<DeployState> {
  const account = accountKeyOf(deployer)
  const keys = contracts.map(({ address, codeHash }) => ({
    instance: instanceKeyOf(address),
    code: codeKeyOf(fromHex(codeHash)),
  }))
  const wanted = [account, STATE_ARCHIVAL_KEY, ...keys.flatMap((each) => Object.values(each))]
  const { ledger, found } = await readEntries(endpoint, wanted)
  const [own, setting] = [found.get(account), found.get(STATE_ARCHIVAL_KEY)]
  return {
    ledger,
    contracts: contracts.map((contract, index) => {
      const { instance, code } = keys[index] ?? { instance: '', code: '' }
      const there = found.get(instance)
      if (there !== undefined) assertOurs(contract, there)
      return {
        ...contract,
        codeLiveUntil: found.get(code)?.liveUntil,
        liveUntil: there?.liveUntil,
      }
    }),
    account: own && accountIn(own.xdr),
    minPersistent: setting && minPersistentIn(setting.xdr),
  }
}

/** Steps that are left of a contract. */
export function stepsOf(
  contract: ContractState,
  { ledger, minPersistent = 0 }: DeployState,
): Step[] {
  const { codeLiveUntil, liveUntil } = contract
  // what is archived comes back by being used, and is told by the steps that use it
  const isCodeThere =
    codeLiveUntil !== undefined && (codeLiveUntil >= ledger || liveUntil !== undefined)
  const left = (until: number | undefined): number =>
    until === undefined ? minPersistent : until - ledger
  const isKept = Math.min(left(codeLiveUntil), left(liveUntil)) >= THRESHOLD_LEDGERS
  return [
    ...(isCodeThere ? [] : (['upload'] as const)),
    ...(liveUntil === undefined ? (['create'] as const) : []),
    ...(isKept ? [] : (['keep'] as const)),
  ]
}

/** @throws CHAIN_DEPLOY (chain) */
function assertOurs({ name, address, codeHash }: PlannedContract, { xdr }: Entry): void {
  const got = codeHashIn(xdr)
  if (got === codeHash) return
  const message = `expected nothing at ${address}, or ${name} of this release, got a contract with code of SHA-256 ${got ?? 'none'}: deploy with another account`
  throw stellarError('CHAIN_DEPLOY', message, { contract: name, address, codeHash: got ?? '' })
}
