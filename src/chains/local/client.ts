/** The membership contract of the service as an `EnvelopeService`. */
import type { ContextRecord, GroupRecord, MemberRecord } from '../../node/anchor/anchor.ts'
import type {
  Standing,
  Answer,
  Changes,
  EnvelopeService,
  ServiceOptions,
  MemberPage,
} from '../../node/anchor/service.ts'
import { toHex } from '../../node/primitives/bytes.ts'
import type { ContextId, GroupId, PublicKey } from '../../node/primitives/ids.ts'
import { HttpContract } from './contract.ts'
import {
  changesAnswer,
  contextAnswer,
  contextPath,
  groupAnswer,
  groupPath,
  memberAnswer,
  pageAnswer,
  standingAnswer,
  withId,
} from './wire.ts'

/** Beginning of the contract's paths. */
const PREFIX = '/v1'

export class HttpService extends HttpContract implements EnvelopeService {
  constructor(url: string) {
    super(url, PREFIX)
  }

  async readContext(
    id: ContextId,
    options?: ServiceOptions,
  ): Promise<Answer<ContextRecord | undefined>> {
    const path = contextPath(id)
    return withId(id, await this.find(path, contextAnswer, 'ContextNotFound', options))
  }

  async readGroup(id: GroupId, options?: ServiceOptions): Promise<Answer<GroupRecord | undefined>> {
    const path = groupPath(id)
    return withId(id, await this.find(path, groupAnswer, 'ContextNotFound', options))
  }

  async readMember(
    group: GroupId,
    identity: PublicKey,
    options?: ServiceOptions,
  ): Promise<Answer<MemberRecord | undefined>> {
    const path = `${groupPath(group)}/members/${toHex(identity)}`
    const { value, height } = await this.get(path, memberAnswer, options)
    return { value: value ?? undefined, height }
  }

  async readStanding(
    group: GroupId,
    identity: PublicKey,
    options?: ServiceOptions,
  ): Promise<Answer<Standing>> {
    return this.get(`${groupPath(group)}/standings/${toHex(identity)}`, standingAnswer, options)
  }

  async readMemberPage(
    group: GroupId,
    offset: number,
    length: number,
    options?: ServiceOptions,
  ): Promise<Answer<MemberPage | undefined>> {
    const path = `${groupPath(group)}/members?offset=${offset}&length=${length}`
    return this.find(path, pageAnswer, 'ContextNotFound', options)
  }

  async waitForChanges(
    since: bigint | undefined,
    waitMs: number,
    options?: ServiceOptions,
  ): Promise<Changes> {
    const query = since === undefined ? '' : `?since=${since}&wait=${waitMs}`
    return this.get(`/v1/changes${query}`, changesAnswer, {
      ...options,
      waitMs: since === undefined ? 0 : waitMs,
    })
  }
}
