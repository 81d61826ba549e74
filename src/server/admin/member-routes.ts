/** Members of a context: who they are, their roles and capabilities, and how they come and go (docs/api.md). */
import type { Router } from 'express'
import { z } from 'zod'
import { ROLES } from '../../node/anchor/anchor.ts'
import { isMerogateError } from '../../node/errors.ts'
import type { Node } from '../../node/interface.ts'
import { fromHex, toBase58 } from '../../node/primitives/bytes.ts'
import { defined } from '../defined.ts'
import { CAPABILITY_NAMES, encodeMember, encodeMigration } from '../encode.ts'
import { MAX_INVITATION_CHARS, MAX_MEMBERS_PER_REQUEST } from '../limits.ts'
import { contextOf, route, withBody } from '../routes.ts'
import type { Handler } from '../routes.ts'
import { contextIdSchema, publicKeySchema } from '../schemas.ts'
import { find } from './context-routes.ts'

const roleSchema = z.enum(ROLES)
const invitationSchema = z.string().min(1).max(MAX_INVITATION_CHARS)
const membersSchema = z.array(publicKeySchema).min(1).max(MAX_MEMBERS_PER_REQUEST)

const inviteSchema = z.object({
  contextId: contextIdSchema,
  inviterId: publicKeySchema.nullish(),
  inviteeId: publicKeySchema,
  role: roleSchema.optional(),
})

const joinSchema = z.object({ invitationPayload: invitationSchema })

/** The original's clients count blocks, of which its chain makes about one per second. */
const BLOCK_MS = 1000

const inviteOpenSchema = z.object({
  contextId: contextIdSchema,
  inviterId: publicKeySchema.nullish(),
  validForBlocks: z.int().min(1).max(0xffff_ffff).optional(),
  validForMs: z.int().min(1).max(Number.MAX_SAFE_INTEGER).optional(),
  maxUses: z.int().min(1).max(0xffff_ffff).optional(),
  role: roleSchema.optional(),
})

const joinOpenSchema = z.object({
  /** What `invite_by_open_invitation` answered, or just the text in it. */
  invitation: z.union([
    invitationSchema,
    z.object({ invitation: invitationSchema }).transform(({ invitation }) => invitation),
  ]),
  newMemberPublicKey: publicKeySchema.nullish(),
})

const grantsSchema = z
  .array(
    z.tuple([
      publicKeySchema,
      z.string().transform((name, context) => {
        const capability = CAPABILITY_NAMES.get(name)
        if (capability !== undefined) return capability
        const expected = [...CAPABILITY_NAMES.keys()].join(', ')
        context.addIssue({ code: 'custom', message: `expected one of ${expected}` })
        return z.NEVER
      }),
    ]),
  )
  .min(1)
  .max(MAX_MEMBERS_PER_REQUEST)

/** The original's server takes the object, its command line sends the bare array. */
const capabilitiesSchema = z.union([
  grantsSchema,
  z.object({ capabilities: grantsSchema }).transform(({ capabilities }) => capabilities),
])

const removeSchema = z.object({ members: membersSchema, mayReturn: z.boolean().optional() })
const voidSchema = z.object({ inviterId: publicKeySchema.nullish() })
const migrateSchema = z.object({
  successor: z
    .string()
    .regex(/^(?:[0-9a-f]{2}){1,64}$/)
    .nullable(),
  executorId: publicKeySchema.nullish(),
})
const setRoleSchema = z.object({ members: membersSchema, role: roleSchema })

