/** `/auth/login`: the page where people sign in, with their password or a wallet, for themselves or an application. Static, and read once. */
import { readdirSync, readFileSync } from 'node:fs'
import { extname, join } from 'node:path'
import type { Router } from 'express'
import { serverError } from './errors.ts'
import { type Handler, route } from './routes.ts'

/** Where the build writes it: beside this file's folder in the package, in `dist` of a checkout. */
export const LOGIN_PAGE_FOLDER: string = join(
  import.meta.dirname,
  import.meta.filename.endsWith('.ts') ? '../../dist/login-page' : '../login-page',
)

export interface LoginPageInit {
  /** Origins that get tokens, besides this machine's. */
  readonly allowedOrigins: ReadonlySet<string>
  /** @default LOGIN_PAGE_FOLDER */
  readonly folder?: string
}

/**
 * Nothing but its own files, and no page around it. Wallets live in worlds of their own; their pictures come as data. A window that it opens keeps
 * knowing it, as Internet Identity needs.
 */
const HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
  'cross-origin-opener-policy': 'same-origin-allow-popups',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'permissions-policy': 'camera=(), geolocation=(), microphone=()',
}

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
}

/** Names of assets have the hash of their content. */
const FOR_EVER = 'public, max-age=31536000, immutable'

/** What of the HTML stands for the origins. */
const PLACE = '<meta name="callback-origins" content="" />'

/** Routes `/auth/login` and `/auth/assets/:name`. */
export function loginPageRoutes(router: Router, init: LoginPageInit): void {
  let read: Page | undefined
  // what was not built yet is looked for again
  const page = (): Page | undefined => (read ??= readPage(init))
  route(router, '/auth/login', { get: sends(() => page()?.html, 'text/html; charset=utf-8') })
  route(router, '/auth/assets/:name', {
    get: (req, res) => {
      const { name } = req.params
      const asset = typeof name === 'string' ? page()?.assets.get(name) : undefined
      if (asset === undefined) throw serverError('SERVER_ROUTE_UNKNOWN', 'missing', 'no such file')
      res.set(HEADERS).set({ 'content-type': asset.type, 'cache-control': FOR_EVER })
      res.send(asset.bytes)
      return undefined
    },
  })
}

interface Asset {
  readonly bytes: Buffer
  readonly type: string
}

interface Page {
  readonly html: string
  readonly assets: ReadonlyMap<string, Asset>
}

/** Undefined when it was not built. */
function readPage({ folder = LOGIN_PAGE_FOLDER, allowedOrigins }: LoginPageInit): Page | undefined {
  try {
    const assets = join(folder, 'assets')
    return {
      html: withOrigins(readFileSync(join(folder, 'index.html'), 'utf8'), allowedOrigins),
      assets: new Map(readdirSync(assets).map((name) => [name, readAsset(join(assets, name))])),
    }
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}

function readAsset(path: string): Asset {
  return { bytes: readFileSync(path), type: TYPES[extname(path)] ?? 'application/octet-stream' }
}

/** Origins have none of the characters that end an attribute (RFC 6454 6.2); what is no origin is left out. */
function withOrigins(html: string, allowed: ReadonlySet<string>): string {
  const origins = [...allowed].filter((text) => URL.canParse(text) && new URL(text).origin === text)
  return html.replace(PLACE, () => PLACE.replace('""', `"${origins.join(' ')}"`))
}

function sends(text: () => string | undefined, type: string): Handler {
  return (_req, res) => {
    const found = text()
    if (found === undefined) {
      const message = 'the login page is not there: build it with `npm run build`'
      throw serverError('SERVER_NOT_STARTED', 'conflict', message)
    }
    res.set(HEADERS).set({ 'content-type': type, 'cache-control': 'no-store' }).send(found)
    return undefined
  }
}
