/** Any Rust that compiles to WebAssembly: rustup's with its wasm target, or Debian's with the sources of the library. */
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { cliError } from '../errors.ts'
import { findPrograms, runProgram } from './run.ts'

export const TARGET = 'wasm32-unknown-unknown'

/** How Cargo is run. */
export interface Toolchain {
  readonly cargo: string
  /** What it is told besides what every build is. */
  readonly flags: readonly string[]
  readonly env: NodeJS.ProcessEnv
  /** For people. */
  readonly version: string
}

/**
 * The first that can build for the folder: Cargo of `$CARGO`, or of any folder of PATH, since rustup's may hide Debian's. The folder may choose
 * among rustup's toolchains. @throws CLI_BUILD with what to install
 */
export async function findToolchain(folder: string): Promise<Toolchain> {
  const named = process.env['CARGO'] ?? ''
  const cargos = [...(existsSync(named) ? [named] : []), ...findPrograms('cargo')]
  for (const cargo of new Set(cargos)) {
    const found = await check(cargo, folder)
    if (found !== undefined) return found
  }
  throw cliError('CLI_BUILD', missingText(cargos.length > 0))
}

/** What to install. */
function missingText(hasCargo: boolean): string {
  const rustup = hasCargo
    ? `\`rustup target add ${TARGET}\``
    : `Rust from https://rustup.rs, then \`rustup target add ${TARGET}\``
  const debian = '`apt-get install rustc-web cargo-web rust-web-src lld`'
  const what = hasCargo ? `cargo cannot build for ${TARGET}` : 'there is no cargo'
  return `${what}: install ${rustup}, or on Debian ${debian}`
}

async function check(cargo: string, folder: string): Promise<Toolchain | undefined> {
  const told = process.env['RUSTC'] || undefined
  const beside = join(dirname(cargo), 'rustc')
  const rustc = told ?? (existsSync(beside) ? beside : 'rustc')
  const ask = async (program: string, ...args: string[]): Promise<string | undefined> => {
    const { code, lines } = await runProgram(program, args, { cwd: folder })
    return code === 0 ? lines[0] : undefined
  }
  const version = await ask(cargo, '--version')
  if (version === undefined) return undefined
  const compiled = await ask(rustc, '--print', 'target-libdir', '--target', TARGET)
  const env = { ...process.env, RUSTC: rustc }
  if (compiled !== undefined && existsSync(compiled)) return { cargo, flags: [], env, version }
  const sysroot = await ask(rustc, '--print', 'sysroot')
  if (!existsSync(join(sysroot ?? '/', 'lib/rustlib/src/rust/library/std'))) return undefined
  const [linker] = findPrograms('wasm-ld')
  if (linker === undefined) return undefined
  // opens -Z flags on a stable compiler
  const opened = { RUSTC_BOOTSTRAP: '1', CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER: linker }
  return { cargo, flags: ['-Zbuild-std=std,panic_abort'], env: { ...env, ...opened }, version }
}
