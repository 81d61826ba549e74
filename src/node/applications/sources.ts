/** Where the bytes of an application come from: a file of this machine, or an http(s) URL that may not reach into the local network. */
import { open } from 'node:fs/promises'
import { lookup } from 'node:dns/promises'
import { constants } from 'node:fs'
import http from 'node:http'
import https from 'node:https'
import { isIP, type LookupFunction } from 'node:net'
import { basename } from 'node:path'
import { isMerogateError, MerogateError, throwIfAborted } from '../errors.ts'
import { concat } from '../primitives/bytes.ts'
import { applicationError } from './errors.ts'
import {
  INSTALL_TIMEOUT_MS,
  MAX_INSTALL_BYTES,
  MAX_PATH_LENGTH,
  MAX_REDIRECTS,
  MAX_URL_LENGTH,
} from './limits.ts'
import { isPublicAddress } from './public-address.ts'

/** An address a name stands for. */
export interface ResolvedAddress {
  readonly address: string
  readonly family: number
}

export interface FetchOptions {
  /** Allow private, loopback and link-local addresses. @default false */
  readonly allowPrivateHosts?: boolean
  /** Bytes of the body. @default MAX_INSTALL_BYTES */
  readonly maxBytes?: number
  /** Time for everything, redirects and body included. @default INSTALL_TIMEOUT_MS */
  readonly timeoutMs?: number
  /** Addresses of a host name. @default the system's resolver */
  readonly resolve?: (hostname: string) => Promise<readonly ResolvedAddress[]>
  readonly signal?: AbortSignal
}

/** The `source` of an application installed from a file: its name without its folders, which nobody else needs to know. */
export function fileSource(path: string): string {
  return `file:${encodeURIComponent(basename(path))}`
}

/** The bytes of a regular file. @throws INSTALL_FILE_UNREADABLE (input), INSTALL_TOO_LARGE (limit) */
export async function readInstallFile(
  path: string,
  maxBytes: number = MAX_INSTALL_BYTES,
): Promise<Uint8Array> {
  if (path.length > MAX_PATH_LENGTH) {
    throw applicationError(
      'INSTALL_FILE_UNREADABLE',
      `expected a path of at most ${MAX_PATH_LENGTH} characters, got ${path.length}`,
      { max: MAX_PATH_LENGTH, got: path.length },
    )
  }
  try {
    // not blocking: opening a pipe would wait for its writer
    await using file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
    const stat = await file.stat()
    if (!stat.isFile()) {
      throw applicationError('INSTALL_FILE_UNREADABLE', `expected a regular file at ${path}`)
    }
    if (stat.size > maxBytes) throw tooLarge(maxBytes)
    const bytes = await file.readFile()
    if (bytes.length > maxBytes) throw tooLarge(maxBytes) // it grew meanwhile
    return bytes
  } catch (cause) {
    if (isMerogateError(cause)) throw cause
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw applicationError(
      'INSTALL_FILE_UNREADABLE',
      `cannot read ${path}: ${reason}`,
      {},
      { cause },
    )
  }
}

/**
 * The body behind an http(s) URL. Host names are resolved once and the connection goes to an address that was checked, for every
 * redirect anew; https never redirects to http. The proxy settings of the environment are not used.
 * @throws INSTALL_URL_INVALID (input), INSTALL_URL_REFUSED (denied), INSTALL_FETCH_FAILED, INSTALL_TIMEOUT (transport),
 * INSTALL_TOO_LARGE (limit), ABORTED
 */
export async function fetchInstallUrl(
  text: string,
  options: FetchOptions = {},
): Promise<Uint8Array> {
  const { timeoutMs = INSTALL_TIMEOUT_MS, signal: caller } = options
  let url = parseUrl(text)
  throwIfAborted(caller)
  const deadline = AbortSignal.timeout(timeoutMs)
  const signal = caller === undefined ? deadline : AbortSignal.any([deadline, caller])
  try {
    for (let redirects = 0; ; redirects++) {
      const next = await request(url, options, signal)
      if (next instanceof Uint8Array) return next
      if (redirects === MAX_REDIRECTS) {
        throw applicationError(
          'INSTALL_FETCH_FAILED',
          `expected at most ${MAX_REDIRECTS} redirects, got more`,
          { max: MAX_REDIRECTS },
        )
      }
      if (url.protocol === 'https:' && next.protocol !== 'https:') {
        throw refused(next, 'a redirect leaves https')
      }
      url = next
    }
  } catch (cause) {
    if (isMerogateError(cause)) throw cause
    if (caller?.aborted === true) {
      throw new MerogateError('ABORTED', 'aborted', 'the download was aborted by its caller')
    }
    if (deadline.aborted) {
      throw applicationError(
        'INSTALL_TIMEOUT',
        `the download from ${url.host} did not end within ${timeoutMs} ms`,
        { host: url.host, timeoutMs },
        { cause },
      )
    }
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw applicationError(
      'INSTALL_FETCH_FAILED',
      `cannot download from ${url.host}: ${reason}`,
      { host: url.host },
      { cause },
    )
  }
}

