/** The tutorial of docs/applications.md: what its fences say must be what the template has, and what `npm run try-app` does. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const ROOT = join(import.meta.dirname, '../..')
const PAGE = 'docs/applications.md'

export interface Tutorial {
  /** Code that is in the template's sources, word for word. */
  readonly rust: readonly string[]
  /** The method that the tutorial adds to them. */
  readonly update: string
  /** Whole files. */
  readonly toml: readonly string[]
  /** Commands, one a line, without comments. */
  readonly commands: readonly string[]
}

/** Reads it. @param page its text */
export function readTutorial(page: string = readFileSync(join(ROOT, PAGE), 'utf8')): Tutorial {
  const [, part = ''] = /^## Tutorial$([\s\S]*?)^## /m.exec(page) ?? []
  const fences = (language: string): string[] =>
    [...part.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'gm'))].map(
      ([, text = '']) => text,
    )
  const rust = fences('rust')
  const update = rust.find((code) => code.startsWith('// new\n')) ?? ''
  return {
    rust: rust.filter((code) => code !== update),
    update: update.replace('// new\n', ''),
    toml: fences('toml'),
    commands: fences('sh').flatMap((text) =>
      text
        .split('\n')
        .map((line) => line.replace(/ +#.*$/, '').trim())
        .filter((line) => line !== ''),
    ),
  }
}

/** Whether code stands in a file, at whatever depth, whole lines. */
export function isWithin(code: string, file: string): boolean {
  const squeeze = (text: string): string =>
    text
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '')
      .join('\n')
  return `\n${squeeze(file)}\n`.includes(`\n${squeeze(code)}\n`)
}
