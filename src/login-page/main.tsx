/** The login page, `/auth/login`. */
import { render } from 'preact'
import { App } from './app.tsx'
import { pageRequest } from './request.ts'
import { PageSession } from './session.ts'
import './style.css'

const { origin, search } = window.location
const allowed = document.querySelector('meta[name="callback-origins"]')?.getAttribute('content')
const request = pageRequest(new URLSearchParams(search), (allowed ?? '').split(' '))
const page = document.querySelector('#page')
if (page !== null) {
  page.replaceChildren()
  const go = (url: string): void => window.location.replace(url)
  render(<App request={request} session={new PageSession(request, origin)} go={go} />, page)
}
