/** A copy of the repository in which one source at a time is another. Tests that run in it find its sources, and its built contracts, by themselves. */
import {
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { Compiler } from './compile.ts'
import { mutate, type Mutation } from './mutation.ts'

/** Folders that tests read and mutations change; all else is linked to. */
const COPIED: ReadonlySet<string> = new Set(['src', 'test', 'scripts', 'contracts', 'package.json'])
/** What Hardhat builds below the contracts. */
const BUILT: ReadonlySet<string> = new Set(['cache', 'artifacts'])

export class Tree implements AsyncDisposable {
  readonly root: string
  readonly #compiler = new Compiler()
  readonly #original: string

  constructor(original: string) {
    this.#original = original
    this.root = mkdtempSync(join(tmpdir(), 'mutate-'))
    for (const name of readdirSync(original)) {
      if (name.startsWith('.')) continue
      const [from, to] = [join(original, name), join(this.root, name)]
      if (!COPIED.has(name)) symlinkSync(from, to)
      else cpSync(from, to, { recursive: true, filter: (path) => !this.#isBuilt(path) })
    }
  }

  #isBuilt(path: string): boolean {
    return BUILT.has(basename(path)) && path.startsWith(join(this.#original, 'contracts/ethereum'))
  }

  /** Applies a mutation and builds what it changes; resolves with what is wrong with it, if anything. */
  async apply(mutation: Mutation): Promise<string | undefined> {
    const made = mutate(this.#original, mutation)
    if ('problem' in made) return made.problem
    writeFileSync(join(this.root, mutation.file), made.source)
    return mutation.file.endsWith('.sol') ? this.compile(mutation.file) : undefined
  }

  /** Builds the contracts that a source is part of, or all. */
  async compile(source?: string): Promise<string | undefined> {
    return this.#compiler.compile(this.root, source)
  }

  /** Whether the contracts are byte for byte those of the repository. */
  get hasCommittedContracts(): boolean {
    const folder = 'contracts/artifacts/ethereum'
    return readdirSync(join(this.#original, folder)).every((name) => {
      const [a, b] = [this.#original, this.root].map((root) =>
        readFileSync(join(root, folder, name), 'utf8'),
      )
      return a === b
    })
  }

  /** Puts the source back, and the contracts. */
  restore({ file }: Mutation): void {
    const paths = file.endsWith('.sol') ? [file, 'contracts/artifacts'] : [file]
    for (const path of paths) {
      cpSync(join(this.#original, path), join(this.root, path), { recursive: true })
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#compiler[Symbol.asyncDispose]()
    rmSync(this.root, { recursive: true, force: true })
  }
}
