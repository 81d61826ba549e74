/** The ways to sign in: wallets that the browser has, and a name with a password. */
import type { JSX } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import type { Provider } from '../client/auth.ts'
import type { Credentials } from './session.ts'
import { findWallets } from './wallets/find.ts'
import type { Wallet } from './wallets/wallet.ts'

export interface SignInProps {
  readonly providers: readonly Provider[]
  readonly isBusy: boolean
  readonly onSignIn: (credentials: Credentials, bootstrapSecret: string) => void
}

export function SignIn({ providers, isBusy, onSignIn }: SignInProps): JSX.Element {
  const [wallets, setWallets] = useState<readonly Wallet[]>([])
  const [secret, setSecret] = useState('')
  useEffect(
    () => findWallets(providers, (wallet) => setWallets((before) => [...before, wallet])),
    [providers],
  )
  const hasPassword = providers.some(({ type }) => type === 'credentials')
  const missing = providers.filter(
    ({ name, type }) => type === 'wallet' && !wallets.some(({ method }) => method === name),
  )
  return (
    <>
      {hasPassword && <PasswordForm isBusy={isBusy} onSignIn={(data) => onSignIn(data, secret)} />}
      {wallets.length > 0 && (
        <div class="wallets" role="group" aria-label="Wallets">
          {wallets.map((wallet) => (
            <button
              key={wallet.id}
              type="button"
              disabled={isBusy}
              onClick={() => onSignIn({ wallet }, secret)}
            >
              {wallet.icon !== undefined && <img src={wallet.icon} alt="" width={24} height={24} />}
              Sign in with {wallet.name}
            </button>
          ))}
        </div>
      )}
      {missing.length > 0 && (
        <details>
          <summary>Other ways, for which this browser has no wallet</summary>
          <ul>
            {missing.map(({ name, description }) => (
              <li key={name}>{description}</li>
            ))}
          </ul>
        </details>
      )}
      <details>
        <summary>First sign-in on this node?</summary>
        <label for="secret">Setup secret, as the node printed it when it was made</label>
        <input
          id="secret"
          type="password"
          autocomplete="off"
          value={secret}
          onInput={({ currentTarget }) => setSecret(currentTarget.value)}
        />
      </details>
    </>
  )
}

interface PasswordFormProps {
  readonly isBusy: boolean
  readonly onSignIn: (credentials: Credentials) => void
}

function PasswordForm({ isBusy, onSignIn }: PasswordFormProps): JSX.Element {
  const [username, setUsername] = useState('')
  const password = useRef<HTMLInputElement>(null)
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        onSignIn({ username, password: password.current?.value ?? '' })
        if (password.current !== null) password.current.value = ''
      }}
    >
      <label for="username">User name</label>
      <input
        id="username"
        autocomplete="username"
        autocapitalize="none"
        spellcheck={false}
        required
        value={username}
        onInput={({ currentTarget }) => setUsername(currentTarget.value)}
      />
      <label for="password">Password</label>
      <input
        id="password"
        type="password"
        autocomplete="current-password"
        required
        ref={password}
      />
      <div class="buttons">
        <button type="submit" class="primary" disabled={isBusy}>
          Sign in
        </button>
      </div>
    </form>
  )
}
