/** What the page does at the node: signs in, finds out what the application is, and gets the tokens that it hands over. */
import { merogateClient, type MerogateClient } from '../client/client.ts'
import { ClientError } from '../client/errors.ts'
import type { Tokens } from '../client/tokens.ts'
import { forApplication, forContext, namesMethods, type PageRequest } from './request.ts'
import { type Proof, Shown, type Wallet } from './wallets/wallet.ts'

/** Where the person wants the application to act. */
export interface Choice {
  readonly contextId: string
  readonly identity: string
}

/** What goes back in the fragment, by the names that the original's clients read. */
export type Handover = Readonly<Record<string, string | undefined>>

export type Credentials =
  { readonly username: string; readonly password: string } | { readonly wallet: Wallet }

export class PageSession {
  readonly client: MerogateClient
  readonly #request: PageRequest
  readonly #nodeUrl: string
  #applicationId: string | undefined

  constructor(request: PageRequest, nodeUrl: string) {
    this.client = merogateClient({ url: nodeUrl })
    this.#request = request
    this.#nodeUrl = nodeUrl
    this.#applicationId = request.applicationId
  }

  /** The tokens are those of the person, for this page. @throws {@link Shown} */
  async signIn(credentials: Credentials, bootstrapSecret: string): Promise<Tokens> {
    const { auth } = this.client
    const options = {
      clientName: this.#clientName(),
      ...(bootstrapSecret === '' ? {} : { bootstrapSecret }),
    }
    if ('password' in credentials) {
      return auth.signInWithPassword({ ...credentials, ...options }).catch(inWords)
    }
    const { method } = credentials.wallet
    const proof = await this.#prove(credentials.wallet)
    return auth.signInWithProof({ method, ...proof, ...options }).catch(inWords)
  }

  #prove(wallet: Wallet): Promise<Proof> {
    const { permissions } = this.#request
    return wallet.sign((options) =>
      this.client.auth.challenge({ method: wallet.method, permissions, ...options }).catch(inWords),
    )
  }

  /** Contexts that the application may be let into, with this node's identities in them. @throws {@link Shown} */
  async choices(): Promise<readonly { contextId: string; identities: readonly string[] }[]> {
    const { admin } = this.client
    try {
      const applicationId = await this.#application()
      const contexts = await admin.contexts(applicationId === undefined ? {} : { applicationId })
      const found = await Promise.all(
        contexts.map(async ({ id }) => ({
          contextId: id,
          identities: await admin.identitiesOwned(id),
        })),
      )
      const usable = found.filter(({ identities }) => identities.length > 0)
      if (usable.length > 0) return usable
    } catch (error) {
      inWords(error)
    }
    throw new Shown(
      'This node has no context for the application: make one, or join one, and sign in again.',
    )
  }

  /** The tokens for the application: those of a key of its own, or of the person's where that was asked for. @throws {@link Shown} */
  async handover(own: Tokens, choice: Choice | undefined): Promise<Handover> {
    const { mode } = this.#request
    try {
      const applicationId = await this.#application()
      const tokens = mode === 'admin' ? own : await this.#clientKey(applicationId, choice)
      return {
        access_token: tokens.accessToken,
        refresh_token: tokens.refreshToken,
        application_id: applicationId,
        context_id: choice?.contextId,
        context_identity: choice?.identity,
        node_url: this.#nodeUrl,
      }
    } catch (error) {
      return inWords(error)
    }
  }

  /** Ends the person's own session here: nobody has its tokens but this page. */
  async leave(): Promise<void> {
    // a session that nobody can use any more ends by itself
    await this.client.auth.signOut().catch(() => {})
  }

  async #clientKey(applicationId: string | undefined, choice: Choice | undefined): Promise<Tokens> {
    const asked = forApplication(this.#request.permissions, applicationId)
    const permissions = choice === undefined ? asked : forContext(asked, applicationId, choice)
    const isWhole = choice !== undefined && !namesMethods(permissions)
    const context = isWhole ? { contextId: choice.contextId, contextIdentity: choice.identity } : {}
    return this.client.auth.clientKey({ permissions, name: this.#clientName(), ...context })
  }

  /** The id of the application, found by its package where only that is known. */
  async #application(): Promise<string | undefined> {
    const { packageName } = this.#request
    if (this.#applicationId !== undefined || packageName === undefined) return this.#applicationId
    const { applicationId } = await this.client.admin.latest(packageName)
    if (applicationId === null) {
      throw new Shown(`The application ${packageName} is not installed on this node.`)
    }
    this.#applicationId = applicationId
    return applicationId
  }

  /** Whom keys are listed for: the origin that gets the tokens. */
  #clientName(): string {
    const { callback } = this.#request
    return callback !== undefined && 'url' in callback ? callback.url.origin : this.#nodeUrl
  }
}

/** A failure in words for the person in front of the page. */
function inWords(error: unknown): never {
  if (error instanceof Shown || !(error instanceof ClientError)) throw error
  const { code, details, message } = error
  switch (code) {
    case 'CLIENT_UNREACHABLE':
      throw new Shown('The node does not answer. Is it running?')
    case 'CLIENT_SIGN_IN_REFUSED':
      throw new Shown(
        'The node did not let you in. Either the account or password is wrong, or this account has no access.',
      )
    case 'CLIENT_PERMISSION_DENIED':
      throw new Shown(
        'Your key may not give an application what it asks for. Ask an administrator of this node.',
      )
    default:
      throw new Shown(
        details.status === 429
          ? 'Too many attempts. Wait a minute, and try again.'
          : `The node says: ${message.slice(0, 200)}`,
      )
  }
}
