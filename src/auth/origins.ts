/** Under which origins clients reach the node. */
import { authError } from './errors.ts'

/** The first is what wallets show and tokens name. */
export class Origins {
  #all: readonly [string, ...string[]]

  /** @throws AUTH_BAD_REQUEST (input) */
  constructor(all: readonly [string, ...string[]]) {
    this.#all = checked(all)
  }

  get first(): string {
    return this.#all[0]
  }

  has(origin: string): boolean {
    return this.#all.includes(origin)
  }

  /** Others in their place. @throws AUTH_BAD_REQUEST (input) */
  replace(all: readonly [string, ...string[]]): void {
    this.#all = checked(all)
  }
}

function checked(all: readonly [string, ...string[]]): readonly [string, ...string[]] {
  for (const origin of all) {
    if (URL.canParse(origin) && new URL(origin).origin === origin) continue
    throw authError(
      'AUTH_BAD_REQUEST',
      `expected an origin as in https://node.example, got ${JSON.stringify(origin)}`,
    )
  }
  return all
}
