/** Debian's Rust compiler with library sources, by which anybody gets the same bytes: where it is, whether it is complete, how it is run. */
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { findPrograms } from '../../src/cli/app/run.ts'

interface Tool {
  readonly path: string
  /** Debian package that brings it. */
  readonly package: string
}

/** A failure that the message explains fully, so that no stack trace is shown. */
export class BuildError extends Error {
  override readonly name = 'BuildError'
}

/**
 * The compilers and linkers by the names that `dist/manifest.json` records. Not those of PATH: rustup's come first on many, and have neither
 * this target nor library sources.
 */
export const TOOLS: Readonly<Record<'rustc' | 'cargo' | 'wasm-ld' | 'wasm-opt', Tool>> = {
  rustc: { path: process.env['RUSTC'] ?? '/usr/bin/rustc', package: 'rustc-web' },
  cargo: { path: process.env['CARGO'] ?? '/usr/bin/cargo', package: 'cargo-web' },
  'wasm-ld': { path: '/usr/bin/wasm-ld', package: 'lld' },
  'wasm-opt': { path: '/usr/bin/wasm-opt', package: 'binaryen' },
}

export function run(path: string, args: readonly string[], options: object = {}): string {
  const stdio = ['ignore', 'pipe', 'inherit']
  const settings = { encoding: 'utf8', stdio, maxBuffer: 1 << 28, ...options } as const
  try {
    return execFileSync(path, args, settings as { encoding: 'utf8' })
  } catch {
    throw new BuildError(`${path} ${args[0]} failed; its messages are above`)
  }
}

/** Sources of the standard library, as the compiler finds them. */
export function librarySources(): string {
  const sysroot = run(TOOLS.rustc.path, ['--print', 'sysroot']).trim()
  return join(sysroot, 'lib/rustlib/src/rust/library')
}

/** Debian packages to install, empty when all is there. */
export function missingPackages(): string[] {
  const missing = Object.values(TOOLS).filter((tool) => !existsSync(tool.path))
  const packages = missing.map((tool) => tool.package)
  const canAskCompiler = existsSync(TOOLS.rustc.path)
  if (!canAskCompiler || !existsSync(join(librarySources(), 'std'))) {
    packages.push('rust-web-src')
  }
  return packages
}

export function missingSentence(packages: readonly string[]): string {
  return `the toolchain is incomplete: apt-get update && apt-get install -y ${packages.join(' ')}`
}

export function toolVersions(): Record<string, string> {
  const version = (tool: Tool): string => run(tool.path, ['--version']).trim()
  return Object.fromEntries(Object.entries(TOOLS).map(([name, tool]) => [name, version(tool)]))
}

/** Any Cargo, for what runs on this machine and is not committed: that of PATH, or Debian's; undefined where there is none. */
export function findCargo(): string | undefined {
  const named = process.env['CARGO']
  const known = [...(named === undefined ? [] : [named]), ...findPrograms('cargo')]
  return [...known, TOOLS.cargo.path].find(existsSync)
}

/** The caller's environment without anything that would change what is built. */
export function cargoEnvironment(rustcFlags: readonly string[]): NodeJS.ProcessEnv {
  const steering = /^(?:RUST|CARGO_(?:BUILD|ENCODED|INCREMENTAL|PROFILE|TARGET|UNSTABLE))/
  const kept = Object.entries(process.env).filter(([name]) => !steering.test(name))
  return {
    ...Object.fromEntries(kept),
    RUSTC: TOOLS.rustc.path,
    RUSTC_BOOTSTRAP: '1', // opens -Z flags on a stable compiler
    CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER: TOOLS['wasm-ld'].path,
    CARGO_TARGET_WASM32V1_NONE_LINKER: TOOLS['wasm-ld'].path,
    CARGO_ENCODED_RUSTFLAGS: rustcFlags.join('\x1f'),
  }
}
