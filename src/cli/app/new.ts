/** A folder to begin an application in: `merogate app new`. */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { packageVersion } from '../../node/package-version.ts'
import { cliError } from '../errors.ts'

/** The application that comes with the package: it builds as it lies there, under the name that is replaced. */
const TEMPLATE = join(import.meta.dirname, '../../../templates/rust-app')

/** Its files; the name of the second is what it becomes, since npm packs none of that name. */
const FILES: Readonly<Record<string, string>> = {
  'Cargo.toml': 'Cargo.toml',
  'Cargo.lock': 'Cargo.lock',
  'build.rs': 'build.rs',
  'src/lib.rs': 'src/lib.rs',
  'README.md': 'README.md',
  'package.json': 'package.json',
  'test/two-nodes.test.mjs': 'test/two-nodes.test.mjs',
  gitignore: '.gitignore',
}

/** Characters of the name of a new application. */
const MAX_NAME_CHARS = 40
const NAME = /^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/
/** Names that Rust or its library has taken. */
const TAKEN: ReadonlySet<string> = new Set(
  (
    'abstract alloc as async await become box break const continue core crate do dyn else enum extern false final fn for gen if impl ' +
    'in let loop macro match mod move mut override priv proc-macro pub ref return self static std struct super test trait true try ' +
    'type typeof unsafe unsized use virtual where while yield borsh serde serde-json calimero-sdk calimero-storage'
  ).split(' '),
)

/**
 * Writes one. `path`: a folder that is new or empty; its last part is the name. Returns the folder.
 * @throws CLI_USAGE for a name that Rust does not take; CLI_FILE where something is already
 */
export async function newApplication(path: string): Promise<{ folder: string; name: string }> {
  const folder = resolve(path)
  const name = basename(folder)
  if (!NAME.test(name) || name.length > MAX_NAME_CHARS || TAKEN.has(name)) {
    const message = `expected a name of lower-case letters, digits and single dashes, at most ${MAX_NAME_CHARS}, that begins with a letter and is no word of Rust, got ${JSON.stringify(name.slice(0, 60))}`
    throw cliError('CLI_USAGE', message)
  }
  await mkdir(folder, { recursive: true })
  const present = await readdir(folder)
  if (present.length > 0) {
    throw cliError(
      'CLI_FILE',
      `expected a new or empty folder, there is ${present[0]} in ${folder}`,
    )
  }
  for (const [from, to] of Object.entries(FILES)) {
    const text = await readFile(join(TEMPLATE, from), 'utf8')
    const target = join(folder, to)
    await mkdir(dirname(target), { recursive: true })
    await writeFile(target, named(text, name))
  }
  return { folder, name }
}

/** The template's name, and this package's version. */
function named(text: string, name: string): string {
  return text.replaceAll('my-app', name).replaceAll('0.0.0-merogate', packageVersion())
}
