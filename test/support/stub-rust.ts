/** A folder of PATH with what looks like Rust, and nothing else of that kind: see `run-stub-cargo.ts`. */
import { mkdir, symlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'

/** Variables of a machine with the stub. `folder`: where it may lie. */
export async function stubRust(folder: string): Promise<Readonly<Record<string, string>>> {
  const bin = join(folder, 'stub-bin')
  await mkdir(bin, { recursive: true })
  const stub = join(import.meta.dirname, 'run-stub-cargo.ts')
  for (const name of ['cargo', 'rustc']) await symlink(stub, join(bin, name))
  return { PATH: `${bin}:${dirname(process.execPath)}`, CARGO: '', RUSTC: '' }
}
