/** `merogate context`: contexts of a node, from creation to leaving. */
import type { Command } from 'commander'
import { stringifyJson } from '../../client/json.ts'
import { integerArgument, jsonArgument } from '../arguments.ts'
import type { Context, Failure, Intent, MemberRole, MerogateClient } from '../../client/index.ts'
import { cliError } from '../errors.ts'
import { failureText } from '../failure-text.ts'
import { render, table } from '../output.ts'
import { action } from '../session.ts'
import { intentText } from '../intent-text.ts'
import { migrationText } from '../migration-text.ts'
import { identityCommand } from './identity.ts'
import { intentCommand } from './intents.ts'
import { memberCommands } from './members.ts'

/** How long `--wait` waits for state, ms. */
const READY_WAIT_MS = 60_000

/** A context in the list: one that is here, or one that is being made or joined. */
type ContextRow = Pick<Context, 'id' | 'applicationId' | 'rootHash' | 'intents' | 'migration'> & {
  readonly status: string
}

/** Its status, and that its group moves to another contract where it does. */
function statusText({ status, migration }: ContextRow): string {
  return migration === null ? status : `${status}, ${migrationText(migration)}`
}

function pendingRow(intent: Intent): ContextRow {
  const status = intent.kind === 'create' ? 'creating' : 'joining'
  const nothing = { applicationId: '', rootHash: '', migration: null }
  return { ...nothing, id: intent.contextId, status, intents: [intent] }
}

interface CreateOptions {
  application: string
  params?: string
  seed?: string
  protocol?: string
  group?: string
  service?: string
}

export function contextCommand(program: Command): void {
  const context = program
    .command('context')
    .description('contexts: create, join, share, sync, watch')
  lifeCommands(context)
  joinCommands(context)
  memberCommands(context)
  identityCommand(context)
  intentCommand(context)
}

