/** The admin API, a function per route. */
import { stringifyJson } from './json.ts'
import { dataOf, refusal } from './http.ts'
import type { Http } from './http.ts'
import type {
  Application,
  Blob,
  Capability,
  Context,
  Identity,
  Intent,
  Joined,
  Member,
  MemberRole,
  Migration,
  Peers,
  Readiness,
  Installed,
} from './types.ts'

/** All functions reject with CLIENT_REFUSED when the node says no, and CLIENT_UNREACHABLE when it does not answer. */
export interface Admin {
  /** From a file of the node's machine. */
  installFile(path: string, metadata?: Uint8Array): Promise<Installed>
  /** `hash`: base58 of the SHA-256 the bytes must have. */
  installUrl(url: string, options?: { hash?: string; metadata?: Uint8Array }): Promise<Installed>
  applications(filter?: { package?: string }): Promise<readonly Application[]>
  application(id: string): Promise<Application | undefined>
  uninstall(id: string): Promise<{ applicationId: string }>
  packages(): Promise<readonly string[]>
  versions(name: string): Promise<readonly string[]>
  latest(name: string): Promise<{ applicationId: string | null; version: string | null }>

  contexts(filter?: { applicationId?: string }): Promise<readonly Context[]>
  /** What is being made or joined and has nothing to show yet. */
  pendingContexts(): Promise<readonly Intent[]>
  createContext(options: {
    applicationId: string
    /** Input of the app's `init`. @default none */
    params?: unknown
    /** Which of the application's services. @default the only one */
    service?: string
    seed?: string
    protocol?: string
    groupId?: string
  }): Promise<Joined & { groupId: string }>
  /** With `waitMs`, waits so long for it to become ready; its `status` says whether it did. */
  context(id: string, waitMs?: number): Promise<Context>
  deleteContext(id: string): Promise<{ isDeleted: boolean }>
  leaveContext(id: string): Promise<{ isDeleted: boolean }>
  updateApplication(id: string, applicationId: string, executor?: string): Promise<null>
  storage(id: string): Promise<{ sizeInBytes: number }>
  /** Waits for the exchange when `waitMs` is given. */
  sync(id: string, waitMs?: number): Promise<{ rootHash: string; peers: number } | null>
  syncAll(waitMs?: number): Promise<null>
  /** Replays a context's history; null when it is not done within the wait, and goes on. */
  repair(
    id: string,
    waitMs?: number,
  ): Promise<{ deltas: number; changed: boolean; rootHash: string } | null>
  /** Reads members and application at the anchor again; with `fromAnchor`, what it says counts, whatever it said before. */
  refresh(id: string, fromAnchor?: boolean): Promise<Context>
  /** Null when the node does not know the context. */
  invite(options: {
    contextId: string
    invitee: string
    inviter?: string
    role?: MemberRole
  }): Promise<string | null>
  join(invitation: string): Promise<Joined>
  inviteOpen(options: {
    contextId: string
    inviter?: string
    role?: MemberRole
    maxUses?: number
    validForMs?: number
  }): Promise<{ invitation: string } | null>
  /** Ends every open invitation that an identity of the node gave until now. */
  voidInvitations(id: string, inviter?: string): Promise<null>
  /** Plans the move of the context's group to another contract, by its address, hexadecimal; null: it stays. */
  migrate(id: string, successor: string | null, executor?: string): Promise<null>
  /** Where the context's group moves, and the second, Unix time, at which it does; null while it stays. */
  migration(id: string): Promise<Migration | null>
  joinOpen(invitation: string, identity?: string): Promise<Joined>
  members(id: string): Promise<readonly Member[]>
  /** Unless they may return, an invitation does not bring them back until they are invited by name. */
  removeMembers(
    id: string,
    members: readonly string[],
    options?: { mayReturn?: boolean },
  ): Promise<null>
  setRole(id: string, members: readonly string[], role: MemberRole): Promise<null>
  grant(id: string, member: string, capability: Capability): Promise<null>
  revoke(id: string, member: string, capability: Capability): Promise<null>
  identities(id: string): Promise<readonly string[]>
  identitiesOwned(id: string): Promise<readonly string[]>
  createIdentity(): Promise<{ publicKey: string }>
  /** All keys of the node. */
  allIdentities(): Promise<readonly Identity[]>
  /** What the node has begun and goes on with, oldest first. */
  intents(): Promise<readonly Intent[]>
  /** Ends one without its being done. False when there is none of this id, or it was done meanwhile. */
  withdraw(intent: string): Promise<{ isWithdrawn: boolean }>

