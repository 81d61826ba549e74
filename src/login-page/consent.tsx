/** What an application asks for, in words, and whether it gets it. */
import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { isPowerful, sentenceOf } from './permission-text.ts'
import type { PageRequest } from './request.ts'

export interface ConsentProps {
  readonly request: PageRequest
  readonly target: URL
  readonly onAllow: () => void
  readonly onDeny: () => void
}

export function Consent({ request, target, onAllow, onDeny }: ConsentProps): JSX.Element {
  const { permissions, mode, applicationId, packageName } = request
  const needsMore = mode === 'admin' || permissions.some(isPowerful)
  const [isUnderstood, setUnderstood] = useState(false)
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        onAllow()
      }}
    >
      <p>
        <strong class="host">{target.host}</strong> asks this node to let it:
      </p>
      <ul class="permissions">
        {permissions.map((text) => (
          <li key={text} class={isPowerful(text) ? 'powerful' : ''}>
            {sentenceOf(text, applicationId)}
          </li>
        ))}
      </ul>
      {packageName !== undefined && (
        <p>
          Contexts are those of the application <strong>{packageName}</strong>.
        </p>
      )}
      {mode === 'single-context' && (
        <p>In one context, as one identity: you choose both after signing in.</p>
      )}
      {mode === 'admin' && (
        <p class="powerful">
          It gets the tokens of your own key, not a key of its own: whatever you may do, it may do.
        </p>
      )}
      <p>
        You sign in next. Then you are sent to <span class="host">{target.origin}</span>.
      </p>
      {needsMore && (
        <label class="check">
          <input
            type="checkbox"
            required
            checked={isUnderstood}
            onChange={({ currentTarget }) => setUnderstood(currentTarget.checked)}
          />
          I know {target.host}, and want to give it this power.
        </label>
      )}
      <div class="buttons">
        <button type="submit" class="primary">
          Allow
        </button>
        <button type="button" onClick={onDeny}>
          Do not allow
        </button>
      </div>
    </form>
  )
}
