/**
 * The one answer of Horizon that is given here: about an account, with its signers and thresholds, which is what wallets and those who let them in
 * ask for.
 * @see https://developers.stellar.org/docs/data/apis/horizon/api-reference/retrieve-an-account
 */
import { StrKey } from '@stellar/stellar-sdk'
import { fromUtf8 } from '../../../node/primitives/bytes.ts'
import type { HttpAnswer } from '../../shared/http.ts'
import type { Chain } from '../chain/chain.ts'
import { accountOf } from '../chain/changes.ts'
import { isEd25519, KIND_BYTES } from '../auth/account.ts'
import type { AccountEntry, Signer } from '../storage/entries.ts'
import { xlm } from './friendbot.ts'

const PATH = /^\/accounts\/([^/]+)$/

/** The answer to a path of Horizon; undefined: it is none that is here. */
export function horizon(chain: Chain, path: string): HttpAnswer | undefined {
  const [, address] = PATH.exec(path) ?? []
  if (address === undefined) return undefined
  if (!StrKey.isValidEd25519PublicKey(address)) {
    return problem(400, 'bad_request', 'Bad Request', 'the account is no address')
  }
  const account = accountOf(chain.entries, decoded(address))
  return account === undefined
    ? problem(404, 'not_found', 'Resource Missing', 'there is no such account')
    : { status: 200, type: 'application/hal+json', body: JSON.stringify(shown(address, account)) }
}

function decoded(address: string): Uint8Array {
  return Uint8Array.from(StrKey.decodeEd25519PublicKey(address))
}

function problem(status: number, name: string, title: string, detail: string): HttpAnswer {
  const type = `https://stellar.org/horizon-errors/${name}`
  const body = JSON.stringify({ type, title, status, detail })
  return { status, type: 'application/problem+json', body }
}

function shown(address: string, account: AccountEntry): object {
  const [master, low, medium, high] = account.thresholds
  return {
    _links: {},
    ...{ id: address, account_id: address, sequence: String(account.sequence) },
    ...{ subentry_count: account.signers.length, num_sponsoring: 0, num_sponsored: 0 },
    home_domain: fromUtf8(account.homeDomain),
    thresholds: { low_threshold: low, med_threshold: medium, high_threshold: high },
    flags: {
      ...{ auth_required: (account.flags & 1) !== 0, auth_revocable: (account.flags & 2) !== 0 },
      auth_immutable: (account.flags & 4) !== 0,
      auth_clawback_enabled: (account.flags & 8) !== 0,
    },
    balances: [
      {
        ...{ balance: xlm(account.balance), asset_type: 'native' },
        ...{ buying_liabilities: '0.0000000', selling_liabilities: '0.0000000' },
      },
    ],
    // the account's own key is always there, with weight 0 too
    signers: [
      ...account.signers.map(shownSigner),
      { weight: master, key: address, type: 'ed25519_public_key' },
    ],
    data: {},
    paging_token: address,
  }
}

function shownSigner({ key, weight }: Signer): object {
  const bytes = Buffer.from(key.subarray(KIND_BYTES))
  return isEd25519(key)
    ? { weight, key: StrKey.encodeEd25519PublicKey(bytes), type: 'ed25519_public_key' }
    : { weight, key: StrKey.encodeSha256Hash(bytes), type: 'sha256_hash' }
}
