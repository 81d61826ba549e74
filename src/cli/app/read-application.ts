/** The file of an application, read whole: the module, and what its bundle says about it. */
import { readArchive } from '../../node/applications/archive.ts'
import { type Bundle, isBundle, readBundle } from '../../node/applications/bundle.ts'
import { readInstallFile } from '../../node/applications/sources.ts'
import { gzip, tar } from '../../node/applications/tar.ts'
import { isMerogateError } from '../../node/errors.ts'
import { EMPTY, fromUtf8, utf8 } from '../../node/primitives/bytes.ts'
import { cliError } from '../errors.ts'

/** What a file holds. */
export interface ApplicationFile {
  readonly kind: 'module' | 'bundle'
  readonly size: number
  readonly wasm: Uint8Array
  /** The interface description beside the module in its bundle. */
  readonly abi: unknown
  /** Of a bundle. */
  readonly package?: string
  readonly version?: string
  /** Names of its services, and which of them {@link wasm} is. @default none */
  readonly services?: readonly string[]
  readonly service?: string | undefined
  readonly signature: Signature
}

export type Signature =
  | { readonly state: 'none' }
  | { readonly state: 'valid'; readonly signer: string }
  /** No node installs it. */
  | { readonly state: 'invalid'; readonly reason: string }

const NONE: Signature = { state: 'none' }
const MANIFEST_NAME = 'manifest.json'

/**
 * Reads a `.wasm` or `.mpk`. `service`: which of a bundle's services, the first unless it is said.
 * @throws INSTALL_*, BUNDLE_* of what no node installs, but for a signature that is not valid; CLI_NOT_FOUND (missing) without that service
 */
export async function readApplication(path: string, service?: string): Promise<ApplicationFile> {
  const bytes = await readInstallFile(path)
  const { length: size } = bytes
  if (!isBundle(bytes)) {
    return { kind: 'module', size, wasm: bytes, abi: undefined, signature: NONE }
  }
  const { bundle, signature } = await readSigned(bytes)
  const { package: name, version, modules } = bundle
  const services = modules.flatMap((module) => module.service ?? [])
  const found = modules.find((module) => service === undefined || module.service === service)
  if (found === undefined) {
    const known = services.length === 0 ? 'none' : services.join(', ')
    throw cliError('CLI_NOT_FOUND', `there is no service ${service} in ${path}: it has ${known}`)
  }
  const named = { package: name, version, services, service: found.service }
  return { kind: 'bundle', size, wasm: found.wasm, abi: found.abi, ...named, signature }
}

/** A bundle whose signature is not valid is read without it, so that the rest can be told. */
async function readSigned(bytes: Uint8Array): Promise<{ bundle: Bundle; signature: Signature }> {
  try {
    const bundle = await readBundle(bytes)
    const { signerId: signer } = bundle
    return { bundle, signature: signer === undefined ? NONE : { state: 'valid', signer } }
  } catch (error) {
    if (!isMerogateError(error, 'BUNDLE_SIGNATURE_INVALID')) throw error
    const bundle = await readBundle(await withoutSignature(bytes))
    return { bundle, signature: { state: 'invalid', reason: error.message } }
  }
}

async function withoutSignature(bytes: Uint8Array): Promise<Uint8Array> {
  const { files } = await readArchive(bytes)
  // it is an object: its signature was read before
  const manifest = jsonOf(files.get(MANIFEST_NAME)) as Readonly<Record<string, unknown>>
  const unsigned = utf8(JSON.stringify({ ...manifest, signature: null }))
  return gzip(tar([...new Map(files).set(MANIFEST_NAME, unsigned)]))
}

/** What is no JSON is nothing. */
function jsonOf(bytes: Uint8Array = EMPTY): unknown {
  try {
    return JSON.parse(fromUtf8(bytes))
  } catch {
    return undefined
  }
}
