import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import type { Signer } from '../../../../src/node/anchor/anchor.ts'
import { ChangeLog } from '../../../../src/chains/local/model/change-log.ts'
import { envelopeDigest } from '../../../../src/node/anchor/envelope.ts'
import {
  MAX_CHANGES_PER_ANSWER,
  MAX_QUEUED_OPERATIONS,
  MAX_REMEMBERED_CHANGES,
} from '../../../../src/node/anchor/limits.ts'
import {
  localAuthority,
  type LocalAuthority,
  type LocalAuthorityInit,
} from '../../../../src/chains/local/model/authority.ts'
import type { AnchorEvent } from '../../../../src/node/anchor/events.ts'
import type { Operation } from '../../../../src/node/anchor/operations.ts'
import {
  derivePackageId,
  packageEnvelopeCodec,
} from '../../../../src/node/anchor/packages/envelope.ts'
import type { PackageOperation } from '../../../../src/node/anchor/packages/operations.ts'
import type { Submission, SignedEnvelope } from '../../../../src/node/anchor/service.ts'
import { systemRandom } from '../../../../src/node/primitives/clock.ts'
import { silentLogger } from '../../../../src/node/primitives/logger.ts'
import {
  application,
  codeOf,
  contextOf,
  creation,
  ownGroup,
  person,
  secondsOf,
  shiftedClock,
  sign,
} from '../../../compliance/anchor-support.ts'
import { failure } from '../../../support/error-code.ts'
import { creationOf, NAME, publishing } from '../../../compliance/package-support.ts'

const [a, b] = [person('A'), person('B')]
const context = contextOf(a)
const group = ownGroup(context)

