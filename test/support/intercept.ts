/** A service with some of its methods replaced. */
import type { EnvelopeService } from '../../src/node/anchor/service.ts'

/** Methods that are not replaced stay bound to the service. */
export function intercept(
  service: EnvelopeService,
  methods: Partial<EnvelopeService>,
): EnvelopeService {
  return {
    readDomain: (options) => service.readDomain(options),
    readContext: (id, options) => service.readContext(id, options),
    readGroup: (id, options) => service.readGroup(id, options),
    readMember: (id, who, options) => service.readMember(id, who, options),
    readStanding: (id, who, options) => service.readStanding(id, who, options),
    readMemberPage: (id, offset, length, options) =>
      service.readMemberPage(id, offset, length, options),
    findApplied: (envelope, options) => service.findApplied(envelope, options),
    submit: (signed, options) => service.submit(signed, options),
    waitForChanges: (since, waitMs, options) => service.waitForChanges(since, waitMs, options),
    ...methods,
  }
}
