/**
 * Installed applications: bytes become a blob and a record, and, when a context needs them, a module loaded in the engine.
 * Ids are derived from content (see `application-id.ts`), so every node names the same application alike.
 */
import type { ApplicationRecord } from '../anchor/anchor.ts'
import type { BlobStore } from '../blobs/blobs.ts'
import { blobIdOfBytes } from '../blobs/chunks.ts'
import { KeyedLock } from '../blobs/keyed-lock.ts'
import { throwIfAborted } from '../errors.ts'
import type { Applications, InstalledApplication, InstallOptions } from '../interface.ts'
import { EMPTY, equalBytes, toBase58, utf8 } from '../primitives/bytes.ts'
import { sha256 } from '../primitives/hash.ts'
import { ApplicationId, type BlobId, idKey } from '../primitives/ids.ts'
import type { Logger } from '../primitives/logger.ts'
import type { GuestEngine, ModuleInfo } from '../runtime/engine.ts'
import { COLUMN, columnRange, rowKey } from '../store/keys.ts'
import type { Store } from '../store/store.ts'
import { bundleApplicationId, moduleApplicationId } from './application-id.ts'
import { isBundle, readBundle } from './bundle.ts'
import { applicationError } from './errors.ts'
import { MAX_INSTALL_BYTES, MAX_METADATA_BYTES, MAX_SOURCE_BYTES } from './limits.ts'
import { decodeRecord, encodeModule, encodeRecord } from './record.ts'
import { fetchInstallUrl, fileSource, readInstallFile } from './sources.ts'

export interface ApplicationsInit {
  /** Let {@link Applications.installUrl} reach private, loopback and link-local addresses. @default false */
  readonly allowPrivateHosts?: boolean
  /** Whether a context runs the application. @default none does */
  readonly inUse?: (id: ApplicationId) => boolean | Promise<boolean>
}

export interface ApplicationsComponents {
  readonly blobs: Pick<BlobStore, 'put' | 'info' | 'bytes'>
  readonly store: Pick<Store, 'get' | 'batch' | 'iterate'>
  readonly engine: Pick<GuestEngine, 'inspect' | 'load' | 'info'>
  readonly logger: Logger
}

/** {@link Applications} and what the rest of the node needs of them. */
export interface NodeApplications extends Applications {
  /** Loads the application's module into the engine, once. @throws APPLICATION_NOT_FOUND (missing), BLOB_CORRUPT, RUNTIME_* */
  ensureLoaded(id: ApplicationId): Promise<ModuleInfo>
  /** The application as an anchor records it. */
  record(id: ApplicationId): Promise<ApplicationRecord | undefined>
  /** Whether an installed application is kept in this blob. */
  usesBlob(blob: BlobId): Promise<boolean>
}

/** The applications of a node. */
export function applications(
  init: ApplicationsInit = {},
): (components: ApplicationsComponents) => NodeApplications {
  return (components) => new StoredApplications(init, components)
}

/** What a bare module has instead of a package, as upstream has it. */
const BARE = { package: 'unknown', version: '0.0.0' } as const

class StoredApplications implements NodeApplications {
  readonly #allowPrivateHosts: boolean
  readonly #inUse: (id: ApplicationId) => boolean | Promise<boolean>
  readonly #blobs: ApplicationsComponents['blobs']
  readonly #rows: ApplicationsComponents['store']
  readonly #engine: ApplicationsComponents['engine']
  readonly #log: Logger
  readonly #lock = new KeyedLock()
  readonly #loading = new Map<string, Promise<ModuleInfo>>()

