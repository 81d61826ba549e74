import { expect } from 'chai'
import { serviceApplicationId } from '../../../src/node/applications/application-id.ts'
import { EMPTY } from '../../../src/node/primitives/bytes.ts'
import { manifestFor, wasmModule, writeBundle } from '../../support/bundles.ts'
import { wat } from '../../support/wat.ts'
import { callingModule } from '../../support/calling-app.ts'
import { rejectionCode } from '../../support/error-code.ts'
import { admit, infoOf, nodeWorld } from '../../support/real-node.ts'

describe('a service of a bundle that has several', () => {
  it('is chosen when a context is made, and known to whoever joins', async () => {
    await using world = await nodeWorld()
    const [a, b] = await Promise.all([world.node('a'), world.node('b')])
    const wasm = callingModule()
    const services = ['api', 'web'].map((name) => ({ name, wasm: { path: `${name}.wasm` } }))
    const bundle = await writeBundle([
      ['manifest.json', JSON.stringify(manifestFor(wasm, { wasm: undefined, services }))],
      ['api.wasm', wat('(module (memory (export "memory") 1))')],
      ['app.wasm', wasmModule('left over')],
      ['web.wasm', wasm],
    ])
    const { id: application } = await a.applications.installBytes(bundle, 'test')
    const code = (service?: string): Promise<string> =>
      rejectionCode(
        a.contexts.create({ application, ...(service === undefined ? {} : { service }) }),
      )
    expect(await code()).to.equal('APPLICATION_SERVICE')
    expect(await code('mail')).to.equal('APPLICATION_SERVICE')
    expect(await code('api')).to.equal('CONTEXT_INIT_INVALID')
    const { context } = await a.contexts.create({ application, service: 'web' })
    const web = serviceApplicationId('com.example.app', '1.2.3', 'web')
    expect((await infoOf(a, context)).application).to.deep.equal(web)
    await admit(a, b, context)
    expect((await infoOf(b, context)).application).to.deep.equal(web)
    const [installed] = await b.applications.list()
    expect(installed?.id).to.deep.equal(application)
    expect((await b.applications.get(web))?.service).to.equal('web')
    await b.contexts.execute({ context, method: 'take', input: EMPTY })
    expect(await rejectionCode(a.applications.uninstall(application))).to.equal(
      'APPLICATION_IN_USE',
    )
  })
})
