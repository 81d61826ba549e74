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
import { ApplicationId, BlobId, idKey } from '../primitives/ids.ts'
import type { Logger } from '../primitives/logger.ts'
import type { GuestEngine, ModuleInfo } from '../runtime/engine.ts'
import { COLUMN, columnRange, rowKey } from '../store/keys.ts'
import type { BatchOp, Store } from '../store/store.ts'
import { bundleApplicationId, moduleApplicationId } from './application-id.ts'
import { isBundle, readBundle } from './bundle.ts'
import { applicationError } from './errors.ts'
import { MAX_INSTALL_BYTES, MAX_METADATA_BYTES, MAX_SOURCE_BYTES } from './limits.ts'
import { decodeRecord, encodeModule, encodeRecord } from './record.ts'
import { fetchInstallUrl, fileSource, readInstallFile } from './sources.ts'

export interface ApplicationsInit {
  /** Let {@link Applications.installUrl} reach private, loopback and link-local addresses. @default false */
  readonly allowPrivateHosts?: boolean
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
  /** The application as an anchor records it. */
  record(id: ApplicationId): Promise<ApplicationRecord | undefined>
  /**
   * The same for one that takes over from the build that a context runs: what is signed is followed by its signer only.
   * @throws APPLICATION_SIGNER (denied)
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

/** What a bare module has instead of a package, as upstream has it. */
const BARE = { package: 'unknown', version: '0.0.0' } as const

class StoredApplications implements NodeApplications {
  readonly #allowPrivateHosts: boolean
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
    const application = await this.#inspect(bytes, source, options)
    const { signal } = options
    await this.#lock.run(idKey(application.id), async () => {
      await this.#checkReplaced(application)
      await this.#blobs.put(bytes, signal === undefined ? {} : { signal })
      await this.#write(rowKey(COLUMN.application, application.id), application)
    })
    this.#installed(application)
    return application
  }

  /** What bytes are as an application. */
  async #inspect(
    bytes: Uint8Array,
    source: string,
    options: InstallOptions,
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
    const module = await this.#engine.inspect(wasm)
    const parts = { blob: blobIdOfBytes(bytes), size: bytes.length, source, metadata }
    const id = isBundle(bytes)
      ? bundleApplicationId(named.package, named.version)
      : moduleApplicationId(parts)
    return { id, ...parts, ...named, module }
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
      const application = await this.#inspect(await this.#blobs.bytes(blob), source, { metadata })
      if (!equalBytes(application.id, id)) {
        throw applicationError(
          'APPLICATION_MISMATCH',
          `expected the application ${toBase58(id)} in its blob, got ${toBase58(application.id)}`,
          { expected: toBase58(id), got: toBase58(application.id) },
        )
      }
      await this.#lock.run(idKey(id), async () => {
        const isFirst = (await this.#rows.get(rowKey(COLUMN.application, id))) === undefined
        const key = isFirst ? [id] : [id, blob]
        await this.#write(rowKey(COLUMN.application, ...key), application)
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
    return this.record(next)
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
      const builds: BatchOp[] = []
      for await (const [key, row] of this.#rows.iterate(columnRange(COLUMN.application, id))) {
        const blob = unlessDamaged(id, row)?.blob
        if (blob !== undefined && (await this.#inUse(id, blob))) {
          throw applicationError(
            'APPLICATION_IN_USE',
            `application ${toBase58(id)} is run by a context; delete the context first`,
            { application: toBase58(id) },
          )
        }
        builds.push({ type: 'del', key })
      }
      await this.#rows.batch(builds, { sync: true })
      return builds.length > 0
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
    const { wasm } = await unpack(await this.#blobs.bytes(application.blob))
    const module = await this.#engine.load(wasm)
    if (encodeModule(module) !== encodeModule(application.module)) {
      // a newer engine knows more of an old module
      const { id, blob } = application
      await this.#lock.run(idKey(id), async () => {
        for (const parts of [[id], [id, blob]]) {
          const key = rowKey(COLUMN.application, ...parts)
          const row = await this.#rows.get(key)
          if (row === undefined) continue
          const now = unlessDamaged(id, row)
          if (now !== undefined && equalBytes(now.blob, blob))
            await this.#write(key, { ...now, module })
        }
      })
    }
    return module
  }

  /** Refuses to replace what a context runs, or what somebody else signed: a bundle's id does not depend on its content. */
  async #checkReplaced(application: InstalledApplication): Promise<void> {
    const { id, blob } = application
    const row = await this.#rows.get(rowKey(COLUMN.application, id))
    if (row === undefined) return
    const known = unlessDamaged(id, row)
    if (known === undefined) return
    if (equalBytes(known.blob, blob)) return
    checkSigner(known, application)
    if (!(await this.#inUse(id, known.blob))) return
    throw applicationError(
      'APPLICATION_VERSION_TAKEN',
      `${known.package} ${known.version} is in use with other content; raise its version`,
      { application: toBase58(id), package: known.package, version: known.version },
    )
  }

  async #write(key: Uint8Array, application: InstalledApplication): Promise<void> {
    await this.#rows.batch([{ type: 'put', key, value: encodeRecord(application) }], { sync: true })
  }
}

/**
 * That what follows a signed package comes from its signer: the name of a package proves nothing by itself.
 * @throws APPLICATION_SIGNER (denied)
 */
function checkSigner(known: Signed, next: Signed): void {
  const { package: name, signerId: expected } = known
  if (next.package !== name || expected === undefined || expected === next.signerId) return
  const got = next.signerId ?? null
  throw applicationError(
    'APPLICATION_SIGNER',
    `${name} ${known.version} is signed by ${expected}: expected what follows it from the same signer, got ${got ?? 'no signature'}; another package may have another signer`,
    { package: name, expected, got },
  )
}

type Signed = Pick<InstalledApplication, 'package' | 'version' | 'signerId'>

/** A row; undefined when it is damaged: installing again is the cure. */
function unlessDamaged(id: ApplicationId, row: Uint8Array): InstalledApplication | undefined {
  try {
    return decodeRecord(id, row)
  } catch {
    return undefined
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
  const { signerId, abi: _abi, ...bundle } = await readBundle(bytes)
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