  blobs(): Promise<readonly Blob[]>
  putBlob(
    bytes: Uint8Array | ReadableStream<Uint8Array>,
    options?: { hash?: string; contextId?: string },
  ): Promise<Blob>
  /** The bytes as they come. With `contextId` its members are asked when the node has not got them. */
  getBlob(
    id: string,
    options?: { contextId?: string; signal?: AbortSignal },
  ): Promise<ReadableStream<Uint8Array>>
  blobInfo(id: string): Promise<{ size: number; type: string; hash: string }>
  deleteBlob(id: string): Promise<{ blobId: string; deleted: boolean }>

  peers(): Promise<Peers>
  dial(addresses: readonly string[]): Promise<{ peerId: string }>
  ready(): Promise<Readiness>
}

const PREFIX = '/admin-api'

/** The admin API of one node. */
export function admin(http: Http): Admin {
  const get = async <T>(path: string): Promise<T> =>
    dataOf<T>(await http.json({ method: 'GET', path: `${PREFIX}${path}` }))
  const post = async <T>(path: string, json?: unknown): Promise<T> =>
    dataOf<T>(await http.long({ method: 'POST', path: `${PREFIX}${path}`, json }))
  const remove = async <T>(path: string): Promise<T> =>
    dataOf<T>(await http.long({ method: 'DELETE', path: `${PREFIX}${path}` }))
  const part = encodeURIComponent
  const bytes = (value: Uint8Array = new Uint8Array()): number[] => Array.from(value)

  return {
    installFile: (path, metadata) =>
      post('/install-dev-application', { path, metadata: bytes(metadata) }),
    installUrl: (
      url,
      { hash = null, metadata }: { hash?: string | null; metadata?: Uint8Array } = {},
    ) => post('/install-application', { url, hash, metadata: bytes(metadata) }),
    applications: async (filter) =>
      (await get<{ apps: Application[] }>(`/applications${queryOf({ package: filter?.package })}`))
        .apps,
    application: async (id) =>
      (await get<{ application: Application | null }>(`/applications/${part(id)}`)).application ??
      undefined,
    uninstall: (id) => remove(`/applications/${part(id)}`),
    packages: async () => (await get<{ packages: string[] }>('/packages')).packages,
    versions: async (name) =>
      (await get<{ versions: string[] }>(`/packages/${part(name)}/versions`)).versions,
    latest: (name) => get(`/packages/${part(name)}/latest`),

    contexts: async (filter) =>
      (
        await get<{ contexts: Context[] }>(
          `/contexts${queryOf({ applicationId: filter?.applicationId })}`,
        )
      ).contexts,
    pendingContexts: async () => (await get<{ pending: Intent[] }>('/contexts')).pending,
    createContext: ({ applicationId, service, params, seed, protocol, groupId }) =>
      post('/contexts', {
        applicationId,
        service,
        contextSeed: seed,
        protocol,
        groupId,
        initializationParams:
          params === undefined ? [] : bytes(new TextEncoder().encode(stringifyJson(params))),
      }),
    context: (id, wait) => get(`/contexts/${part(id)}${queryOf({ wait })}`),
    deleteContext: (id) => remove(`/contexts/${part(id)}`),
    leaveContext: (id) => post(`/contexts/${part(id)}/leave`),
    updateApplication: (id, applicationId, executorPublicKey) =>
      post(`/contexts/${part(id)}/application`, { applicationId, executorPublicKey }),
    storage: (id) => get(`/contexts/${part(id)}/storage`),
    sync: (id, wait) => post(`/contexts/sync/${part(id)}${queryOf({ wait })}`),
    repair: (id, wait) => post(`/contexts/${part(id)}/repair${queryOf({ wait })}`),
    refresh: (id, fromAnchor) => post(`/contexts/${part(id)}/refresh`, { fromAnchor }),
    syncAll: (wait) => post(`/contexts/sync${queryOf({ wait })}`),
    invite: ({ contextId, invitee, inviter, role }) =>
      post('/contexts/invite', { contextId, inviteeId: invitee, inviterId: inviter, role }),
    join: (invitationPayload) => post('/contexts/join', { invitationPayload }),
    inviteOpen: ({ inviter, ...options }) =>
      post('/contexts/invite_by_open_invitation', { ...options, inviterId: inviter }),
    joinOpen: (invitation, newMemberPublicKey) =>
      post('/contexts/join_by_open_invitation', { invitation, newMemberPublicKey }),
    members: async (id) =>
      (await get<{ members: Member[] }>(`/contexts/${part(id)}/members`)).members,
    voidInvitations: (id, inviterId) =>
      post(`/contexts/${part(id)}/invitations/void`, { inviterId }),
    migrate: (id, successor, executorId) =>
      post(`/contexts/${part(id)}/migration`, { successor, executorId }),
    migration: (id) => get(`/contexts/${part(id)}/migration`),
    removeMembers: (id, members, options) =>
      post(`/contexts/${part(id)}/members/remove`, { members, ...options }),
    setRole: (id, members, role) => post(`/contexts/${part(id)}/members/role`, { members, role }),
    grant: (id, member, capability) =>
      post(`/contexts/${part(id)}/capabilities/grant`, { capabilities: [[member, capability]] }),
    revoke: (id, member, capability) =>
      post(`/contexts/${part(id)}/capabilities/revoke`, { capabilities: [[member, capability]] }),
    identities: async (id) =>
      (await get<{ identities: string[] }>(`/contexts/${part(id)}/identities`)).identities,
    identitiesOwned: async (id) =>
      (await get<{ identities: string[] }>(`/contexts/${part(id)}/identities-owned`)).identities,
    createIdentity: () => post('/identity/context'),
    allIdentities: async () => (await get<{ identities: Identity[] }>('/identities')).identities,
    intents: async () => (await get<{ intents: Intent[] }>('/intents')).intents,
    withdraw: (intent) => remove(`/intents/${part(intent)}`),

    blobs: async () => (await get<{ blobs: Blob[] }>('/blobs')).blobs,
    putBlob: async (source, { hash, contextId } = {}) => {
      const path = `${PREFIX}/blobs${queryOf({ hash, context_id: contextId })}`
      return dataOf<Blob>(await http.json({ method: 'PUT', path, bytes: source }))
    },
    async getBlob(id, { contextId, signal } = {}) {
      const path = `${PREFIX}/blobs/${part(id)}${queryOf({ context_id: contextId })}`
      const response = await http.send({ method: 'GET', path, signal })
      if (!response.ok) throw await refusal(response)
      return response.body ?? emptyStream()
    },
    async blobInfo(id) {
      const path = `${PREFIX}/blobs/${part(id)}`
      const response = await http.send({ method: 'HEAD', path })
      if (!response.ok) throw await refusal(response)
      return {
        size: Number(response.headers.get('content-length')),
        type: response.headers.get('x-blob-mime-type') ?? '',
        hash: response.headers.get('x-blob-hash') ?? '',
      }
    },
    deleteBlob: (id) => remove(`/blobs/${part(id)}`),

    peers: () => get('/peers'),
    dial: (addresses) => post('/peers/dial', { addresses }),
    async ready() {
      const response = await http.send({ method: 'GET', path: '/ready' })
      // 503 has the same body: it says which check fails
      if (!response.ok && response.status !== 503) throw await refusal(response)
      return dataOf(await response.json())
    },
  }
}

function emptyStream(): ReadableStream<Uint8Array> {
  return new ReadableStream({ start: (controller) => controller.close() })
}

function queryOf(values: Readonly<Record<string, string | number | undefined>>): string {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(values)) {
    if (value !== undefined) query.set(name, String(value))
  }
  return query.size === 0 ? '' : `?${query.toString()}`
}
