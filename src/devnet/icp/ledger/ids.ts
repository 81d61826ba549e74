/** Where the cycles ledger is: the same id as on the main network. */
export const LEDGER_ID = 'um5iw-rqaaa-aaaaq-qaaba-cai'
