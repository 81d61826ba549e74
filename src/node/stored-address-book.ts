/** Joins the rows of member addresses to the port that `sync` has for them. */
import type { GroupRows } from './store/repositories/groups.ts'
import type { Store } from './store/store.ts'
import type { AddressBook } from './sync/address-book.ts'

/** The address book of members, kept in the database. */
export function storedAddressBook(store: Store, rows: GroupRows): AddressBook {
  return {
    async load() {
      const list = await rows.addresses()
      return list.map(({ context, identity, row }) => ({ context, identity, ...row }))
    },
    save: ({ context, identity, peer, addresses }) =>
      store.batch([rows.putAddress(context, identity, { peer, addresses: [...addresses] })]),
    remove: (context, identity) => store.batch([rows.delAddress(context, identity)]),
  }
}
