/** The contracts that groups move through, one after the other, and the anchor of each. */
import { toHex } from '../primitives/bytes.ts'
import type { Anchor, AnchorChange, AnchorComponents } from './anchor.ts'
import { anchorError, unreachable } from './errors.ts'
import type { Hop, HopInit, NextHop } from './hop.ts'
import { MAX_REACHED_CONTRACTS } from './limits.ts'
import type { ServiceOptions } from './service.ts'

export interface HopsInit extends HopInit {
  /** Makes the anchor of a single contract. */
  readonly open: (hop: HopInit, components: AnchorComponents) => Anchor
}

export class Hops {
  readonly first: Hop
  readonly #init: HopsInit
  readonly #components: AnchorComponents
  readonly #onChange: (change: AnchorChange) => void
  /** By their address; the first is not among them. */
  readonly #next = new Map<string, Promise<NextHop>>()
  readonly #opened: Hop[] = []
  #isStopped = false

  constructor(
    init: HopsInit,
    components: AnchorComponents,
    onChange: (change: AnchorChange) => void,
  ) {
    this.#init = init
    this.#components = components
    this.#onChange = onChange
    this.first = this.#open(init)
    this.#opened.push(this.first)
  }

  /** Those that can be asked, the first one first. */
  get opened(): readonly Hop[] {
    return this.#opened
  }

  async start(): Promise<void> {
    this.#isStopped = false
    for (const { anchor } of this.#opened) await anchor.start()
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    for (const { anchor } of [...this.#opened].reverse()) await anchor.stop()
  }

  /** Whether a contract was opened, or is being. */
  has(contract: Uint8Array): boolean {
    return this.#next.has(toHex(contract))
  }

  /** The contract that groups move to from one. @throws what the way there throws */
  next(hop: Hop, contract: Uint8Array): Promise<NextHop> {
    const key = toHex(contract)
    const known = this.#next.get(key)
    if (known !== undefined) return known
    const opening = this.#follow(hop, contract)
    this.#next.set(key, opening)
    // who asks later tries again: the node may be upgraded, or an endpoint mended
    opening.catch(() => this.#next.delete(key))
    return opening
  }

  /** See `Anchor.reaches`. */
  async reach(contract: string, options: ServiceOptions): Promise<boolean> {
    if (this.#opened.some((hop) => hop.contract === contract)) return true
    const { service } = this.first
    const way = await service.wayTo?.(contract, options)
    if (way === undefined) return (await service.takesOverFrom?.(contract, options)) ?? false
    if (this.#next.size + way.length > MAX_REACHED_CONTRACTS) return false
    let hop = this.first
    for (const each of way) hop = await this.next(hop, each)
    return true
  }

  async #follow({ service }: Hop, contract: Uint8Array): Promise<NextHop> {
    const successor = await service.successor?.(contract)
    if (successor === undefined) {
      throw anchorError('ANCHOR_LIMIT', 'expected an anchor whose groups can be followed')
    }
    const { protocol, network } = this.#init
    const hop = this.#open({ protocol, network, contract: successor.contract, service: successor })
    try {
      await hop.anchor.start()
      if (this.#isStopped) throw unreachable('the chain: this node is not started')
    } catch (error) {
      await hop.anchor.stop()
      throw error
    }
    this.#opened.push(hop)
    return { ...hop, service: successor }
  }

  #open(init: HopInit): Hop {
    const anchor = this.#init.open(init, this.#components)
    anchor.watch((change) => this.#onChange(change))
    return { anchor, service: init.service, contract: init.contract }
  }
}