function lifeCommands(context: Command): void {
  context
    .command('list')
    .alias('ls')
    .description('list all contexts')
    .option('-a, --application <id>', 'only those that run this application')
    .action(
      action<{ application?: string }>(async ({ options, output, client }) => {
        const { application } = options
        const filter = application === undefined ? {} : { applicationId: application }
        const { admin } = await client()
        const contexts = await admin.contexts(filter)
        const pending = application === undefined ? await admin.pendingContexts() : []
        const columns = {
          ID: (row: ContextRow) => row.id,
          STATUS: statusText,
          APPLICATION: (row: ContextRow) => row.applicationId,
          ROOT: (row: ContextRow) => row.rootHash,
          'GOES ON WITH': (row: ContextRow) => row.intents.map(intentText).join('; '),
        }
        const rows = [...contexts, ...pending.map(pendingRow)]
        output.result(rows, table(rows, columns, 'no contexts'))
      }),
    )
  context
    .command('create')
    .description('create a context')
    .requiredOption('-a, --application <id>', 'application it runs')
    .option('-p, --params <json>', "parameters of the application's init")
    .option('--service <name>', 'which of the services of the application')
    .option('-s, --seed <base58>', '32 bytes that fix the id of the context')
    .option('--protocol <name>', 'anchor that decides who is a member')
    .option('--group <id>', 'share the members of an existing group')
    .addHelpText(
      'after',
      '\nExample:\n  merogate context create --application <id> --params \'{"title":"x"}\'',
    )
    .action(
      action<CreateOptions>(async ({ options, output, client }) => {
        const { application, params, seed, protocol, group, service } = options
        const made = await (
          await client()
        ).admin.createContext({
          applicationId: application,
          ...(params === undefined ? {} : { params: jsonArgument('--params', params) }),
          ...(seed === undefined ? {} : { seed }),
          ...(protocol === undefined ? {} : { protocol }),
          ...(group === undefined ? {} : { groupId: group }),
          ...(service === undefined ? {} : { service }),
        })
        output.result(made)
      }),
    )
  context
    .command('get <id>')
    .description('show one context')
    .option('--wait', `wait until it is ready, at most ${READY_WAIT_MS / 1000} s`)
    .action(
      action<{ wait?: true }>(async ({ options, output, client }, id) => {
        const wait = options.wait === true ? READY_WAIT_MS : undefined
        const context = await (await client()).admin.context(id, wait)
        const failure = context.lastFailure
        const lastFailure = failure === null ? 'none' : failureText(failure)
        const intents = context.intents.map(intentText).join('; ') || 'none'
        const plan = context.migration
        const migration = plan === null ? 'none' : migrationText(plan)
        const shown = { ...context, dagHeads: undefined, lastFailure, migration, intents }
        output.result(context, render(shown))
      }),
    )
  context
    .command('update <id>')
    .description('move a context to another application')
    .requiredOption('-a, --application <id>', 'the new application')
    .option('--as <identity>', 'identity that changes it')
    .action(
      action<{ application: string; as?: string }>(async ({ options, output, client }, id) => {
        const { application, as } = options
        output.result(await (await client()).admin.updateApplication(id, application, as))
      }),
    )
  context
    .command('sync [id]')
    .description('exchange with connected members now; without an id, in all contexts')
    .action(
      action(async ({ output, client }, id?: string) => {
        const { admin } = await client()
        if (id === undefined) output.result(await admin.syncAll(READY_WAIT_MS))
        else output.result(await admin.sync(id, READY_WAIT_MS))
      }),
    )
  context
    .command('repair <id>')
    .description('replay the history, for a context whose members have different roots')
    .action(
      action(async ({ output, client }, id) => {
        const result = await (await client()).admin.repair(id, READY_WAIT_MS)
        if (result === null) output.result(result, 'it goes on: see `merogate context get`')
        else output.result(result)
      }),
    )
  context
    .command('refresh <id>')
    .description('read members and application at the anchor again')
    .option('--from-anchor', 'what it says now counts, whatever it said before')
    .action(
      action<{ fromAnchor?: true }>(async ({ options, output, client }, id) => {
        const context = await (await client()).admin.refresh(id, options.fromAnchor === true)
        const { membersRevision, applicationRevision, membersView } = context
        output.result(context, render({ membersRevision, applicationRevision, ...membersView }))
      }),
    )
  context
    .command('leave <id>')
    .description('give up the membership, then forget the context')
    .action(
      action(async ({ output, client }, id) => {
        output.result(await (await client()).admin.leaveContext(id), `left ${id}`)
      }),
    )
  context
    .command('delete <id>')
    .alias('del')
    .description('forget a context on this node only')
    .action(
      action(async ({ output, client }, id) => {
        const result = await (await client()).admin.deleteContext(id)
        if (!result.isDeleted) throw cliError('CLI_NOT_FOUND', `there is no context ${id}`)
        output.result(result, `forgot ${id}`)
      }),
    )
  context
    .command('watch <id>')
    .description('print changes as they happen, until Ctrl-C')
    .option('-n, --count <number>', 'end after so many changes')
    .option('--since <seq>', 'begin with this sequence number')
    .action(
      action<{ count?: string; since?: string }>(async (session, id) => {
        const { options, output, client } = session
        const max = Number.MAX_SAFE_INTEGER
        const count =
          options.count === undefined ? max : integerArgument('--count', options.count, max)
        const since =
          options.since === undefined ? undefined : integerArgument('--since', options.since, max)
        let seen = 0
        if (count === 0) return
        const onFailure = (contextId: string, failure: Failure): void => {
          output.event({ type: 'Failure', contextId, ...failure }, `(${failureText(failure)})`)
        }
        for await (const change of watch(await client(), id, since, onFailure)) {
          if (change.type === 'Lagged') {
            output.event({ ...change }, `(${change.skipped} changes are no longer kept)`)
            continue
          }
          const events = change.events.map(({ kind, json, handler }) => ({
            kind,
            data: json,
            handler,
          }))
          const text = events.map(({ kind, data }) => ` ${kind} ${stringifyJson(data)}`).join('')
          output.event({ ...change, events }, `${change.seq} ${change.newRoot}${text}`)
          if (++seen >= count) return
        }
      }),
    )
}

