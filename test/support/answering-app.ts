/** Applications whose methods each return a number: what one build of the same sources has that another has not. */
import { WatData, watModule } from './wat.ts'

/** The module, and the ABI that its build would write. */
export function answeringApp(answers: Readonly<Record<string, number>>): {
  readonly wasm: Uint8Array
  readonly abi: unknown
} {
  const data = new WatData()
  const [root, artifact] = [new Uint8Array(32).fill(1), 'made'].map((part) => data.buffer(part))
  const commit = `(call $commit (i64.const ${root}) (i64.const ${artifact}))`
  const functions = Object.entries(answers).map(([name, answer]) => {
    const text = String(answer)
    const result = data.struct(0, data.bytes(text), text.length)
    return `(func (export "${name}") (call $value_return (i64.const ${result})))`
  })
  const wasm = watModule(
    ['commit', 'value_return'],
    data,
    `(func (export "init") ${commit}) (func (export "__calimero_sync_next") ${commit})
     ${functions.join('\n')}`,
  )
  const text = { name: 'text', type: { kind: 'string' } }
  const methods = Object.keys(answers).map((name) => {
    return { name, params: [text], returns: { kind: 'u32' } }
  })
  return { wasm, abi: { schema_version: 'wasm-abi/1', types: {}, methods, events: [] } }
}
