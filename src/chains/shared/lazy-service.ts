/** A service that is built when the anchor starts, so that naming an adapter loads no SDK. */
import type { AnchorManifest } from '../../node/anchor/anchor.ts'
import { unreachable } from '../../node/anchor/errors.ts'
import type { PackageService } from '../../node/anchor/packages/service.ts'
import type { EnvelopeScheme, EnvelopeService, SignatureScheme } from '../../node/anchor/service.ts'

/** What is loaded: the membership contract, and the package registry where there is one. */
export type LoadedService = EnvelopeService & {
  readonly packages?: PackageService | undefined
}

/** What is known of a service before it is built. What it does not have is not there to be asked. */
export interface LazyFacts {
  readonly supports: Partial<AnchorManifest>
  /** Signs by a scheme of its own. @default the identity's own ed25519 signature */
  readonly hasScheme?: boolean
  /** Tells the time by which requests are judged. @default the machine's counts */
  readonly hasClock?: boolean
  /** Knows whether its contract takes groups over from another. @default it takes over from none */
  readonly knowsPredecessor?: boolean
  /** Follows groups to other contracts. @default it does not */
  readonly hasSuccessors?: boolean
}

export class LazyService implements EnvelopeService {
  readonly supports: Partial<AnchorManifest>
  readonly lifecycle: { start(): Promise<void>; stop(): Promise<void> }
  readonly scheme?: SignatureScheme
  readonly packages: PackageService
  readonly readTime?: NonNullable<EnvelopeService['readTime']>
  readonly hasPredecessor?: NonNullable<EnvelopeService['hasPredecessor']>
  readonly successor?: NonNullable<EnvelopeService['successor']>
  readonly wayTo?: NonNullable<EnvelopeService['wayTo']>
  readonly takesOverFrom?: NonNullable<EnvelopeService['takesOverFrom']>
  #isWanted = false
  #loading: Promise<LoadedService> | undefined
  /** Once it is loaded and started. */
  #service: LoadedService | undefined

  constructor(load: () => Promise<LoadedService>, facts: LazyFacts) {
    this.supports = facts.supports
    this.lifecycle = {
      start: async () => {
        this.#isWanted = true
        const service = await this.#load(load)
        // stopped while it was loaded, or started by another call
        if (!this.#isWanted || this.#service !== undefined) return
        this.#service = service
        await service.lifecycle?.start()
      },
      stop: async () => {
        this.#isWanted = false
        const service = this.#service
        this.#service = undefined
        this.#loading = undefined
        await service?.lifecycle?.stop()
      },
    }
    if (facts.hasScheme === true) this.scheme = this.#lazyScheme()
    if (facts.hasClock === true) {
      this.readTime = async (...args) => {
        const loaded = this.#loaded
        return present(loaded.readTime, 'readTime').apply(loaded, args)
      }
    }
    if (facts.knowsPredecessor === true) {
      this.hasPredecessor = async (...args) => {
        const loaded = this.#loaded
        return present(loaded.hasPredecessor, 'hasPredecessor').apply(loaded, args)
      }
    }
    if (facts.hasSuccessors === true) {
      this.successor = async (...args) => {
        const loaded = this.#loaded
        return present(loaded.successor, 'successor').apply(loaded, args)
      }
      this.wayTo = async (...args) => {
        const loaded = this.#loaded
        return present(loaded.wayTo, 'wayTo').apply(loaded, args)
      }
      this.takesOverFrom = async (...args) => {
        const loaded = this.#loaded
        return present(loaded.takesOverFrom, 'takesOverFrom').apply(loaded, args)
      }
    }
    this.packages = this.#lazyPackages(facts)
  }

  readDomain: EnvelopeService['readDomain'] = async (...args) => this.#loaded.readDomain(...args)
  readContext: EnvelopeService['readContext'] = async (...args) => this.#loaded.readContext(...args)
  readGroup: EnvelopeService['readGroup'] = async (...args) => this.#loaded.readGroup(...args)
  readMember: EnvelopeService['readMember'] = async (...args) => this.#loaded.readMember(...args)
  readStanding: EnvelopeService['readStanding'] = async (...args) =>
    this.#loaded.readStanding(...args)
  readMemberPage: EnvelopeService['readMemberPage'] = async (...args) =>
    this.#loaded.readMemberPage(...args)
  findApplied: EnvelopeService['findApplied'] = async (...args) => this.#loaded.findApplied(...args)
  submit: EnvelopeService['submit'] = async (...args) => this.#loaded.submit(...args)
  waitForChanges: EnvelopeService['waitForChanges'] = async (...args) =>
    this.#loaded.waitForChanges(...args)

  /** One at a time is loaded; what failed is tried anew the next time. */
  async #load(load: () => Promise<LoadedService>): Promise<LoadedService> {
    const loading = (this.#loading ??= load())
    try {
      return await loading
    } catch (error) {
      if (this.#loading === loading) this.#loading = undefined
      throw error
    }
  }

  get #loaded(): LoadedService {
    if (this.#service === undefined) throw unreachable('the chain: this node is not started')
    return this.#service
  }

  #lazyScheme(): SignatureScheme {
    const scheme = (): SignatureScheme => present(this.#loaded.scheme, 'scheme')
    return {
      signEnvelope: async (...args) => scheme().signEnvelope(...args),
      claimKey: (...args) => scheme().claimKey(...args),
      signInvitation: async (...args) => scheme().signInvitation(...args),
      signClaim: (...args) => scheme().signClaim(...args),
    }
  }

  #lazyPackages({ hasScheme, hasClock }: LazyFacts): PackageService {
    const packages = (): PackageService => {
      const loaded = this.#loaded.packages
      if (loaded === undefined) throw unreachable('the package registry: the deployment has none')
      return loaded
    }
    const scheme: EnvelopeScheme = {
      signEnvelope: async (...args) =>
        present(packages().scheme, 'packages.scheme').signEnvelope(...args),
    }
    return {
      ...(hasScheme === true ? { scheme } : {}),
      ...(hasClock === true
        ? {
            readTime: async (...args) => {
              const loaded = packages()
              return present(loaded.readTime, 'packages.readTime').apply(loaded, args)
            },
          }
        : {}),
      readDomain: async (...args) => packages().readDomain(...args),
      readPackage: async (...args) => packages().readPackage(...args),
      readReleasePage: async (...args) => packages().readReleasePage(...args),
      readRelease: async (...args) => packages().readRelease(...args),
      readLatest: async (...args) => packages().readLatest(...args),
      readNonce: async (...args) => packages().readNonce(...args),
      findApplied: async (...args) => packages().findApplied(...args),
      submit: async (...args) => packages().submit(...args),
    }
  }
}

/** @throws TypeError for an adapter that says of its service what is not so */
function present<T>(value: T | undefined, name: string): T {
  if (value === undefined) throw new TypeError(`expected a service with ${name}, got one without`)
  return value
}