function watch(
  client: MerogateClient,
  id: string,
  since: number | undefined,
  onFailure: (contextId: string, failure: Failure) => void,
): ReturnType<MerogateClient['subscribe']> {
  const from = since === undefined ? {} : { since }
  return client.subscribe({ contextIds: [id], onFailure, ...from })
}

interface InviteOptions {
  context: string
  as?: string
  role?: MemberRole
}

interface InviteOpenOptions extends InviteOptions {
  maxUses?: string
  validForSeconds?: string
}

function joinCommands(context: Command): void {
  const CONTEXT = ['-c, --context <id>', 'the context'] as const
  const AS = ['--as <identity>', 'identity of this node that invites'] as const
  const ROLE = ['--role <role>', 'writer, reader or relay'] as const

  context
    .command('invite <identity>')
    .description('admit an identity and print its invitation')
    .requiredOption(...CONTEXT)
    .option(...AS)
    .option(...ROLE)
    .addHelpText(
      'after',
      '\nThe identity comes from `merogate context identity generate` on the node that will join.',
    )
    .action(
      action<InviteOptions>(async ({ options, output, client }, invitee) => {
        const { context: contextId, as, role } = options
        const text = await (
          await client()
        ).admin.invite({
          contextId,
          invitee,
          ...(as === undefined ? {} : { inviter: as }),
          ...(role === undefined ? {} : { role }),
        })
        if (text === null) throw cliError('CLI_NOT_FOUND', `there is no context ${contextId}`)
        output.result({ invitation: text }, text)
      }),
    )
  context
    .command('invite-by-open-invitation')
    .alias('invite-open')
    .description('print an invitation for whoever holds it')
    .requiredOption(...CONTEXT)
    .option(...AS)
    .option(...ROLE)
    .option('--max-uses <number>', 'how many may use it')
    .option('--valid-for-seconds <seconds>', 'how long it may be used')
    .action(
      action<InviteOpenOptions>(async ({ options, output, client }) => {
        const { context: contextId, as, role, maxUses, validForSeconds } = options
        const made = await (
          await client()
        ).admin.inviteOpen({
          contextId,
          ...(as === undefined ? {} : { inviter: as }),
          ...(role === undefined ? {} : { role }),
          ...(maxUses === undefined
            ? {}
            : { maxUses: integerArgument('--max-uses', maxUses, 0xffff_ffff) }),
          ...(validForSeconds === undefined
            ? {}
            : { validForMs: integerArgument('--valid-for-seconds', validForSeconds, 1e9) * 1000 }),
        })
        if (made === null) throw cliError('CLI_NOT_FOUND', `there is no context ${contextId}`)
        output.result(made, made.invitation)
      }),
    )
  context
    .command('join <invitation>')
    .description('join with an invitation made for an identity of this node')
    .option('--wait', 'wait until the state is here')
    .action(
      action<{ wait?: true }>(async ({ options, output, client }, invitation) => {
        const { admin } = await client()
        const joined = await admin.join(invitation)
        if (options.wait === true) await admin.context(joined.contextId, READY_WAIT_MS)
        output.result(joined)
      }),
    )
  context
    .command('join-by-open-invitation <invitation>')
    .alias('join-open')
    .description('join with an open invitation')
    .option('--as <identity>', 'identity of this node that joins; default: a new one')
    .option('--wait', 'wait until the state is here')
    .action(
      action<{ as?: string; wait?: true }>(async ({ options, output, client }, invitation) => {
        const { admin } = await client()
        const joined = await admin.joinOpen(invitation, options.as)
        if (options.wait === true) await admin.context(joined.contextId, READY_WAIT_MS)
        output.result(joined)
      }),
    )
}
