/** What installed bytes hold: one application, or one for each service of a bundle beside the one that names them. */
import { blobIdOfBytes } from '../blobs/chunks.ts'
import { throwIfAborted } from '../errors.ts'
import type { InstalledApplication, InstallOptions } from '../interface.ts'
import { EMPTY, equalBytes, toBase58 } from '../primitives/bytes.ts'
import { sha256 } from '../primitives/hash.ts'
import type { GuestEngine, ModuleInfo } from '../runtime/engine.ts'
import { bundleApplicationId, moduleApplicationId, serviceApplicationId } from './application-id.ts'
import { type BundleModule, isBundle, readBundle } from './bundle.ts'
import { applicationError } from './errors.ts'
import { BUNDLE_LIMITS, MAX_INSTALL_BYTES } from './limits.ts'
import type { ManifestOptions } from './manifest.ts'

/** The one that a bundle is as a whole comes first, then those of its services, where it has several. */
export type Family = readonly [InstalledApplication, ...InstalledApplication[]]

/** What a bare module has instead of a package, as upstream has it. */
const BARE = { package: 'unknown', version: '0.0.0' } as const

interface Contents {
  readonly package: string
  readonly version: string
  readonly signerId?: string
  readonly modules: readonly BundleModule[]
}

async function unpack(bytes: Uint8Array, options: ManifestOptions): Promise<Contents> {
  if (!isBundle(bytes)) {
    return { ...BARE, modules: [{ service: undefined, wasm: bytes, abi: undefined }] }
  }
  const { signerId, ...bundle } = await readBundle(bytes, BUNDLE_LIMITS, options)
  return signerId === undefined ? bundle : { ...bundle, signerId }
}

/** What a module says of itself goes before what lies beside it. */
function described(module: ModuleInfo, abi: unknown): ModuleInfo {
  return module.abi !== undefined || abi === undefined ? module : { ...module, abi }
}

/** What bytes are as applications. @throws BUNDLE_*, INSTALL_*, RUNTIME_* */
export async function inspectContents(
  engine: Pick<GuestEngine, 'inspect'>,
  bytes: Uint8Array,
  source: string,
  options: InstallOptions & ManifestOptions,
): Promise<Family> {
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
  const { modules, ...named } = await unpack(bytes, options)
  const parts = { blob: blobIdOfBytes(bytes), size: bytes.length, source, metadata }
  const { package: name, version } = named
  const id = isBundle(bytes) ? bundleApplicationId(name, version) : moduleApplicationId(parts)
  const isOne = modules.length === 1
  const family: InstalledApplication[] = []
  for (const { service, wasm, abi } of modules) {
    const module = described(await engine.inspect(wasm), abi)
    const own = isOne || service === undefined ? id : serviceApplicationId(name, version, service)
    const called = isOne || service === undefined ? {} : { service }
    family.push({ id: own, ...parts, ...named, ...called, module })
  }
  const services = modules.flatMap(({ service }, at) => {
    const application = family[at]?.id ?? id
    return service === undefined ? [] : [{ name: service, application }]
  })
  const [first, ...others] = family
  if (first === undefined) throw applicationError('BUNDLE_INVALID', 'expected a module, got none')
  const whole = services.length === 0 ? {} : { services }
  if (isOne) return [{ ...first, ...whole }]
  return [{ id, ...parts, ...named, ...whole, module: first.module }, first, ...others]
}

/** Loads the module of an application out of the bytes it was installed from. */
export async function loadModule(
  engine: Pick<GuestEngine, 'load'>,
  bytes: Uint8Array,
  application: Pick<InstalledApplication, 'service'>,
): Promise<ModuleInfo> {
  // who signed it was looked at when it was installed
  const { modules } = await unpack(bytes, { allowUnhashed: true })
  const { service } = application
  const found =
    service === undefined ? modules[0] : modules.find((each) => each.service === service)
  if (found === undefined) {
    throw applicationError('BUNDLE_INVALID', `expected a service ${service ?? ''} in the bundle`)
  }
  return described(await engine.load(found.wasm), found.abi)
}

export function tooLarge(got: number): Error {
  return applicationError(
    'INSTALL_TOO_LARGE',
    `expected an application of at most ${MAX_INSTALL_BYTES} bytes, got ${got}`,
    { max: MAX_INSTALL_BYTES, got },
  )
}
