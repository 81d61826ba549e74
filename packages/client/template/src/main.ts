/** A page over one context of a node with the example application: entries as they change, and a form to write them. */
import { ClientError, merogateClient } from 'merogate-client'
import { signIn, takeTokens, tokens } from './session'

/** `?node=` of the address, or a node on this machine. */
const url = new URLSearchParams(location.search).get('node') ?? 'http://127.0.0.1:2528'
const client = merogateClient({ url, tokens })

const context = element('context', HTMLSelectElement)
const entries = element('entries', HTMLTableSectionElement)
const form = element('set', HTMLFormElement)
const problem = element('problem', HTMLElement)
const signInButton = element('sign-in', HTMLButtonElement)
const status = element('status', HTMLOutputElement)
let watching = new AbortController()

element('url', HTMLElement).textContent = url
signInButton.addEventListener('click', () => signIn(url))
context.addEventListener('change', () => void tried(watch))
form.addEventListener('submit', (event) => {
  event.preventDefault()
  void tried(set)
})

await takeTokens()
await tried(async () => {
  const contexts = await client.admin.contexts()
  context.replaceChildren(...contexts.map(({ id }) => new Option(id)))
  if (contexts.length > 0) void tried(watch)
})

/** Shows the entries of the chosen context, and again after each change, until another is chosen. */
async function watch(): Promise<void> {
  watching.abort()
  watching = new AbortController()
  const { signal } = watching
  const contextId = context.value
  const onStatus = (now: string): void => {
    if (!signal.aborted) status.value = now
  }
  await show()
  const contextIds = [contextId]
  for await (const _ of client.subscribe({ contextIds, signal, onStatus, onSubscribed }))
    await show()

  /** What changed before the subscription stood is not told of. */
  function onSubscribed(): void {
    void tried(show)
  }

  async function show(): Promise<void> {
    const all = await client.rpc.execute<Record<string, string>>({ contextId, method: 'entries' })
    if (signal.aborted) return
    const rows = Object.entries(all ?? {}).map(([key, value]) => {
      const row = document.createElement('tr')
      for (const text of [key, value]) row.insertCell().textContent = text
      return row
    })
    entries.replaceChildren(...rows)
  }
}

async function set(): Promise<void> {
  const args = Object.fromEntries(new FormData(form))
  await client.rpc.execute({ contextId: context.value, method: 'set', args })
  form.reset()
}

/** Runs it and shows what went wrong. */
async function tried(run: () => Promise<void>): Promise<void> {
  problem.hidden = true
  try {
    await run()
  } catch (error) {
    signInButton.hidden = !(error instanceof ClientError && error.kind === 'unauthenticated')
    problem.textContent = error instanceof Error ? error.message : String(error)
    problem.hidden = false
  }
}

function element<T extends Element>(id: string, type: new () => T): T {
  const found = document.getElementById(id)
  if (found instanceof type) return found
  throw new Error(`the page has no ${type.name} with the id ${id}`)
}