/** Registers the routes; those whose second segment is a word come before `/contexts/:id`. */
export function memberRoutes(router: Router, node: Node): void {
  const { contexts } = node

  route(router, '/contexts/invite', {
    post: withBody(inviteSchema, (body) =>
      unlessUnknown(async () => {
        const { text } = await contexts.invite(
          defined({
            context: body.contextId,
            invitee: body.inviteeId,
            inviter: body.inviterId ?? undefined,
            role: body.role,
          }),
        )
        return text
      }),
    ),
  })
  route(router, '/contexts/join', {
    post: withBody(joinSchema, async (body) => ({
      data: joined(await contexts.join(body.invitationPayload)),
    })),
  })
  route(router, '/contexts/invite_by_open_invitation', {
    post: withBody(inviteOpenSchema, (body) =>
      unlessUnknown(async () => {
        const blocks = body.validForBlocks
        const { text } = await contexts.inviteOpen(
          defined({
            context: body.contextId,
            inviter: body.inviterId ?? undefined,
            validForMs: body.validForMs ?? (blocks === undefined ? undefined : blocks * BLOCK_MS),
            maxUses: body.maxUses,
            role: body.role,
          }),
        )
        return { invitation: text }
      }),
    ),
  })
  route(router, '/contexts/join_by_open_invitation', {
    post: withBody(joinOpenSchema, async (body) => {
      const identity = body.newMemberPublicKey ?? undefined
      return { data: joined(await contexts.joinOpen(body.invitation, defined({ identity }))) }
    }),
  })
}

/** Registers the routes below one context. */
export function membershipRoutes(router: Router, node: Node): void {
  const { contexts, identities } = node

  route(router, '/contexts/:id/identities', {
    get: async (req) => {
      const { id } = await find(node, contextOf(req))
      const members = await contexts.members(id)
      return { data: { identities: members.map(({ identity }) => toBase58(identity)) } }
    },
  })
  route(router, '/contexts/:id/identities-owned', {
    get: async (req) => {
      const { id } = await find(node, contextOf(req))
      return { data: { identities: (await identities.owned(id)).map(toBase58) } }
    },
  })
  route(router, '/contexts/:id/members', {
    get: async (req) => {
      const { id } = await find(node, contextOf(req))
      return { data: { members: (await contexts.members(id)).map(encodeMember) } }
    },
  })
  route(router, '/contexts/:id/members/remove', {
    post: withBody(removeSchema, async ({ members, mayReturn }, req) => {
      await contexts.removeMembers(contextOf(req), members, { mayReturn })
      return { data: null }
    }),
  })
  route(router, '/contexts/:id/invitations/void', {
    post: withBody(voidSchema, async ({ inviterId }, req) => {
      await contexts.voidInvitations(contextOf(req), { inviter: inviterId ?? undefined })
      return { data: null }
    }),
  })
  route(router, '/contexts/:id/migration', {
    get: async (req) => {
      return { data: encodeMigration(await contexts.migration(contextOf(req))) }
    },
    post: withBody(migrateSchema, async ({ successor, executorId }, req) => {
      const contract = successor === null ? undefined : fromHex(successor)
      await contexts.migrate(contextOf(req), contract, { as: executorId ?? undefined })
      return { data: null }
    }),
  })
  route(router, '/contexts/:id/members/role', {
    post: withBody(setRoleSchema, async ({ members, role }, req) => {
      await contexts.setRole(contextOf(req), members, role)
      return { data: null }
    }),
  })
  const change = (apply: typeof contexts.grant): Handler =>
    withBody(capabilitiesSchema, async (grants, req) => {
      const context = contextOf(req)
      for (const [identity, capability] of grants) await apply(context, identity, capability)
      return { data: null }
    })
  route(router, '/contexts/:id/capabilities/grant', {
    post: change((...args) => contexts.grant(...args)),
  })
  route(router, '/contexts/:id/capabilities/revoke', {
    post: change((...args) => contexts.revoke(...args)),
  })
  route(router, '/identity/context', {
    post: async () => ({ data: { publicKey: toBase58(await identities.create()) } }),
  })
}

function joined(result: Awaited<ReturnType<Node['contexts']['join']>>): unknown {
  return { contextId: toBase58(result.context), memberPublicKey: toBase58(result.member) }
}

/** An invitation to a context this node does not know is `{"data":null}`, as in the original. */
async function unlessUnknown(make: () => Promise<unknown>): Promise<unknown> {
  try {
    return { data: await make() }
  } catch (error) {
    if (isMerogateError(error, 'CONTEXT_NOT_FOUND')) return { data: null }
    throw error
  }
}
