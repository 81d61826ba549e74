/** Which context an application may act in, and as whom. */
import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import type { Choice } from './session.ts'

export type Contexts = readonly {
  readonly contextId: string
  readonly identities: readonly string[]
}[]

export interface ContextChoiceProps {
  readonly contexts: Contexts
  readonly isBusy: boolean
  readonly onChoose: (choice: Choice) => void
}

export function ContextChoice({ contexts, isBusy, onChoose }: ContextChoiceProps): JSX.Element {
  const choices = contexts.flatMap(({ contextId, identities }) =>
    identities.map((identity): Choice => ({ contextId, identity })),
  )
  const [at, setAt] = useState(0)
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        const choice = choices[at]
        if (choice !== undefined) onChoose(choice)
      }}
    >
      <fieldset>
        <legend>Context, and identity to act as</legend>
        {choices.map(({ contextId, identity }, index) => (
          <label key={`${contextId} ${identity}`} class="check">
            <input
              type="radio"
              name="choice"
              checked={at === index}
              onChange={() => setAt(index)}
            />
            <span>
              <code>{contextId}</code> as <code>{identity}</code>
            </span>
          </label>
        ))}
      </fieldset>
      <div class="buttons">
        <button type="submit" class="primary" disabled={isBusy}>
          Continue
        </button>
      </div>
    </form>
  )
}
