/** The keys of one account: which may call what, whose turn it is, and the nonce that each uses next. One transaction at a time is on its way to a block with each. */
import { pause } from '../../../node/anchor/watcher.ts'
import { throwIfAborted } from '../../../node/errors.ts'
import type { Clock } from '../../../node/primitives/clock.ts'
import type { Endpoint, Endpoints } from '../../shared/endpoints.ts'
import { nearError } from '../errors.ts'
import { type AccessKey, type KeyPermission, viewKey } from '../rpc/query.ts'
import type { SigningKey } from './account.ts'

/** A key and how it stands. */
export interface HeldKey {
  readonly signer: SigningKey
  /** What the chain said last; undefined: not asked yet, or not any more. */
  permission: KeyPermission | undefined
  /** The next nonce, as far as this process knows; undefined: the chain is asked. */
  next: bigint | undefined
  isBusy: boolean
}

/** What a key is to call. */
export interface Callee {
  readonly receiver: string
  /** Undefined: it does more than call a function. */
  readonly method: string | undefined
}

export interface KeysInit {
  readonly account: string
  readonly signers: readonly SigningKey[]
  readonly rpc: Endpoints
  readonly clock: Clock
}

/** Pause before a key is looked for again where all are on their way, ms; a key that comes back wakes who waits. */
const WAIT_MS = 1000

export class KeyRing {
  readonly #init: KeysInit
  readonly #keys: readonly HeldKey[]
  #turn = 0
  #freed = Promise.withResolvers<void>()

  constructor(init: KeysInit) {
    this.#init = init
    this.#keys = init.signers.map((signer) => ({
      ...{ signer, permission: undefined, next: undefined, isBusy: false },
    }))
  }

  /** A key that may call, which nobody else uses until it is given back. @throws CHAIN_KEY (input) when none may, ABORTED */
  async take(callee: Callee, signal?: AbortSignal): Promise<HeldKey> {
    for (;;) {
      throwIfAborted(signal)
      const usable = await this.usable(callee, signal)
      // the next one in turn
      const order = usable.map((_, index) => usable[(index + this.#turn) % usable.length])
      const free = order.find((key) => key?.isBusy === false)
      if (free !== undefined) {
        this.#turn++
        free.isBusy = true
        return free
      }
      const { promise } = this.#freed
      await Promise.race([promise, pause(this.#init.clock, WAIT_MS, signal)])
    }
  }

  /** Others may use it. */
  giveBack(key: HeldKey): void {
    key.isBusy = false
    this.#freed.resolve()
    this.#freed = Promise.withResolvers<void>()
  }

  /** What the chain said of a key may be so no more. */
  forget(key: HeldKey): void {
    key.permission = undefined
    key.next = undefined
  }

  /** The nonce for the next transaction of a key that was taken. */
  async nextNonce(key: HeldKey, signal?: AbortSignal): Promise<bigint> {
    if (key.next !== undefined) return key.next
    const found = await this.#read(key, signal)
    if (found === undefined) throw this.#noKey()
    return found.nonce + 1n
  }

  /** Keys that may call: those with full access where there are any, since they can pay deposits. @throws CHAIN_KEY (input) */
  async usable(callee: Callee, signal?: AbortSignal): Promise<readonly HeldKey[]> {
    for (const key of this.#keys) {
      if (key.permission !== undefined) continue
      const found = await this.#read(key, signal)
      key.permission = found?.permission
    }
    const full = this.#keys.filter(({ permission }) => permission === 'full')
    const usable = full.length > 0 ? full : this.#keys.filter((key) => mayCall(key, callee))
    if (usable.length === 0) throw this.#noKey()
    return usable
  }

  async #read({ signer }: HeldKey, signal?: AbortSignal): Promise<AccessKey | undefined> {
    const { rpc, account } = this.#init
    const ask = (endpoint: Endpoint): Promise<AccessKey | undefined> =>
      viewKey(endpoint, account, signer.name)
    // an endpoint that is behind may not have it yet
    return rpc.search(ask, signal)
  }

  #noKey(): Error {
    const { account } = this.#init
    const names = this.#keys.map(({ signer }) => signer.name).join(', ')
    return nearError(
      'CHAIN_KEY',
      `expected a key of ${account} that may do this, got ${names}: add one with \`merogate chain key\``,
      { account },
    )
  }
}

function mayCall({ permission }: HeldKey, { receiver, method }: Callee): boolean {
  if (permission === undefined || typeof permission === 'string') return permission === 'full'
  const { receiver: only, methods } = permission
  if (method === undefined || only !== receiver) return false
  return methods.length === 0 || methods.includes(method)
}
