/** The contracts that groups move to: whether they are such that this release knows, and take over from each other. */
import { MAX_MOVES } from '../../node/anchor/limits.ts'
import { isMerogateError } from '../../node/errors.ts'
import { chainError } from './errors.ts'

/** What a chain knows of contracts that take over from each other. */
export interface SuccessionInit {
  /** Protocol of the chain, as in `ethereum`. */
  readonly chain: string
  /** How the chain writes the address that these bytes name in a domain; undefined where they name none. */
  toAddress(bytes: Uint8Array): string | undefined
  /** The bytes of an address, and how the chain writes it; undefined for a text that is none. */
  parse(text: string): { readonly address: string; readonly bytes: Uint8Array } | undefined
  /**
   * Address of the contract of contexts that another one takes over from; undefined for none.
   * @throws CHAIN_NO_CONTRACT (missing) when the other is none that this release knows, or of another network
   */
  readPredecessor(address: string, signal?: AbortSignal): Promise<string | undefined>
}

export class Succession {
  readonly #init: SuccessionInit

  constructor(init: SuccessionInit) {
    this.#init = init
  }

  /**
   * The address of a contract that groups moved to, when it is ours and takes over from the one that the groups leave.
   * @throws CHAIN_SUCCESSOR (chain), ANCHOR_UNREACHABLE (transport)
   */
  async successorAt(
    contract: Uint8Array,
    predecessor: string,
    signal?: AbortSignal,
  ): Promise<string> {
    const address = this.#init.toAddress(contract)
    if (address === undefined) throw this.#unknown('what is no address', predecessor)
    let before: string | undefined
    try {
      before = await this.#init.readPredecessor(address, signal)
    } catch (cause) {
      if (!isMerogateError(cause, 'CHAIN_NO_CONTRACT')) throw cause
      throw this.#unknown(address, predecessor, cause)
    }
    if (before !== this.#written(predecessor)) throw this.#unknown(address, predecessor)
    return address
  }

  /**
   * Contracts that lead from one to another, each of which takes over from the one before, without the first; undefined where none do.
   * @throws ANCHOR_UNREACHABLE (transport)
   */
  async way(
    from: string,
    to: string,
    signal?: AbortSignal,
  ): Promise<readonly Uint8Array[] | undefined> {
    const target = this.#init.parse(to)
    if (target === undefined) return undefined
    const all = [target.address, ...(await this.#predecessorsOf(target.address, signal))]
    const at = all.indexOf(this.#written(from))
    if (at < 0) return undefined
    return all
      .slice(0, at)
      .reverse()
      .map((address) => this.#bytesOf(address))
  }

  /** Whether a contract takes over from another, be it through others. @throws ANCHOR_UNREACHABLE (transport) */
  async takesOver(contract: string, from: string, signal?: AbortSignal): Promise<boolean> {
    const before = this.#init.parse(from)
    if (before === undefined) return false
    return (await this.#predecessorsOf(contract, signal)).includes(before.address)
  }

  /** The same of a contract by the bytes that name it in a domain. @throws ANCHOR_UNREACHABLE (transport) */
  async isSuccessor(contract: Uint8Array, of: string, signal?: AbortSignal): Promise<boolean> {
    const address = this.#init.toAddress(contract)
    return address !== undefined && this.takesOver(address, of, signal)
  }

  /** The contracts that one takes over from, be it through others, the last one first; of those that this release knows. */
  async #predecessorsOf(contract: string, signal?: AbortSignal): Promise<readonly string[]> {
    const found: string[] = []
    for (let address = contract; found.length < MAX_MOVES;) {
      let before: string | undefined
      try {
        before = await this.#init.readPredecessor(address, signal)
      } catch (error) {
        if (isMerogateError(error, 'CHAIN_NO_CONTRACT')) break
        throw error
      }
      if (before === undefined) break
      found.push(before)
      address = before
    }
    return found
  }

  /** An address as the chain writes it. */
  #written(address: string): string {
    return this.#init.parse(address)?.address ?? address
  }

  /** @throws TypeError for what a contract said that is no address of its chain */
  #bytesOf(address: string): Uint8Array {
    const found = this.#init.parse(address)
    if (found === undefined)
      throw new TypeError(`expected the address of a contract, got ${address}`)
    return found.bytes
  }

  #unknown(address: string, predecessor: string, cause?: unknown): Error {
    return chainError(
      this.#init.chain,
      'CHAIN_SUCCESSOR',
      `expected a contract at ${address}, where this group moved, that this release knows and that takes over from ${predecessor}: upgrade this node`,
      { address, predecessor },
      { cause },
    )
  }
}
