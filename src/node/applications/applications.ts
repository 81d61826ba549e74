/**
 * Installed applications: bytes become a blob and a record, and, when a context needs them, a module loaded in the engine.
 * Ids are derived from content (see `application-id.ts`), so every node names the same application alike.
 */
import type { ApplicationRecord } from '../anchor/anchor.ts'
import type { BlobStore } from '../blobs/blobs.ts'
import { KeyedLock } from '../blobs/keyed-lock.ts'
import type { Applications, InstalledApplication, InstallOptions } from '../interface.ts'
import { equalBytes, toBase58, utf8 } from '../primitives/bytes.ts'
import { ApplicationId, BlobId, idKey } from '../primitives/ids.ts'
import type { Logger } from '../primitives/logger.ts'
import type { GuestEngine, ModuleInfo } from '../runtime/engine.ts'
import { COLUMN, columnRange, rowKey } from '../store/keys.ts'
import type { BatchOp, Store } from '../store/store.ts'
import { bundleApplicationId } from './application-id.ts'
import { type Family, inspectContents, loadModule, tooLarge } from './contents.ts'
import { applicationError } from './errors.ts'
import { applicationOf, checkSigner } from './following.ts'
import { MAX_INSTALL_BYTES, MAX_METADATA_BYTES, MAX_SOURCE_BYTES } from './limits.ts'
import { decodeRecord, encodeModule, encodeRecord } from './record.ts'
import { fetchInstallUrl, fileSource, readInstallFile } from './sources.ts'

export interface ApplicationsInit {
  /** Let {@link Applications.installUrl} reach private, loopback and link-local addresses. @default false */
  readonly allowPrivateHosts?: boolean
  /** Take signed bundles without hashes of their modules, as if nobody had signed them. @default false */
  readonly allowUnhashedBundles?: boolean
  /** Whether a context runs this very build of the application. @default none does */
  readonly inUse?: (id: ApplicationId, blob: BlobId) => boolean | Promise<boolean>
  /** Called when an application is there that was not. */
  readonly onInstalled?: (id: ApplicationId) => void
}

export interface ApplicationsComponents {
  readonly blobs: Pick<BlobStore, 'put' | 'info' | 'bytes'>
  readonly store: Pick<Store, 'get' | 'batch' | 'iterate'>
  readonly engine: Pick<GuestEngine, 'inspect' | 'load' | 'info'>
  readonly logger: Logger
}

/** The build that a context runs. */
interface Running {
  readonly application: Uint8Array
  readonly blob: Uint8Array
}

/** {@link Applications} and what the rest of the node needs of them. */
export interface NodeApplications extends Applications {
  /**
   * Loads the application's module into the engine, once: that of the build in `blob` when it is given.
   * @throws APPLICATION_NOT_FOUND (missing), BLOB_CORRUPT, RUNTIME_*
   */
  ensureLoaded(id: ApplicationId, blob?: BlobId): Promise<ModuleInfo>
  /**
   * Installs from a blob that is here what an anchor names, beside another build that goes by the same package and version.
   * @throws APPLICATION_MISMATCH (protocol) when the bytes are another application
   */
  installRecord(record: ApplicationRecord): Promise<InstalledApplication>
  /** The build in a blob. */
  build(id: ApplicationId, blob: BlobId): Promise<InstalledApplication | undefined>
  /**
   * The application as an anchor records it; of a bundle with several services the one that is named.
   * @throws APPLICATION_SERVICE (input)
   */
  record(id: ApplicationId, service?: string): Promise<ApplicationRecord | undefined>
  /**
   * The same for one that takes over from the build that a context runs: what is signed is followed by its signer only, a service by the one of its name.
   * @throws APPLICATION_SIGNER (denied), APPLICATION_SERVICE (input)
   */
  recordAfter(runs: Running, next: ApplicationId): Promise<ApplicationRecord | undefined>
  /** Whether an installed application is kept in this blob. */
  usesBlob(blob: BlobId): Promise<boolean>
}

