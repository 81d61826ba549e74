/** The contract of contexts on a chain whose contracts take over from each other: groups that move are followed, and those that came are taken over. */
import type { Domain } from '../../node/anchor/operations.ts'
import type { ServiceOptions, SuccessorService } from '../../node/anchor/service.ts'
import type { Clock } from '../../node/primitives/clock.ts'
import type { ContextId, GroupId } from '../../node/primitives/ids.ts'
import { Adopter, type AdopterInit } from './adopter.ts'
import { type ContextParts, ContextService } from './contract-service.ts'
import type { Succession } from './succession.ts'
import type { Question } from './views.ts'

/** How what moved is taken over: see `AdopterInit`. */
export interface MovingParts extends Pick<
  AdopterInit,
  | 'chain'
  | 'address'
  | 'before'
  | 'send'
  | 'batch'
  | 'isRefused'
  | 'isOvertaken'
  | 'adopt'
  | 'pollMs'
> {
  readonly succession: Succession
  /** Whether the contract takes over from another. */
  readonly takesOver: Question<boolean>
}

export abstract class MovingService extends ContextService implements SuccessorService {
  readonly contract: string
  readonly #views: ContextParts['views']
  readonly #moving: MovingParts
  readonly #adopter: Adopter

  constructor(parts: ContextParts & { readonly clock: Clock }, moving: MovingParts) {
    super(parts)
    this.contract = moving.address
    this.#views = parts.views
    this.#moving = moving
    this.#adopter = new Adopter({ ...moving, service: this, clock: parts.clock })
  }

  abstract readDomain(options?: ServiceOptions): Promise<Domain>

  /** The service of a contract that groups move to from this one, by its address. */
  protected abstract follow(address: string): SuccessorService

  async hasPredecessor({ signal }: ServiceOptions = {}): Promise<boolean> {
    return (await this.#views.ask(this.#moving.takesOver, { signal })).value
  }

  async successor(
    contract: Uint8Array,
    { signal }: ServiceOptions = {},
  ): Promise<SuccessorService> {
    const { succession } = this.#moving
    return this.follow(await succession.successorAt(contract, this.contract, signal))
  }

  async wayTo(
    contract: string,
    { signal }: ServiceOptions = {},
  ): Promise<readonly Uint8Array[] | undefined> {
    return this.#moving.succession.way(this.contract, contract, signal)
  }

  async takesOverFrom(contract: string, { signal }: ServiceOptions = {}): Promise<boolean> {
    return this.#moving.succession.takesOver(this.contract, contract, signal)
  }

  async adoptGroup(group: GroupId, options?: ServiceOptions): Promise<void> {
    await this.#adopter.adoptGroup(group, options)
  }

  async adoptContext(context: ContextId, options?: ServiceOptions): Promise<void> {
    await this.#adopter.adoptContext(context, options)
  }
}
