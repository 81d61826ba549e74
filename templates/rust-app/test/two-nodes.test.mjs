/** Two nodes on this machine share the application: what one writes the other reads. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { after, before, test } from 'node:test'
import { merogateClient } from 'merogate/client'

let dev
let contextId
let alice
let bob

before(async () => {
  const app = ['--app', 'dist/my-app.mpk', '--port', '0']
  dev = spawn('merogate', ['--output-format', 'json', 'dev', ...app], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = await once(createInterface({ input: dev.stdout }), 'line')
  const ready = JSON.parse(line)
  contextId = ready.contextId
  const nodes = ready.nodes.map(({ api, token }) => merogateClient({ url: api, token }))
  alice = nodes[0]
  bob = nodes[1]
})

after(async () => {
  dev.kill('SIGINT')
  await once(dev, 'exit')
})

const call = (node, method, args = {}) => node.rpc.execute({ contextId, method, args })

/** Waits until a node's copy is as expected: asks once it hears of changes, and after each of them. */
async function until(node, isThere) {
  const enough = new AbortController()
  await new Promise((resolve, reject) => {
    const ask = () => isThere().then((there) => (there ? resolve() : undefined), reject)
    const options = { contextIds: [contextId], signal: enough.signal, onSubscribed: ask }
    const follow = async () => {
      for await (const _change of node.subscribe(options)) await ask()
    }
    follow().catch(reject)
  })
  enough.abort()
}

test('a note that one member writes is read by the other', async () => {
  await call(alice, 'write', { key: 'milk', text: 'two litres' })
  await until(bob, async () => (await call(bob, 'read', { key: 'milk' })) !== null)
  assert.deepEqual(await call(bob, 'read', { key: 'milk' }), {
    text: 'two litres',
    tags: [],
    likes: 0,
  })
})

test('what both do to one note is kept', async () => {
  await Promise.all([
    call(alice, 'tag', { key: 'milk', tag: 'shop' }),
    call(bob, 'like', { key: 'milk' }),
  ])
  for (const node of [alice, bob]) {
    await until(node, async () => {
      const { tags, likes } = await call(node, 'read', { key: 'milk' })
      return tags.length === 1 && likes === 1
    })
  }
})

test('the handler ran where the note was not written', async () => {
  await until(alice, async () => (await call(alice, 'told')) === 1)
})
