/** A service that is built when the anchor starts, so that naming an adapter loads no SDK. */
import type { AnchorManifest } from '../../node/anchor/anchor.ts'
import { unreachable } from '../../node/anchor/errors.ts'
import type { PackageService } from '../../node/anchor/packages/service.ts'
import type { EnvelopeScheme, EnvelopeService, SignatureScheme } from '../../node/anchor/service.ts'
import { supportsOf } from './defaults.ts'
import type { FinalityRule } from './rpc/head.ts'

/** What is known before the service is built. */
export interface LazyFacts {
  readonly finality?: FinalityRule | undefined
  readonly wsUrl?: string | undefined
  readonly relayer?: unknown
}

/** What is loaded: the membership contract, and the package registry where there is one. */
export type LoadedService = EnvelopeService & {
  readonly successor: NonNullable<EnvelopeService['successor']>
  readonly scheme: SignatureScheme
  readonly packages: (PackageService & { readonly scheme: EnvelopeScheme }) | undefined
}

export class LazyService implements EnvelopeService {
  readonly supports: Partial<AnchorManifest>
  readonly lifecycle: { start(): Promise<void>; stop(): Promise<void> }
  readonly scheme: SignatureScheme
  readonly packages: PackageService
  #isWanted = false
  #service: LoadedService | undefined

  constructor(load: () => Promise<LoadedService>, { finality, wsUrl, relayer }: LazyFacts) {
    this.supports = supportsOf({ finality, wsUrl, isRelayed: relayer !== undefined })
    this.lifecycle = {
      start: async () => {
        this.#isWanted = true
        const service = (this.#service ??= await load())
        // stopped while it was loaded
        if (this.#isWanted) await service.lifecycle?.start()
        else this.#service = undefined
      },
      stop: async () => {
        this.#isWanted = false
        const service = this.#service
        this.#service = undefined
        await service?.lifecycle?.stop()
      },
    }
    this.scheme = {
      signEnvelope: (...args) => this.#loaded.scheme.signEnvelope(...args),
      claimKey: (...args) => this.#loaded.scheme.claimKey(...args),
      signInvitation: (...args) => this.#loaded.scheme.signInvitation(...args),
      signClaim: (...args) => this.#loaded.scheme.signClaim(...args),
    }
    const packages = (): NonNullable<LoadedService['packages']> => {
      const loaded = this.#loaded.packages
      if (loaded === undefined) throw unreachable('the package registry: the deployment has none')
      return loaded
    }
    this.packages = {
      scheme: { signEnvelope: async (...args) => packages().scheme.signEnvelope(...args) },
      readTime: async (...args) => (await packages().readTime?.(...args)) ?? 0n,
      readDomain: async (...args) => packages().readDomain(...args),
      readPackage: async (...args) => packages().readPackage(...args),
      readReleasePage: async (...args) => packages().readReleasePage(...args),
      readRelease: async (...args) => packages().readRelease(...args),
      readLatest: async (...args) => packages().readLatest(...args),
      readNonce: async (...args) => packages().readNonce(...args),
      findTransaction: async (...args) => packages().findTransaction(...args),
      submit: async (...args) => packages().submit(...args),
    }
  }

  readTime: NonNullable<EnvelopeService['readTime']> = async (...args) =>
    (await this.#loaded.readTime?.(...args)) ?? 0n
  hasPredecessor: NonNullable<EnvelopeService['hasPredecessor']> = async (...args) =>
    (await this.#loaded.hasPredecessor?.(...args)) ?? false
  successor: NonNullable<EnvelopeService['successor']> = async (...args) =>
    this.#loaded.successor(...args)
  readDomain: EnvelopeService['readDomain'] = async (...args) => this.#loaded.readDomain(...args)
  readContext: EnvelopeService['readContext'] = async (...args) => this.#loaded.readContext(...args)
  readGroup: EnvelopeService['readGroup'] = async (...args) => this.#loaded.readGroup(...args)
  readMember: EnvelopeService['readMember'] = async (...args) => this.#loaded.readMember(...args)
  readStanding: EnvelopeService['readStanding'] = async (...args) =>
    this.#loaded.readStanding(...args)
  readMemberPage: EnvelopeService['readMemberPage'] = async (...args) =>
    this.#loaded.readMemberPage(...args)
  findTransaction: EnvelopeService['findTransaction'] = async (...args) =>
    this.#loaded.findTransaction(...args)
  submit: EnvelopeService['submit'] = async (...args) => this.#loaded.submit(...args)
  waitForChanges: EnvelopeService['waitForChanges'] = async (...args) =>
    this.#loaded.waitForChanges(...args)

  get #loaded(): LoadedService {
    if (this.#service === undefined) throw unreachable('the chain: this node is not started')
    return this.#service
  }
}
