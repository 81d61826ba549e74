/** The private keys this node holds: created here, bound to at most one group each, never deleted because a remote list says so. */
import type { Signer } from '../../anchor/anchor.ts'
import type { AtRest } from '../../crypto/at-rest.ts'
import { generateSigningKey, type SigningKey } from '../../crypto/sign.ts'
import { compareBytes, EMPTY, equalBytes } from '../../primitives/bytes.ts'
import type { Random } from '../../primitives/clock.ts'
import { GroupId, idKey, idText, type PublicKey } from '../../primitives/ids.ts'
import { storeError } from '../../store/errors.ts'
import type { GroupRows } from '../../store/repositories/groups.ts'
import type { Store } from '../../store/store.ts'
import { contextError } from '../errors.ts'

export interface IdentityPool {
  load(): Promise<void>
  create(): Promise<SigningKey>
  get(identity: PublicKey): SigningKey | undefined
  /** @throws IDENTITY_NOT_OWNED */
  require(identity: PublicKey): SigningKey
  /** Identities bound to a group, in a stable order. */
  boundTo(group: GroupId): readonly SigningKey[]
  /** The group an identity is bound to: it was admitted there once. */
  groupOf(identity: PublicKey): GroupId | undefined
  all(): readonly SigningKey[]
  /** Binds an identity to a group, on the disk and then in memory. @throws CONTEXT_EXISTS when it is bound to another, STORE_* */
  bind(identity: PublicKey, group: GroupId): Promise<void>
  /** The anchor's view of a key of ours. */
  signer(identity: PublicKey): Signer
}

export function identityPool(components: {
  store: Store
  rows: GroupRows
  atRest: AtRest
  random: Random
}): IdentityPool {
  const { store, rows, atRest, random } = components
  const held = new Map<string, { key: SigningKey; group: GroupId | undefined }>()
  const byGroup = new Map<string, readonly SigningKey[]>()
  const remember = (key: SigningKey, group: GroupId | undefined): void => {
    const known = held.get(idKey(key.publicKey))
    held.set(idKey(key.publicKey), { key, group })
    if (group === undefined || known?.group !== undefined) return
    const keys = [...(byGroup.get(idKey(group)) ?? []), key]
    byGroup.set(
      idKey(group),
      keys.sort((a, b) => compareBytes(a.publicKey, b.publicKey)),
    )
  }
  const require = (identity: PublicKey): SigningKey => {
    const found = held.get(idKey(identity))
    if (found === undefined) {
      throw contextError(
        'IDENTITY_NOT_OWNED',
        `this node holds no private key of ${idText(identity)}`,
        { publicKey: idText(identity) },
      )
    }
    return found.key
  }
  return {
    async load() {
      for (const { identity, row } of await rows.identities()) {
        const key = generateSigningKey(atRest.open(row.sealed))
        if (!equalBytes(key.publicKey, identity)) {
          throw storeError('STORE_CORRUPT', `the stored key of ${idText(identity)} is another's`)
        }
        remember(key, row.group.length === 0 ? undefined : GroupId.from(row.group))
      }
    },
    async create() {
      const key = generateSigningKey(random.bytes(32))
      const row = { sealed: atRest.seal(key.seed), group: EMPTY }
      await store.batch([rows.putIdentity(key.publicKey, row)], { sync: true })
      remember(key, undefined)
      return key
    },
    get: (identity) => held.get(idKey(identity))?.key,
    require,
    boundTo: (group) => byGroup.get(idKey(group)) ?? [],
    groupOf: (identity) => held.get(idKey(identity))?.group,
    all: () => [...held.values()].map((entry) => entry.key),
    async bind(identity, group) {
      const key = require(identity)
      const bound = held.get(idKey(identity))?.group
      if (bound !== undefined && !equalBytes(bound, group)) {
        throw contextError(
          'CONTEXT_EXISTS',
          `the identity ${idText(identity)} is a member of another group: use a new one`,
          { publicKey: idText(identity) },
        )
      }
      if (bound !== undefined) return
      const row = { sealed: atRest.seal(key.seed), group }
      await store.batch([rows.putIdentity(identity, row)], { sync: true })
      remember(key, group)
    },
    signer(identity) {
      const key = require(identity)
      return { publicKey: identity, sign: (message) => key.sign(message) }
    },
  }
}