  constructor(init: ApplicationsInit, components: ApplicationsComponents) {
    this.#allowPrivateHosts = init.allowPrivateHosts ?? false
    this.#inUse = init.inUse ?? (() => false)
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
    checkOptions(source, options)
    if (bytes.length > MAX_INSTALL_BYTES) throw tooLarge(bytes.length)
    const { hash, metadata = EMPTY, signal } = options
    const actual = sha256(bytes)
    if (hash !== undefined && !equalBytes(hash, actual)) {
      throw applicationError(
        'INSTALL_HASH_MISMATCH',
        `expected bytes with SHA-256 ${toBase58(hash)}, got ${toBase58(actual)}`,
        { expected: toBase58(hash), got: toBase58(actual) },
      )
    }
    throwIfAborted(signal)
    const { wasm, ...named } = await unpack(bytes)
    const module = this.#engine.inspect(wasm)
    const parts = { blob: blobIdOfBytes(bytes), size: bytes.length, source, metadata }
    const id = isBundle(bytes)
      ? bundleApplicationId(named.package, named.version)
      : moduleApplicationId(parts)
    const application = { id, ...parts, ...named, module }
    await this.#lock.run(idKey(id), async () => {
      await this.#checkVersion(application)
      await this.#blobs.put(bytes, signal === undefined ? {} : { signal })
      await this.#write(application)
    })
    this.#log.info({ application: toBase58(id), size: parts.size }, 'application installed')
    return application
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

  async get(id: ApplicationId): Promise<InstalledApplication | undefined> {
    const row = await this.#rows.get(rowKey(COLUMN.application, id))
    return row === undefined ? undefined : decodeRecord(id, row)
  }

  async list(): Promise<readonly InstalledApplication[]> {
    const found: InstalledApplication[] = []
    for await (const [key, row] of this.#rows.iterate(columnRange(COLUMN.application))) {
      const id = ApplicationId.from(key.slice(1))
      try {
        found.push(decodeRecord(id, row))
      } catch (err) {
        // one damaged row must not hide the others; get() of this very id says what is wrong
        this.#log.error({ err, application: toBase58(id) }, 'application row damaged')
      }
    }
    return found
  }

  uninstall(id: ApplicationId): Promise<boolean> {
    return this.#lock.run(idKey(id), async () => {
      const key = rowKey(COLUMN.application, id)
      if ((await this.#rows.get(key)) === undefined) return false
      if (await this.#inUse(id)) {
        throw applicationError(
          'APPLICATION_IN_USE',
          `application ${toBase58(id)} is run by a context; delete the context first`,
          { application: toBase58(id) },
        )
      }
      await this.#rows.batch([{ type: 'del', key }], { sync: true })
      return true
    })
  }

  async record(id: ApplicationId): Promise<ApplicationRecord | undefined> {
    const application = await this.get(id)
    if (application === undefined) return undefined
    const { blob, size, source, metadata } = application
    return { id, blob, size: BigInt(size), source, metadata }
  }

  async usesBlob(blob: BlobId): Promise<boolean> {
    return (await this.list()).some((application) => equalBytes(application.blob, blob))
  }

  async ensureLoaded(id: ApplicationId): Promise<ModuleInfo> {
    const application = await this.get(id)
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
    const { wasm } = await unpack(await this.#blobs.bytes(application.blob))
    const module = await this.#engine.load(wasm)
    if (encodeModule(module) !== encodeModule(application.module)) {
      // a newer engine knows more of an old module
      await this.#lock.run(idKey(application.id), async () => {
        const now = await this.get(application.id)
        if (now !== undefined && equalBytes(now.blob, application.blob)) {
          await this.#write({ ...now, module })
        }
      })
    }
    return module
  }

  /** Refuses to replace what a context runs: a bundle's id does not depend on its content. */
  async #checkVersion(application: InstalledApplication): Promise<void> {
    const { id, blob } = application
    const row = await this.#rows.get(rowKey(COLUMN.application, id))
    if (row === undefined) return
    let known: InstalledApplication
    try {
      known = decodeRecord(id, row)
    } catch {
      return // damaged: installing again is the cure
    }
    if (equalBytes(known.blob, blob) || !(await this.#inUse(id))) return
    throw applicationError(
      'APPLICATION_VERSION_TAKEN',
      `${known.package} ${known.version} is in use with other content; raise its version`,
      { application: toBase58(id), package: known.package, version: known.version },
    )
  }

  async #write(application: InstalledApplication): Promise<void> {
    const key = rowKey(COLUMN.application, application.id)
    await this.#rows.batch([{ type: 'put', key, value: encodeRecord(application) }], { sync: true })
  }
}

interface Unpacked {
  readonly package: string
  readonly version: string
  readonly signerId?: string
  readonly wasm: Uint8Array
}

async function unpack(bytes: Uint8Array): Promise<Unpacked> {
  if (!isBundle(bytes)) return { ...BARE, wasm: bytes }
  const { signerId, ...bundle } = await readBundle(bytes)
  return signerId === undefined ? bundle : { ...bundle, signerId }
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

function tooLarge(got: number): Error {
  return applicationError(
    'INSTALL_TOO_LARGE',
    `expected an application of at most ${MAX_INSTALL_BYTES} bytes, got ${got}`,
    { max: MAX_INSTALL_BYTES, got },
  )
}
