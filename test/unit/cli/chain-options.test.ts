import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect } from 'chai'
import type { Chain, ChainOption } from '../../../src/cli/chains/chain.ts'
import { mergedOptions } from '../../../src/cli/commands/chain-options.ts'

const ROOT = join(import.meta.dirname, '../../..')

/** What people read of the options for `run`, by flags. */
function shown(chains: Readonly<Record<string, readonly ChainOption[]>>): Record<string, string> {
  const made = Object.entries(chains).map(([name, options]): Pick<Chain, 'name' | 'commands'> => ({
    name,
    commands: { run: { options } },
  }))
  const options = mergedOptions(made, 'run', 'options')
  return Object.fromEntries(options.map(({ flags, description }) => [flags, description]))
}

describe('options of chains', () => {
  const out = { flags: '--out <file>', text: 'file to write' }

  it('are as the chain says while no other takes any', () => {
    expect(shown({ moon: [out], mars: [] })).to.deep.equal({ '--out <file>': 'file to write' })
  })

  it('say whose they are when not all have them', () => {
    const dry = { flags: '--dry', text: 'only look' }
    expect(shown({ moon: [out, dry], mars: [out] })).to.deep.equal({
      '--out <file>': 'file to write',
      '--dry': 'moon: only look',
    })
  })

  it('say what they mean for each when they mean different things', () => {
    const other = { ...out, text: 'folder to fill' }
    expect(shown({ moon: [out], mars: [other], venus: [out] })).to.deep.equal({
      '--out <file>': 'moon, venus: file to write; mars: folder to fill',
    })
  })

  it('are required when every chain that takes any requires them', () => {
    const needed = { ...out, isRequired: true }
    const isRequired = (...all: ChainOption[]): boolean | undefined =>
      mergedOptions(
        all.map((option, i) => ({ name: `c${i}`, commands: { run: { options: [option] } } })),
        'run',
        'options',
      )[0]?.mandatory
    expect(isRequired(needed, needed)).to.equal(true)
    expect(isRequired(needed, out)).to.equal(false)
  })
})

describe('merogate --help', () => {
  it('loads no chain, no SDK and no configuration', () => {
    const hooks = `import { registerHooks } from 'node:module'
      registerHooks({ load(url, context, next) { console.error('loads', url); return next(url, context) } })`
    const preload = `data:text/javascript,${encodeURIComponent(hooks)}`
    const args = ['--import', preload, join(ROOT, 'src/cli/main.ts'), '--help']
    const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' })
    expect(status, stderr).to.equal(0)
    expect(stderr).to.include('src/cli/chains/chains.ts')
    expect(stderr).not.to.match(/\/(src\/(chains|devnet)|node_modules\/(?!commander))/)
    expect(stderr).not.to.match(/src\/cli\/(config|chains\/\w+\/(tools|settings))/)
  })
})
