/** What a stranger does with a package: unpacks it beside what it depends on, compiles against it, runs programs. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, renameSync, symlinkSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'

export const ROOT: string = join(import.meta.dirname, '../..')
/** Longest time of any one step, ms. */
export const STEP_TIMEOUT_MS = 240_000

// the command's `#!/usr/bin/env node` has to find the Node that runs this
export const PATH: string = [dirname(process.execPath), process.env['PATH']].join(delimiter)

/** Runs a program to its end and returns what it printed. */
export function run(cwd: string, program: string, args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    cwd,
    encoding: 'utf8',
    timeout: STEP_TIMEOUT_MS,
    env: { ...process.env, PATH },
  })
  if (status === 0) return stdout
  const words = [program, ...args].join(' ')
  throw new Error(
    `${words}: ${error?.message ?? `exit code ${status}`}\n${stdout ?? ''}${stderr ?? ''}`,
  )
}

/** Links to packages beside one that is unpacked. */
export function link(folder: string, names: readonly string[]): void {
  for (const name of names) {
    const path = join(folder, 'node_modules', name)
    mkdirSync(dirname(path), { recursive: true })
    symlinkSync(join(ROOT, 'node_modules', name), path)
  }
}

/** Packs a package and unpacks it below a folder's `node_modules`; where that is. */
export function unpack(
  folder: string,
  source: string,
  { name, version }: { readonly name: string; readonly version: string },
): string {
  run(source, 'npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', folder])
  run(folder, 'tar', ['-xzf', `${name}-${version}.tgz`])
  const installed = join(folder, 'node_modules', name)
  mkdirSync(dirname(installed), { recursive: true })
  renameSync(join(folder, 'package'), installed)
  return installed
}

const MODULES = { node16: 'node16', nodenext: 'nodenext', bundler: 'esnext' } as const

/** Compiles strictly, and what is imported with it. */
export function compile(
  folder: string,
  resolution: keyof typeof MODULES,
  libraries: readonly string[],
  files: readonly string[],
): void {
  const compiler = join(ROOT, 'node_modules/typescript/bin/tsc')
  const how = ['--module', MODULES[resolution], '--moduleResolution', resolution]
  const against = ['--target', 'es2024', '--lib', libraries.join(','), '--types', 'node']
  run(folder, process.execPath, [compiler, '--noEmit', '--strict', ...how, ...against, ...files])
}
