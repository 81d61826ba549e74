/** What may come after, and which part of what is installed is meant. */
import type { InstalledApplication } from '../interface.ts'
import { idText, type ApplicationId } from '../primitives/ids.ts'
import { applicationError } from './errors.ts'

type Signed = Pick<InstalledApplication, 'package' | 'version' | 'signerId'>

/**
 * That what follows a signed package comes from its signer: the name of a package proves nothing by itself.
 * @throws APPLICATION_SIGNER (denied)
 */
export function checkSigner(known: Signed, next: Signed): void {
  const { package: name, signerId: expected } = known
  if (next.package !== name || expected === undefined || expected === next.signerId) return
  const got = next.signerId ?? null
  throw applicationError(
    'APPLICATION_SIGNER',
    `${name} ${known.version} is signed by ${expected}: expected what follows it from the same signer, got ${got ?? 'no signature'}; another package may have another signer`,
    { package: name, expected, got },
  )
}

/** The application that a context runs when a service is named, or none is. @throws APPLICATION_SERVICE (input) */
export function applicationOf(
  { id, service: own, services = [] }: InstalledApplication,
  service: string | undefined,
): ApplicationId {
  const names = own === undefined ? services.map(({ name }) => name) : [own]
  if (service === undefined && services.length < 2) return id
  if (service !== undefined && service === own) return id
  const named = services.find(({ name }) => name === service)
  if (named !== undefined) return named.application
  const expected =
    names.length === 0 ? 'no service: the application has none' : `a service: ${names.join(', ')}`
  throw applicationError(
    'APPLICATION_SERVICE',
    `expected ${expected}; got ${service === undefined ? 'none named' : JSON.stringify(service.slice(0, 64))}`,
    { application: idText(id), services: names },
  )
}