/** The applications of a node. */
export function applications(
  init: ApplicationsInit = {},
): (components: ApplicationsComponents) => NodeApplications {
  return (components) => new StoredApplications(init, components)
}

class StoredApplications implements NodeApplications {
  readonly #allowPrivateHosts: boolean
  readonly #allowUnhashed: boolean
  readonly #inUse: (id: ApplicationId, blob: BlobId) => boolean | Promise<boolean>
  readonly #onInstalled: (id: ApplicationId) => void
  readonly #blobs: ApplicationsComponents['blobs']
  readonly #rows: ApplicationsComponents['store']
  readonly #engine: ApplicationsComponents['engine']
  readonly #log: Logger
  readonly #lock = new KeyedLock()
  readonly #loading = new Map<string, Promise<ModuleInfo>>()

  constructor(init: ApplicationsInit, components: ApplicationsComponents) {
    this.#allowPrivateHosts = init.allowPrivateHosts ?? false
    this.#allowUnhashed = init.allowUnhashedBundles ?? false
    this.#inUse = init.inUse ?? (() => false)
    this.#onInstalled = init.onInstalled ?? (() => {})
    this.#blobs = components.blobs
    this.#rows = components.store
    this.#engine = components.engine
    this.#log = components.logger.child({ component: 'applications' })
  }

  async installFile(path: string, options: InstallOptions = {}): Promise<InstalledApplication> {
    checkOptions(fileSource(path), options)
    return this.installBytes(await readInstallFile(path), fileSource(path), options)
  }

  async installUrl(url: string, options: InstallOptions = {}): Promise<InstalledApplication> {
    checkOptions(url, options)
    const { signal } = options
    const bytes = await fetchInstallUrl(url, {
      allowPrivateHosts: this.#allowPrivateHosts,
      ...(signal === undefined ? {} : { signal }),
    })
    return this.installBytes(bytes, url, options)
  }