describe('local authority', () => {
  const clock = shiftedClock()
  const open: LocalAuthority[] = []
  let folder: string
  let file: string

  const start = async (init: LocalAuthorityInit = {}): Promise<LocalAuthority> => {
    const authority = localAuthority(init, { clock, random: systemRandom, logger: silentLogger })
    open.push(authority)
    await authority.start()
    return authority
  }
  const make = async (
    authority: LocalAuthority,
    who: Signer,
    operation: Operation,
    nonce: bigint,
  ): Promise<SignedEnvelope> => {
    const domain = await authority.readDomain()
    const validUntil = secondsOf(clock) + 60n
    return sign(who, operation, { domain, subject: context, nonce, validUntil })
  }
  const submit = async (
    authority: LocalAuthority,
    operation: Operation,
    nonce: bigint,
  ): Promise<Submission> => authority.submit(await make(authority, a, operation, nonce))
  const addB: Operation = { kind: 'addMembers', ids: [b.publicKey], role: 'writer' }
  const first = 1n << 32n

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'anchor-'))
    file = join(folder, 'deep', 'members.log')
  })

  afterEach(async () => {
    for (const authority of open.splice(0)) await authority.stop()
    rmSync(folder, { recursive: true })
  })

  describe('with a file', () => {
    it('goes on after a restart where it ended: state, height, domain, transactions', async () => {
      const authority = await start({ file })
      await submit(authority, creation(), 0n)
      const accepted = await submit(authority, addB, first)
      if (!accepted.accepted) throw new RangeError('expected an accepted operation')
      const domain = await authority.readDomain()
      await authority.stop()
      const events: AnchorEvent[] = []
      const again = await start({ file, onEvent: (event) => events.push(event) })
      expect(again.height).to.equal(2n)
      expect(await again.readDomain()).to.deep.equal(domain)
      expect((await again.readMember(group, b.publicKey)).value?.nonce).to.equal(2n << 32n)
      expect(await again.findTransaction(accepted.transaction)).to.equal(2n)
      expect(events.map(({ name }) => name)).to.deep.equal(['ContextCreated', 'MembersAdded'])
      expect(await submit(again, addB, first)).to.deep.include({ accepted: false })
      expect(await submit(again, addB, first + 1n)).to.deep.include({ height: 3n })
    })

    it('has it to itself, and gives it back when it stops', async () => {
      const authority = await start({ file })
      expect(statSync(file).mode & 0o777, 'for its owner alone').to.equal(0o600)
      const { code, details } = await failure(start({ file }))
      expect(code).to.equal('STORE_LOCKED')
      expect(details).to.include({ location: file, pid: process.pid })
      await submit(authority, creation(), 0n)
      await authority.stop()
      expect((await start({ file })).height).to.equal(1n)
    })

    it('is told which process has it, and goes on when that one was killed', async () => {
      const main = join(import.meta.dirname, '../../../../src/chains/local/main.ts')
      const child = spawn(process.execPath, [main, '--port', '0', '--file', file], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      await once(child.stdout, 'data')
      expect((await failure(start({ file }))).details['pid']).to.equal(child.pid)
      child.kill('SIGKILL')
      await once(child, 'exit')
      expect((await start({ file })).height).to.equal(0n)
    })

    it('reads its file anew on every start', async () => {
      const authority = await start({ file })
      await submit(authority, creation(), 0n)
      await authority.stop()
      await authority.start()
      expect(authority.height).to.equal(1n)
      expect((await authority.readGroup(group)).value?.memberCount).to.equal(1)
    })

    it('reads back what has expired since', async () => {
      const authority = await start({ file })
      await submit(authority, creation(), 0n)
      await authority.stop()
      clock.advance(3 * 24 * 3600)
      expect((await start({ file })).height).to.equal(1n)
    })

    it('drops a last line that a crash tore, and appends after it cleanly', async () => {
      const authority = await start({ file })
      await submit(authority, creation(), 0n)
      await submit(authority, addB, first)
      await authority.stop()
      const whole = readFileSync(file)
      for (const cut of [1, 40, whole.length - whole.lastIndexOf('{') - 1]) {
        writeFileSync(file, whole.subarray(0, whole.length - cut))
        const torn = await start({ file })
        expect(torn.height).to.equal(1n)
        expect(await submit(torn, addB, first)).to.deep.include({ accepted: true })
        await torn.stop()
        const again = await start({ file })
        expect(again.height).to.equal(2n)
        await again.stop()
      }
    })

    it('begins anew when not even the header was whole', async () => {
      await (await start({ file })).stop()
      writeFileSync(file, readFileSync(file).subarray(0, 20))
      expect((await start({ file })).height).to.equal(0n)
    })

    it('refuses a file that was changed', async () => {
      const authority = await start({ file })
      await submit(authority, creation(), 0n)
      await submit(authority, addB, first)
      await authority.stop()
      const [header, one, two] = readFileSync(file, 'utf8').split('\n') as [string, string, string]
      const flipped = two.replace(/("signature":"..)(.)/, (_, head: string, digit: string) =>
        head.concat(digit === '0' ? '1' : '0'),
      )
      for (const lines of [
        [header, one, flipped],
        [header, two],
        [header, one, one, two],
        [header, one, '{}', two],
        [header, one, '', two],
        [one, two],
        [header.replace('"version":2', '"version":1'), one, two],
      ]) {
        writeFileSync(file, `${lines.join('\n')}\n`)
        expect(await codeOf(start({ file }))).to.equal('ANCHOR_LOG_CORRUPT')
      }
    })

    it('writes nothing for what it refuses', async () => {
      const authority = await start({ file })
      await submit(authority, creation(), 0n)
      const before = readFileSync(file)
      await submit(authority, addB, first + 1n)
      await authority.submit({ envelope: new Uint8Array(9000), signature: new Uint8Array(64) })
      expect(readFileSync(file).equals(before)).to.equal(true)
    })

    describe('and a registry', () => {
      const id = derivePackageId(a.publicKey, NAME)
      const send = async (
        authority: LocalAuthority,
        operation: PackageOperation,
        nonce: bigint,
      ): Promise<Submission> => {
        const domain = await authority.packages.readDomain()
        const envelope = packageEnvelopeCodec.encode({
          ...{ domain, subject: id, signer: a.publicKey, nonce, operation },
          validUntil: secondsOf(clock) + 60n,
        })
        return authority.packages.submit({ envelope, signature: a.sign(envelopeDigest(envelope)) })
      }

      it('reads back the operations of both contracts in their order', async () => {
        const authority = await start({ file })
        const domain = await authority.packages.readDomain()
        await submit(authority, creation(), 0n)
        await send(authority, creationOf(), 0n)
        await submit(authority, addB, first)
        const published = await send(authority, publishing('1.0.0'), 1n)
        if (!published.accepted) throw new RangeError('expected an accepted operation')
        expect(await send(authority, publishing('1.0.0'), 2n)).to.deep.include({ accepted: false })
        const before = await authority.packages.readLatest(id)
        await authority.stop()
        const names: string[] = []
        const note = ({ name }: { readonly name: string }): void => void names.push(name)
        const again = await start({ file, onEvent: note, onPackageEvent: note })
        expect(names).to.deep.equal([
          ...['ContextCreated', 'PackagePublished', 'MembersAdded', 'ReleasePublished'],
        ])
        expect(again.height).to.equal(4n)
        expect(await again.packages.readDomain()).to.deep.equal(domain)
        expect(await again.packages.readLatest(id)).to.deep.equal(before)
        expect(await again.findTransaction(published.transaction)).to.equal(4n)
        expect((await again.packages.readNonce(a.publicKey)).value).to.equal(2n)
        expect((await again.readGroup(group)).value?.memberCount).to.equal(2)
      })

      it('marks the lines of the registry alone, so that older files read as before', async () => {
        const authority = await start({ file })
        await submit(authority, creation(), 0n)
        await send(authority, creationOf(), 0n)
        await authority.stop()
        const lines = readFileSync(file, 'utf8').trim().split('\n')
        const contracts = lines.map((line) => (JSON.parse(line) as { contract?: string }).contract)
        expect(contracts.slice(1)).to.deep.equal([undefined, 'packages'])
        // an operation belongs to the contract that accepted it
        const swapped = lines.map((line) => line.replace(',"contract":"packages"', ''))
        writeFileSync(file, `${swapped.join('\n')}\n`)
        expect(await codeOf(start({ file }))).to.equal('ANCHOR_LOG_CORRUPT')
      })

      it('tells watchers of both, and counts both', async () => {
        const authority = await start()
        await submit(authority, creation(), 0n)
        await send(authority, creationOf(), 0n)
        const { height, changes } = await authority.waitForChanges(0n, 60_000)
        expect(height).to.equal(2n)
        expect(changes.map(({ subject }) => subject)).to.deep.equal([context, id])
        expect((await authority.packages.readPackage(id)).height).to.equal(2n)
      })

      it('answers only while it runs', async () => {
        const authority = await start()
        await authority.stop()
        expect(await codeOf(authority.packages.readPackage(id))).to.equal('ANCHOR_STOPPED')
        expect(await codeOf(authority.packages.readDomain())).to.equal('ANCHOR_STOPPED')
      })
    })

    it('does not take what other programs append for an operation', async () => {
      const authority = await start({ file })
      await submit(authority, creation(), 0n)
      await authority.stop()
      appendFileSync(file, 'hello\n')
      expect(await codeOf(start({ file }))).to.equal('ANCHOR_LOG_CORRUPT')
    })
  })

  it('answers only while it runs, and keeps its state in memory', async () => {
    const authority = await start()
    await submit(authority, creation(), 0n)
    await authority.stop()
    expect(authority.status).to.equal('stopped')
    expect(await codeOf(authority.readContext(context))).to.equal('ANCHOR_STOPPED')
    expect(await codeOf(authority.readDomain())).to.equal('ANCHOR_STOPPED')
    await authority.start()
    expect((await authority.readContext(context)).value?.applicationRevision).to.equal(1n)
  })

  it('announces every change with subject, signer, nonce and revision', async () => {
    const events: AnchorEvent[] = []
    const authority = await start({ onEvent: (event) => events.push(event) })
    await submit(authority, creation(), 0n)
    await submit(authority, addB, first)
    await submit(authority, addB, first + 1n)
    const removal = { kind: 'removeMembers', ids: [b.publicKey], mayReturn: true } as const
    await submit(authority, removal, first + 2n)
    const until = events.flatMap((event) => (event.name === 'MembersRemoved' ? [event.until] : []))
    // what it signed until now holds a day at most
    expect(Number(until[0])).to.be.within(Date.now() / 1000 + 86_000, Date.now() / 1000 + 86_401)
    const subject = context
    const signer = a.publicKey
    expect(events).to.deep.equal([
      {
        name: 'ContextCreated',
        context,
        group,
        application: application(),
        options: { approvers: 'govern' },
        subject,
        signer,
        nonce: 0n,
        revision: 1n,
      },
      {
        name: 'MembersAdded',
        ids: [b.publicKey],
        role: 'writer',
        subject,
        signer,
        nonce: first,
        revision: 2n,
      },
      {
        name: 'MembersRemoved',
        barred: false,
        until: until[0],
        ids: [b.publicKey],
        subject,
        signer,
        nonce: first + 2n,
        revision: 3n,
      },
    ])
  })

  it('refuses what waits beyond its queue', async () => {
    const authority = await start()
    const message = await make(authority, a, creation(), 0n)
    const outcomes = await Promise.allSettled(
      Array.from({ length: MAX_QUEUED_OPERATIONS + 1 }, () => authority.submit(message)),
    )
    const failed = outcomes.filter(({ status }) => status === 'rejected')
    expect(failed).to.have.length(1)
    const retry = await authority.submit(message)
    expect(retry.accepted).to.equal(false)
  })

  describe('changes', () => {
    it('come at once when there are some, or when one happens', async () => {
      const authority = await start()
      expect(await authority.waitForChanges(undefined, 60_000)).to.deep.equal({
        height: 0n,
        changes: [],
        missed: false,
      })
      const waiting = authority.waitForChanges(0n, 60_000)
      await submit(authority, creation(), 0n)
      const expected = { height: 1n, changes: [{ subject: context, height: 1n }], missed: false }
      expect(await waiting).to.deep.equal(expected)
      expect(await authority.waitForChanges(0n, 60_000)).to.deep.equal(expected)
    })

    it('end a wait at its time, at the signal and at a stop', async () => {
      const authority = await start()
      const none = { height: 0n, changes: [], missed: false }
      expect(await authority.waitForChanges(0n, 1)).to.deep.equal(none)
      const signal = AbortSignal.abort()
      expect(await authority.waitForChanges(0n, 60_000, { signal })).to.deep.equal(none)
      const waiting = authority.waitForChanges(0n, 60_000)
      await authority.stop()
      expect(await waiting).to.deep.equal(none)
    })

    it('say so when the question is from another history', async () => {
      const authority = await start()
      expect((await authority.waitForChanges(9n, 60_000)).missed).to.equal(true)
    })

    it('are forgotten beyond the bound, and asked for in parts', async () => {
      const log = new ChangeLog(clock)
      const count = 2 * MAX_REMEMBERED_CHANGES
      for (let n = 0; n < count; n++) log.append(context)
      expect((await log.wait(0n, 0, undefined)).missed).to.equal(true)
      const since = BigInt(count - MAX_REMEMBERED_CHANGES)
      const { changes, height, missed } = await log.wait(since, 0, undefined)
      expect(missed).to.equal(false)
      expect(changes).to.have.length(MAX_CHANGES_PER_ANSWER)
      expect(height).to.equal(since + BigInt(MAX_CHANGES_PER_ANSWER))
      expect(changes[0]).to.deep.equal({ subject: context, height: since + 1n })
    })
  })
})
