/** The version of this package, as package.json says it. */
import { readFileSync } from 'node:fs'

/** As in `1.2.3`; `0.0.0` where there is none. */
export function packageVersion(): string {
  const manifest: unknown = JSON.parse(
    readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
  )
  return typeof manifest === 'object' && manifest !== null && 'version' in manifest
    ? String(manifest.version)
    : '0.0.0'
}
