/** The page: what is asked for, who signs in, and where; one step at a time. */
import type { JSX } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import type { Provider } from '../client/auth.ts'
import type { Tokens } from '../client/tokens.ts'
import { returnUrl } from './callback.ts'
import { Consent } from './consent.tsx'
import { ContextChoice, type Contexts } from './context-choice.tsx'
import type { PageRequest } from './request.ts'
import type { Choice, Credentials, Handover, PageSession } from './session.ts'
import { SignIn } from './sign-in.tsx'
import { Shown } from './wallets/wallet.ts'

export interface AppProps {
  readonly request: PageRequest
  readonly session: PageSession
  /** Leaves the page. */
  readonly go: (url: string) => void
}

type Step =
  | { readonly name: 'loading' | 'consent' | 'sign-in' | 'leaving' | 'done' }
  | { readonly name: 'problem'; readonly text: string }
  | { readonly name: 'context'; readonly own: Tokens; readonly contexts: Contexts }

const TITLES: Readonly<Record<Step['name'], string>> = {
  loading: 'Sign in to this node',
  consent: 'An application asks for access',
  'sign-in': 'Sign in to this node',
  context: 'Choose where it may act',
  leaving: 'Returning to the application',
  done: 'You are signed in',
  problem: 'This cannot be done',
}

export function App({ request, session, go }: AppProps): JSX.Element {
  const { callback, mode, problem } = request
  const target = callback !== undefined && 'url' in callback ? callback.url : undefined
  const [step, setStep] = useState<Step>({ name: 'loading' })
  const [providers, setProviders] = useState<readonly Provider[]>([])
  const [error, setError] = useState('')
  const [isBusy, setBusy] = useState(false)
  const heading = useFocusOnChange(step.name)

  /** Runs one thing at a time, and tells what went wrong. */
  const attempt = async (work: () => Promise<void>): Promise<void> => {
    if (isBusy) return
    setBusy(true)
    setError('')
    try {
      await work()
    } catch (thrown) {
      setError(thrown instanceof Shown ? thrown.message : 'Something went wrong on this page.')
    } finally {
      setBusy(false)
    }
  }

  useEffect(() => {
    if (problem !== undefined) {
      setStep({ name: 'problem', text: problem })
      return
    }
    session.client.auth.providers().then(
      (found) => {
        setProviders(found)
        setStep({ name: target === undefined ? 'sign-in' : 'consent' })
      },
      () => setStep({ name: 'problem', text: 'The node does not answer. Is it running?' }),
    )
  }, [])

  const leave = (values: Handover): void => {
    if (target === undefined) return
    setStep({ name: 'leaving' })
    go(returnUrl(target, values))
  }

  const finish = async (own: Tokens, choice?: Choice): Promise<void> => {
    if (target === undefined) {
      await session.leave()
      setStep({ name: 'done' })
      return
    }
    const values = await session.handover(own, choice)
    if (mode !== 'admin') await session.leave()
    leave(values)
  }

  const signIn = (credentials: Credentials, secret: string): Promise<void> =>
    attempt(async () => {
      const own = await session.signIn(credentials, secret)
      if (mode === 'single-context' && target !== undefined) {
        setStep({ name: 'context', own, contexts: await session.choices() })
      } else {
        await finish(own)
      }
    })

  return (
    <section aria-busy={isBusy} aria-labelledby="title">
      <h1 id="title" tabIndex={-1} ref={heading}>
        {TITLES[step.name]}
      </h1>
      <p role="alert" class="error">
        {error}
      </p>
      {step.name === 'problem' && <p class="problem">{step.text}</p>}
      {step.name === 'consent' && target !== undefined && (
        <Consent
          request={request}
          target={target}
          onAllow={() => setStep({ name: 'sign-in' })}
          onDeny={() => leave({ error: 'access_denied' })}
        />
      )}
      {step.name === 'sign-in' && (
        <SignIn
          providers={providers}
          isBusy={isBusy}
          onSignIn={(...args) => void signIn(...args)}
        />
      )}
      {step.name === 'context' && (
        <ContextChoice
          contexts={step.contexts}
          isBusy={isBusy}
          onChoose={(choice) => void attempt(() => finish(step.own, choice))}
        />
      )}
      {step.name === 'done' && (
        <p>This node knows you. No application asked for access, so none was given any.</p>
      )}
      {step.name === 'leaving' && <p>One moment.</p>}
    </section>
  )
}

/** Puts the focus on the heading when another step begins, so that a screen reader tells of it. */
function useFocusOnChange(name: Step['name']): { current: HTMLHeadingElement | null } {
  const heading = useRef<HTMLHeadingElement>(null)
  const before = useRef(name)
  useEffect(() => {
    if (before.current !== 'loading' && before.current !== name) heading.current?.focus()
    before.current = name
  }, [name])
  return heading
}
