/** The files inside an `.mpk`: a gzipped tar, read into memory within bounds. Nothing is ever written to a path of its choosing. */
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { extract, type Headers } from 'tar-stream'
import { isMerogateError } from '../errors.ts'
import { concat } from '../primitives/bytes.ts'
import { applicationError } from './errors.ts'
import { BUNDLE_LIMITS, type BundleLimits, MAX_ENTRY_NAME_LENGTH } from './limits.ts'

const inflate = promisify(gunzip)

/** Whether bytes begin as gzip does, which no WebAssembly module can. */
export function isGzip(bytes: Uint8Array): boolean {
  return bytes.length > 2 && bytes[0] === 0x1f && bytes[1] === 0x8b && bytes[2] === 8
}

/** What an archive holds. */
export interface Archive {
  /** Regular files by name, `./` removed in front. */
  readonly files: ReadonlyMap<string, Uint8Array>
  /** Names that stand in it more than once: which of the files is meant nobody can say, and most are of no interest. */
  readonly repeated: ReadonlySet<string>
}

/**
 * Reads an archive whole. @throws BUNDLE_INVALID, BUNDLE_PATH_UNSAFE (input): links, devices, absolute names, `..`;
 * BUNDLE_TOO_LARGE (limit)
 */
export async function readArchive(
  bytes: Uint8Array,
  limits: BundleLimits = BUNDLE_LIMITS,
): Promise<Archive> {
  return readTar(await gunzipBounded(bytes, limits), limits)
}

async function gunzipBounded(bytes: Uint8Array, limits: BundleLimits): Promise<Uint8Array> {
  try {
    return await inflate(bytes, { maxOutputLength: limits.inflatedBytes })
  } catch (cause) {
    // zlib errors carry a code
    if ((cause as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') {
      throw tooLarge('inflated bytes', limits.inflatedBytes)
    }
    throw applicationError(
      'BUNDLE_INVALID',
      `expected a gzipped archive, got ${bytes.length} bytes that do not inflate`,
      { length: bytes.length },
      { cause },
    )
  }
}

function readTar(tar: Uint8Array, limits: BundleLimits): Promise<Archive> {
  const files = new Map<string, Uint8Array>()
  const repeated = new Set<string>()
  const archive = extract()
  let entries = 0
  return new Promise((resolve, reject) => {
    const fail = (cause?: unknown): void => {
      reject(
        isMerogateError(cause)
          ? cause
          : applicationError('BUNDLE_INVALID', 'expected a tar archive', {}, { cause }),
      )
    }
    archive.on('entry', (header: Headers, content, next) => {
      content.on('error', () => {}) // the archive fails with the same error
      let name: string | undefined
      try {
        if (++entries > limits.entries) throw tooLarge('entries', limits.entries)
        name = checkHeader(header, limits)
      } catch (error) {
        archive.destroy(error as Error) // only MerogateErrors are thrown above
        return
      }
      const pieces: Uint8Array[] = []
      content.on('data', (piece: Uint8Array) => pieces.push(piece))
      content.on('end', () => {
        const [only, ...more] = pieces
        const whole = only !== undefined && more.length === 0 ? only : concat(...pieces)
        if (name !== undefined && files.has(name)) repeated.add(name)
        else if (name !== undefined) files.set(name, whole)
        next()
      })
    })
    archive.on('error', fail)
    archive.on('finish', () => resolve({ files, repeated }))
    archive.on('close', () => fail()) // no effect after finish
    archive.end(tar)
  })
}

/** The name of a regular file; undefined for what is skipped. */
function checkHeader(header: Headers, limits: BundleLimits): string | undefined {
  const { type, size } = header
  // an extended header may say NaN or less than nothing, which would stall the reader
  if (!Number.isSafeInteger(size) || (size ?? 0) < 0) {
    throw applicationError('BUNDLE_INVALID', 'expected a size in every archive header')
  }
  if ((size ?? 0) > limits.entryBytes) throw tooLarge('bytes of one file', limits.entryBytes)
  const name = header.name.replace(/^(\.\/)+/, '')
  const unsafe =
    name.length > MAX_ENTRY_NAME_LENGTH ||
    /^[/\\]|^[A-Za-z]:|[\\\0]/.test(name) ||
    name.split('/').includes('..')
  if (unsafe || (type !== 'file' && type !== 'contiguous-file' && type !== 'directory')) {
    throw applicationError(
      'BUNDLE_PATH_UNSAFE',
      `expected plain files inside the bundle, got ${type ?? 'an entry'} ${JSON.stringify(name.slice(0, 80))}`,
    )
  }
  return type === 'directory' ? undefined : name
}

function tooLarge(what: string, max: number): Error {
  return applicationError(
    'BUNDLE_TOO_LARGE',
    `expected a bundle of at most ${max} ${what}, got more`,
    { max },
  )
}
