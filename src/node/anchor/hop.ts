/** The contracts that groups move through, one after the other, and the anchor of each. */
import type { Anchor } from './anchor.ts'
import type { PackageService } from './packages/service.ts'
import type { EnvelopeService, SuccessorService } from './service.ts'

/** A contract. */
export interface HopInit {
  readonly protocol: string
  readonly network: string
  /** Its address as text. */
  readonly contract: string
  readonly service: EnvelopeService
  readonly packages?: PackageService
}

/** A contract on the way. */
export interface Hop {
  readonly anchor: Anchor
  readonly service: EnvelopeService
  readonly contract: string
}

/** The next one. */
export interface NextHop extends Hop {
  readonly service: SuccessorService
}
