import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { isWithin, readTutorial } from '../../../scripts/support/tutorial.ts'
import { program } from '../../../src/cli/program.ts'

const TEMPLATE = join(import.meta.dirname, '../../../templates/rust-app')
const tutorial = readTutorial()

describe('the tutorial of docs/applications.md', () => {
  it('shows code that the template has, word for word', () => {
    const source = readFileSync(join(TEMPLATE, 'src/lib.rs'), 'utf8')
    expect(tutorial.rust.length).to.be.above(6)
    for (const code of tutorial.rust) expect(isWithin(code, source), code).to.equal(true)
    expect(isWithin('pub fn nothing() {}', source)).to.equal(false)
    const manifest = readFileSync(join(TEMPLATE, 'Cargo.toml'), 'utf8')
    expect(tutorial.toml).to.deep.equal([manifest.replaceAll('my-app', 'notes')])
  })

  it('adds a method that the template has not, where `npm run try-app` puts it', () => {
    const source = readFileSync(join(TEMPLATE, 'src/lib.rs'), 'utf8')
    expect(tutorial.update).to.include('pub fn count(')
    expect(source).to.include('    /// The handler')
    expect(source).not.to.include('fn count')
  })

  it('names commands that there are', () => {
    const app = program('0').commands.find((command) => command.name() === 'app')
    const names = [...program('0').commands, ...(app?.commands ?? [])].map((one) => one.name())
    const ours = tutorial.commands.filter((line) => line.startsWith('merogate '))
    expect(ours.length).to.be.above(3)
    for (const line of ours) {
      const [, first = '', second = ''] = line.split(' ')
      expect(names, line).to.include(first === 'app' ? second : first)
    }
  })
})