function parseUrl(text: string, base?: URL): URL {
  const readable = text.length <= MAX_URL_LENGTH && URL.canParse(text, base?.href)
  const url = readable ? new URL(text, base) : null
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw applicationError(
      'INSTALL_URL_INVALID',
      `expected an http or https URL of at most ${MAX_URL_LENGTH} characters`,
      { max: MAX_URL_LENGTH },
    )
  }
  // the URL becomes the application's source, which every member and the anchor's public can read
  if (url.username !== '' || url.password !== '') {
    throw applicationError('INSTALL_URL_INVALID', 'expected a URL without user name and password')
  }
  return url
}

/** One request: its body, or where it redirects to. */
async function request(
  url: URL,
  options: FetchOptions,
  signal: AbortSignal,
): Promise<Uint8Array | URL> {
  const { maxBytes = MAX_INSTALL_BYTES } = options
  const response = await connect(url, options, signal)
  try {
    const { statusCode: status = 0, headers } = response
    if ([301, 302, 303, 307, 308].includes(status) && headers.location !== undefined) {
      return parseUrl(headers.location, url)
    }
    if (status !== 200) {
      throw applicationError(
        'INSTALL_FETCH_FAILED',
        `expected status 200 from ${url.host}, got ${status}`,
        { host: url.host, status },
      )
    }
    if (Number(headers['content-length'] ?? 0) > maxBytes) throw tooLarge(maxBytes)
    const pieces: Uint8Array[] = []
    let length = 0
    for await (const piece of response as AsyncIterable<Uint8Array>) {
      // no encoding is set
      length += piece.length
      if (length > maxBytes) throw tooLarge(maxBytes)
      pieces.push(piece)
    }
    return concat(...pieces)
  } finally {
    response.destroy()
  }
}

function connect(
  url: URL,
  options: FetchOptions,
  signal: AbortSignal,
): Promise<http.IncomingMessage> {
  const { allowPrivateHosts = false } = options
  const host = url.hostname.replace(/^\[|\]$/g, '')
  // a literal address is never looked up, so it is checked here
  if (!allowPrivateHosts && isIP(host) !== 0 && !isPublicAddress(host)) throw refused(url)
  return new Promise((resolve, reject) => {
    const client = url.protocol === 'https:' ? https : http
    const request = client.get(
      url,
      {
        agent: false, // no pooled connection to an address that was not checked here
        lookup: checkedLookup(url, options),
        signal,
        headers: { accept: '*/*', 'accept-encoding': 'identity', 'user-agent': 'merogate' },
      },
      resolve,
    )
    request.on('error', reject)
  })
}

/** The lookup of a connection, which gets only addresses that may be reached. */
function checkedLookup(url: URL, options: FetchOptions): LookupFunction {
  const { allowPrivateHosts = false, resolve = systemResolve } = options
  return (hostname, settings, done) => {
    resolve(hostname).then(
      (addresses) => {
        const [first] = addresses
        const allowed = allowPrivateHosts || addresses.every((a) => isPublicAddress(a.address))
        if (first === undefined || !allowed) done(refused(url), '')
        else if (settings.all === true) done(null, [...addresses])
        else done(null, first.address, first.family)
      },
      (error: Error) => done(error, ''),
    )
  }
}

function systemResolve(hostname: string): Promise<readonly ResolvedAddress[]> {
  return lookup(hostname, { all: true })
}

// Says the name, never the address behind it: whoever may install must not learn what our resolver knows.
function refused(url: URL, reason = 'it is not a public address'): MerogateError {
  return applicationError(
    'INSTALL_URL_REFUSED',
    `refusing to download from ${url.host}: ${reason} (install.allow_private_hosts permits private ones)`,
    { host: url.host },
  )
}

function tooLarge(max: number): MerogateError {
  return applicationError(
    'INSTALL_TOO_LARGE',
    `expected an application of at most ${max} bytes, got more`,
    { max },
  )
}
