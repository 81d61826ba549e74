/** The node's own key: one ed25519 seed in `<home>/node.key` (hexadecimal, mode 600). It is the peer id, and what secrets at rest are sealed with. */
import { mkdir, open, readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { MerogateError } from './errors.ts'
import { fromHex, toHex } from './primitives/bytes.ts'
import type { Random } from './primitives/clock.ts'

/** Name of the file in the node's home. */
export const NODE_KEY_FILE = 'node.key'

/** Reads the seed, or makes one in a new home. @throws NODE_KEY_INVALID (corrupt) */
export async function loadNodeKey(home: string, random: Random): Promise<Uint8Array> {
  const path = join(home, NODE_KEY_FILE)
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw invalid(path, error) // fs errors carry a code
    return createNodeKey(home, path, random)
  }
  const trimmed = text.trim()
  if (!/^[0-9a-f]{64}$/.test(trimmed)) throw invalid(path)
  return fromHex(trimmed)
}

async function createNodeKey(home: string, path: string, random: Random): Promise<Uint8Array> {
  await mkdir(home, { recursive: true, mode: 0o700 })
  const seed = random.bytes(32)
  const temporary = `${path}.new`
  const file = await open(temporary, 'w', 0o600)
  try {
    await file.writeFile(`${toHex(seed)}\n`)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(temporary, path)
  return seed
}

function invalid(path: string, cause?: unknown): MerogateError {
  return new MerogateError(
    'NODE_KEY_INVALID',
    'corrupt',
    `expected 64 hexadecimal digits in ${path}: restore the file, without it the stored keys cannot be opened`,
    { path },
    { cause },
  )
}
