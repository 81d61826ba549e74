/** Whether an agreement is its address's own: by the signatures of an account, or by what a contract that stands for one says. */
import type { Host } from '../host/host.ts'
import { ADDRESS, type Address, sameAddress } from '../value/address.ts'
import { hostError } from '../value/errors.ts'
import { type Val, VOID } from '../value/word.ts'
import { checkAccount } from './account.ts'
import { contextsOf } from './contract-entries.ts'
import { type Agreement, type Delegate, signedPayload } from './credentials.ts'

const CHECK = '__check_auth'

/** A check that is going on. */
interface Check {
  readonly payload: Uint8Array
  readonly contexts: Val
  /** Who signed, from the outermost that it was left to on. */
  readonly delegates: (readonly Delegate[])[]
}

export class Authentication {
  readonly #host: Host
  readonly #checks: Check[] = []

  constructor(host: Host) {
    this.#host = host
  }

  /** @throws HostError */
  verify(agreement: Agreement): void {
    const { address, nonce, tracker, signature, delegates } = agreement
    if (nonce === undefined) return
    const payload = signedPayload(this.#host, agreement)
    const contexts = this.#host.objects.newVec(contextsOf(this.#host, tracker.root))
    const check = { payload, contexts, delegates: [delegates ?? []] }
    this.#checks.push(check)
    try {
      this.#checkAddress(check, address, signature, true)
    } finally {
      this.#checks.pop()
    }
  }

  /** Who signed for what is being checked. */
  delegates(): readonly Address[] {
    return (
      this.#current()
        .delegates.at(-1)
        ?.map(({ address }) => address) ?? []
    )
  }

  /** Leaves the decision to one of them. */
  delegate(address: Address): void {
    const check = this.#current()
    const found = check.delegates.at(-1)?.find((one) => sameAddress(one.address, address))
    if (found === undefined) {
      const detail = 'delegated signer has not provided a signature'
      throw hostError('Auth', 'InvalidInput', detail)
    }
    if (found.isUsed) throw hostError('Auth', 'InvalidInput', 'it was delegated to before')
    found.isUsed = true
    check.delegates.push(found.inner)
    try {
      this.#checkAddress(check, address, found.signature, false)
    } finally {
      check.delegates.pop()
    }
  }

  #current(): Check {
    const check = this.#checks.at(-1)
    if (check !== undefined && this.#host.frame.call?.method === CHECK) return check
    throw hostError('Context', 'InvalidAction', `only callable from ${CHECK}`)
  }

  #checkAddress(check: Check, address: Address, signature: Val, mayReenter: boolean): void {
    const host = this.#host
    if (address.kind === ADDRESS.account) {
      checkAccount(host, address.bytes, check.payload, signature)
      return
    }
    const args = [host.objects.newBytes(check.payload), signature, check.contexts]
    const result = host.call(address, CHECK, args, { isInternal: true, mayReenter })
    if (result !== VOID) throw hostError('Value', 'UnexpectedType', `${CHECK} returns nothing`)
  }
}
