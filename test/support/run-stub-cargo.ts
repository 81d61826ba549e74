#!/usr/bin/env node
/**
 * Stands in for Cargo and, by its other name, for the Rust compiler: what it builds is the module that `// module: FILE` in src/lib.rs names, and the
 * ABI that `// abi: FILE` does; `compile_error!` fails as the compiler does.
 */
import { copyFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'

const [command, ...args] = process.argv.slice(2)
const folder = process.cwd()
const out = (line: string): void => void process.stdout.write(`${line}\n`)
const err = (line: string): void => void process.stderr.write(`${line}\n`)

if (basename(process.argv[1] ?? '') === 'rustc') {
  // the folder of the compiled library, which is there
  const lacks = args.includes('sysroot') || process.env['STUB_LACKS_TARGET'] === '1'
  out(lacks ? '/nowhere' : folder)
} else if (command === '--version') {
  out('cargo 1.0.0 (stub)')
} else if (command === 'metadata') {
  const text = readFileSync(join(folder, 'Cargo.toml'), 'utf8')
  const field = (name: string): string | null =>
    new RegExp(`^${name} = "(.*)"$`, 'm').exec(text)?.[1] ?? null
  const merogate = { package: field('package') }
  const crate = {
    ...{ name: field('name'), version: field('version'), description: field('description') },
    ...{ manifest_path: join(folder, 'Cargo.toml'), metadata: { merogate } },
  }
  out(JSON.stringify({ packages: [crate] }))
} else {
  const source = readFileSync(join(folder, 'src/lib.rs'), 'utf8')
  err('   Compiling the stub')
  if (source.includes('compile_error!')) {
    err('error: asked not to compile')
    process.exit(101)
  }
  const script = join(folder, 'target/out')
  mkdirSync(script, { recursive: true })
  const file = (kind: string): string =>
    new RegExp(`^// ${kind}: (.*)$`, 'm').exec(source)?.[1] ?? ''
  copyFileSync(file('module'), join(folder, 'target/app.wasm'))
  if (existsSync(file('abi'))) copyFileSync(file('abi'), join(script, 'abi.json'))
  const say = (message: unknown): void => out(JSON.stringify(message))
  const id = { package_id: 'stub' }
  say({ reason: 'build-script-executed', ...id, out_dir: script })
  const manifest = { manifest_path: join(folder, 'Cargo.toml') }
  say({
    reason: 'compiler-artifact',
    ...id,
    ...manifest,
    filenames: [join(folder, 'target/app.wasm')],
  })
  say({ reason: 'build-finished', success: true })
}
