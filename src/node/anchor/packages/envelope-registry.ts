/** A `PackageRegistry` over anything that applies its envelopes. */
import { idKey, type PackageId } from '../../primitives/ids.ts'
import type { Read, ReadOptions, Receipt, Signer } from '../anchor.ts'
import { EnvelopeSender, type EnvelopeSenderInit, evidenceOf, toRead } from '../envelope-sender.ts'
import type { UnsettledOperation } from '../fates.ts'
import { MAX_RELEASE_PAGE } from '../limits.ts'
import type { ServiceOptions } from '../service.ts'
import { packageEnvelopeCodec } from './envelope.ts'
import type { PackageOperation } from './operations.ts'
import type {
  LatestReleases,
  PackageRecord,
  PackageRegistry,
  ReleasePage,
  ReleasePageOptions,
  ReleaseRecord,
} from './registry.ts'
import type { PackageService } from './service.ts'
import { validatePackageOperation } from './validate.ts'

/** Started and stopped by the anchor it belongs to. */
export class EnvelopeRegistry implements PackageRegistry {
  readonly #sender: EnvelopeSender<PackageService>

  constructor(
    service: PackageService,
    components: Omit<EnvelopeSenderInit<PackageService>, 'service' | 'onFound'>,
  ) {
    this.#sender = new EnvelopeSender({ service, ...components })
  }

  start(): Promise<void> {
    return this.#sender.start()
  }

  stop(): Promise<void> {
    return this.#sender.stop()
  }

  /** See `Anchor.unsettled`. */
  unsettled(): readonly UnsettledOperation[] {
    return this.#sender.unsettled()
  }

  async readPackage(
    id: PackageId,
    options?: ReadOptions,
  ): Promise<Read<PackageRecord> | undefined> {
    return toRead(
      await this.#sender.retry((service, within) => service.readPackage(id, within), options),
    )
  }

  async readReleases(
    id: PackageId,
    { offset = 0, length = MAX_RELEASE_PAGE, ...options }: ReleasePageOptions = {},
  ): Promise<Read<ReleasePage> | undefined> {
    return toRead(
      await this.#sender.retry(
        (service, within) => service.readReleasePage(id, offset, length, within),
        options,
      ),
    )
  }

  async readRelease(
    id: PackageId,
    version: string,
    options?: ReadOptions,
  ): Promise<Read<ReleaseRecord> | undefined> {
    return toRead(
      await this.#sender.retry(
        (service, within) => service.readRelease(id, version, within),
        options,
      ),
    )
  }

  async readLatest(id: PackageId, options?: ReadOptions): Promise<Read<LatestReleases>> {
    const answer = await this.#sender.retry(
      (service, within) => service.readLatest(id, within),
      options,
    )
    return { value: answer.value, evidence: evidenceOf(answer) }
  }

  async submit(
    id: PackageId,
    operation: PackageOperation,
    signer: Signer,
    options: ServiceOptions = {},
  ): Promise<Receipt> {
    const { kind } = operation
    // as things stand now: what this signer sent before need not be final yet
    const present = { ...options, finality: 'optimistic' } as const
    const accepted = await this.#sender.send(
      {
        kind,
        signer,
        subject: id,
        wrong: validatePackageOperation(operation),
        readNonce: async (word) => {
          const { value, source } = await this.#sender.retry(
            (service, within) => service.readNonce(signer.publicKey, within),
            { ...present, ...word },
          )
          return { nonce: value, source, series: idKey(signer.publicKey) }
        },
        encode: (head) => packageEnvelopeCodec.encode({ ...head, subject: id, operation }),
      },
      options,
    )
    return this.#sender.settle([accepted], kind, options)
  }
}