  async installBytes(
    bytes: Uint8Array,
    source: string,
    options: InstallOptions = {},
  ): Promise<InstalledApplication> {
    const family = await this.#inspect(bytes, source, options)
    const [application] = family
    const { signal } = options
    await this.#lock.run(idKey(application.id), async () => {
      const replaced = await this.#replaced(application)
      await this.#blobs.put(bytes, signal === undefined ? {} : { signal })
      await this.#write(family, undefined, replaced)
    })
    this.#installed(application)
    return application
  }

  /** What bytes are as applications. */
  async #inspect(bytes: Uint8Array, source: string, options: InstallOptions): Promise<Family> {
    checkOptions(source, options)
    const allowUnhashed = this.#allowUnhashed
    return inspectContents(this.#engine, bytes, source, { ...options, allowUnhashed })
  }

  #installed({ id, size }: InstalledApplication): void {
    this.#log.info({ application: toBase58(id), size }, 'application installed')
    this.#onInstalled(id)
  }

  async installBlob(
    blob: BlobId,
    source: string,
    options: InstallOptions = {},
  ): Promise<InstalledApplication> {
    checkOptions(source, options)
    const info = await this.#blobs.info(blob)
    if (info !== undefined && info.size > MAX_INSTALL_BYTES) throw tooLarge(info.size)
    return this.installBytes(await this.#blobs.bytes(blob), source, options)
  }

  async installRecord(record: ApplicationRecord): Promise<InstalledApplication> {
    const { id, blob, source, metadata } = record
    // of many contexts that fetch one application the first installs it
    return this.#lock.run(`record ${idKey(blob)}`, async () => {
      const known = await this.build(id, blob)
      if (known !== undefined) return known
      const family = await this.#inspect(await this.#blobs.bytes(blob), source, { metadata })
      const [whole] = family
      const application = family.find((each) => equalBytes(each.id, id))
      if (application === undefined) {
        throw applicationError(
          'APPLICATION_MISMATCH',
          `expected the application ${toBase58(id)} in its blob, got ${toBase58(whole.id)}`,
          { expected: toBase58(id), got: toBase58(whole.id) },
        )
      }
      await this.#lock.run(idKey(whole.id), async () => {
        const isFirst = (await this.#rows.get(rowKey(COLUMN.application, whole.id))) === undefined
        await this.#write(family, isFirst ? undefined : blob)
      })
      this.#installed(application)
      return application
    })
  }

  async build(id: ApplicationId, blob: BlobId): Promise<InstalledApplication | undefined> {
    for (const key of [[id], [id, blob]]) {
      const row = await this.#rows.get(rowKey(COLUMN.application, ...key))
      const application = row === undefined ? undefined : unlessDamaged(id, row)
      if (application !== undefined && equalBytes(application.blob, blob)) return application
    }
    return undefined
  }

  async recordAfter(runs: Running, next: ApplicationId): Promise<ApplicationRecord | undefined> {
    const { application, blob } = runs
    const known = await this.build(ApplicationId.from(application), BlobId.from(blob))
    const following = await this.get(next)
    if (known !== undefined && following !== undefined) checkSigner(known, following)
    // of several services the one goes on that the context runs
    const isOfSeveral = (following?.services?.length ?? 0) > 1
    return this.record(next, isOfSeveral ? known?.service : undefined)
  }

  async get(id: ApplicationId): Promise<InstalledApplication | undefined> {
    const row = await this.#rows.get(rowKey(COLUMN.application, id))
    return row === undefined ? undefined : decodeRecord(id, row)
  }

  async list(): Promise<readonly InstalledApplication[]> {
    const found: InstalledApplication[] = []
    for await (const [key, row] of this.#rows.iterate(columnRange(COLUMN.application))) {
      const id = ApplicationId.from(key.slice(1, 33))
      try {
        const application = decodeRecord(id, row)
        // services are shown by the bundle that names them
        if (application.service === undefined) found.push(application)
      } catch (err) {
        // one damaged row must not hide the others; get() of this very id says what is wrong
        this.#log.error({ err, application: toBase58(id) }, 'application row damaged')
      }
    }
    return found
  }

  async uninstall(id: ApplicationId): Promise<boolean> {
    const named = await this.#rows.get(rowKey(COLUMN.application, id))
    const known = named === undefined ? undefined : unlessDamaged(id, named)
    // a service goes with its bundle
    const whole =
      known?.service === undefined ? id : bundleApplicationId(known.package, known.version)
    return this.#lock.run(idKey(whole), async () => {
      const builds: BatchOp[] = []
      for (const each of [whole, ...(await this.#servicesOf(whole))]) {
        for await (const [key, row] of this.#rows.iterate(columnRange(COLUMN.application, each))) {
          const blob = unlessDamaged(each, row)?.blob
          if (blob !== undefined && (await this.#inUse(each, blob))) {
            throw applicationError(
              'APPLICATION_IN_USE',
              `application ${toBase58(each)} is run by a context; delete the context first`,
              { application: toBase58(each) },
            )
          }
          builds.push({ type: 'del', key })
        }
      }
      await this.#rows.batch(builds, { sync: true })
      return builds.length > 0
    })
  }

  /** Services that are applications of their own, of any build of a bundle. */
  async #servicesOf(id: ApplicationId): Promise<readonly ApplicationId[]> {
    const found = new Map<string, ApplicationId>()
    for await (const [, row] of this.#rows.iterate(columnRange(COLUMN.application, id))) {
      for (const { application } of unlessDamaged(id, row)?.services ?? []) {
        if (!equalBytes(application, id)) found.set(idKey(application), application)
      }
    }
    return [...found.values()]
  }

  async record(id: ApplicationId, service?: string): Promise<ApplicationRecord | undefined> {
    const application = await this.get(id)
    if (application === undefined) return undefined
    const { blob, size, source, metadata } = application
    const chosen = applicationOf(application, service)
    return { id: chosen, blob, size: BigInt(size), source, metadata }
  }

  async usesBlob(blob: BlobId): Promise<boolean> {
    return (await this.list()).some((application) => equalBytes(application.blob, blob))
  }

  async ensureLoaded(id: ApplicationId, blob?: BlobId): Promise<ModuleInfo> {
    const application = await (blob === undefined ? this.get(id) : this.build(id, blob))
    if (application === undefined) {
      throw applicationError(
        'APPLICATION_NOT_FOUND',
        `application ${toBase58(id)} is not installed`,
        { application: toBase58(id) },
      )
    }
    if (this.#engine.info(application.module.hash) !== undefined) return application.module
    const key = idKey(application.module.hash)
    let loading = this.#loading.get(key)
    if (loading === undefined) {
      loading = this.#load(application).finally(() => this.#loading.delete(key))
      this.#loading.set(key, loading)
    }
    return loading
  }

  async #load(application: InstalledApplication): Promise<ModuleInfo> {
    const bytes = await this.#blobs.bytes(application.blob)
    const module = await loadModule(this.#engine, bytes, application)
    if (encodeModule(module) !== encodeModule(application.module)) {
      // a newer engine knows more of an old module
      const { id, blob } = application
      await this.#lock.run(idKey(id), async () => {
        for (const parts of [[id], [id, blob]]) {
          const key = rowKey(COLUMN.application, ...parts)
          const row = await this.#rows.get(key)
          if (row === undefined) continue
          const now = unlessDamaged(id, row)
          if (now !== undefined && equalBytes(now.blob, blob)) {
            const value = encodeRecord({ ...now, module })
            await this.#rows.batch([{ type: 'put', key, value }], { sync: true })
          }
        }
      })
    }
    return module
  }

  /**
   * Refuses to replace what a context runs, or what somebody else signed: a bundle's id does not depend on its content. Resolves with the services of what is
   * replaced.
   */
  async #replaced(application: InstalledApplication): Promise<readonly ApplicationId[]> {
    const { id, blob } = application
    const row = await this.#rows.get(rowKey(COLUMN.application, id))
    const known = row === undefined ? undefined : unlessDamaged(id, row)
    if (known === undefined) return []
    const services = (known.services ?? []).map((each) => each.application)
    if (equalBytes(known.blob, blob)) return services
    checkSigner(known, application)
    for (const each of [id, ...services]) {
      if (!(await this.#inUse(each, known.blob))) continue
      throw applicationError(
        'APPLICATION_VERSION_TAKEN',
        `${known.package} ${known.version} is in use with other content; raise its version`,
        { application: toBase58(id), package: known.package, version: known.version },
      )
    }
    return services
  }

  /** Stores what was installed in place of what goes by these ids, or, with a blob, beside it. */
  async #write(
    family: Family,
    beside?: BlobId,
    replaced: readonly ApplicationId[] = [],
  ): Promise<void> {
    const keyOf = (id: ApplicationId): Uint8Array =>
      rowKey(COLUMN.application, id, ...(beside === undefined ? [] : [beside]))
    const gone = replaced.filter((id) => !family.some((each) => equalBytes(each.id, id)))
    await this.#rows.batch(
      [
        ...gone.map((id) => ({ type: 'del', key: keyOf(id) }) as const),
        ...family.map(
          (each) => ({ type: 'put', key: keyOf(each.id), value: encodeRecord(each) }) as const,
        ),
      ],
      { sync: true },
    )
  }
}

/** A row; undefined when it is damaged: installing again is the cure. */
function unlessDamaged(id: ApplicationId, row: Uint8Array): InstalledApplication | undefined {
  try {
    return decodeRecord(id, row)
  } catch {
    return undefined
  }
}

function checkOptions(source: string, options: InstallOptions): void {
  const lengths = [
    ['source', utf8(source).length, MAX_SOURCE_BYTES],
    ['metadata', options.metadata?.length ?? 0, MAX_METADATA_BYTES],
  ] as const
  for (const [what, got, max] of lengths) {
    if (got <= max) continue
    throw applicationError(
      'APPLICATION_LIMIT',
      `expected at most ${max} bytes of ${what}, got ${got}`,
      { max, got },
    )
  }
}
