/** What Cargo says with `--message-format=json`, as far as builds need it. */
import { join } from 'node:path'

interface CargoMessage {
  readonly reason: string
  readonly manifest_path?: string
  readonly package_id?: string
  readonly filenames?: readonly string[]
  readonly out_dir?: string
}

/** Where a build put what. */
export interface CargoOutputs {
  /** The module's file. */
  readonly module: string
  /** Folder of the build script's output; undefined where there is none. */
  readonly scriptOutput: string | undefined
}

/** Finds where Cargo put the module of the crate in a folder; undefined when it made none. `lines`: its standard output. */
export function outputsOf(lines: readonly string[], folder: string): CargoOutputs | undefined {
  // Cargo wrote it; what crates print themselves stands between
  const messages = lines
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as CargoMessage)
  const built = messages.find(
    (message) =>
      message.manifest_path === join(folder, 'Cargo.toml') &&
      message.filenames?.some((file) => file.endsWith('.wasm')),
  )
  const script = messages.find(
    (message) =>
      message.reason === 'build-script-executed' && message.package_id === built?.package_id,
  )
  const module = built?.filenames?.find((file) => file.endsWith('.wasm'))
  return module === undefined ? undefined : { module, scriptOutput: script?.out_dir }
}
