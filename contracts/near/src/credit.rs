//! Who pays for storage. What grows is paid from what is attached, then from what the group has, then from what the caller's account has.
//! What shrinks goes to the group, whoever asked for it: else removing what others paid for would earn something.
//!
//! Credit is what is left of money that came in, or of storage that was paid for, so the contract owes nobody more than it has.
use merogate_core::interface::Refusal;
use merogate_core::Id;
use near_sdk::{env, AccountId, NearToken};

use crate::calls::refuse;
use crate::store::{self, Table};

/// Bytes of the record of a group's credit: 40 beside a key of 33 and a number of 16.
const GROUP_RECORD: u128 = 89;
/// The same of the longest account there may be: what every account has to leave.
const ACCOUNT_RECORD: u128 = 40 + 1 + 64 + 16;

/// Yocto for bytes of storage.
fn price_of(bytes: u128) -> u128 {
    bytes * env::storage_byte_cost().as_yoctonear()
}

/// Money that is kept for somebody, of which the record itself is paid.
pub(crate) struct Credit {
    key: Vec<u8>,
    /// Yocto that its record costs.
    pub least: u128,
    /// None as long as there is no record.
    pub total: Option<u128>,
}

impl Credit {
    fn open(key: Vec<u8>, record: u128) -> Self {
        let total = store::read(&key);
        Self { key, least: price_of(record), total }
    }

    pub fn of_group(group: &Id) -> Self {
        Self::open(store::key(Table::GroupCredits, group), GROUP_RECORD)
    }

    pub fn of_account(account: &AccountId) -> Self {
        Self::open(store::key(Table::AccountCredits, account.as_bytes()), ACCOUNT_RECORD)
    }

    /// Yocto that every account has to leave.
    pub fn least_of_accounts() -> u128 {
        price_of(ACCOUNT_RECORD)
    }

    /// What may be spent.
    pub fn available(&self) -> u128 {
        self.total.map_or(0, |total| total - self.least)
    }

    fn set(&mut self, total: u128) {
        store::write(&self.key, &total);
        self.total = Some(total);
    }

    /// More of it. Too little for a record is not written down: then there is none.
    pub fn add(&mut self, amount: u128) -> bool {
        let total = self.total.unwrap_or(0) + amount;
        let is_enough = total >= self.least;
        if is_enough && amount > 0 {
            self.set(total);
        }
        is_enough
    }

    /// As much as there is of an amount; what is missing then.
    fn spend(&mut self, amount: u128) -> u128 {
        let spent = amount.min(self.available());
        if let Some(total) = self.total.filter(|_| spent > 0) {
            self.set(total - spent);
        }
        amount - spent
    }

    /// Takes out so much, which there is.
    pub fn withdraw(&mut self, amount: u128) {
        if self.spend(amount) > 0 {
            refuse(Refusal::InsufficientDeposit);
        }
    }

    /// Ends it: all there was.
    pub fn close(self) -> u128 {
        env::storage_remove(&self.key);
        self.total.unwrap_or(0)
    }
}

/// Yocto that came with the call.
pub(crate) fn attached() -> u128 {
    env::attached_deposit().as_yoctonear()
}

/// Money back to whoever made this call.
pub(crate) fn pay_back(amount: u128) {
    pay(&env::predecessor_account_id(), amount);
}

pub(crate) fn pay(account: &AccountId, amount: u128) {
    if amount > 0 {
        let promise = env::promise_batch_create(account);
        env::promise_batch_action_transfer(promise, NearToken::from_yoctonear(amount));
    }
}

/// What was freed of what a group paid for.
pub(crate) fn give_back(group: &Id, bytes: u64) {
    Credit::of_group(group).add(price_of(bytes.into()));
}

/// Settles what is done to storage: what is left of a deposit, or none when all there is does not suffice, and then nothing is taken.
pub(crate) fn settle(group: &Id, payer: &AccountId, deposit: u128, growth: i64) -> Option<u128> {
    let Ok(grown) = u64::try_from(growth) else {
        give_back(group, growth.unsigned_abs());
        return Some(deposit);
    };
    let price = price_of(grown.into());
    let missing = price.saturating_sub(deposit);
    if missing > 0 {
        let (mut of_group, mut of_payer) = (Credit::of_group(group), Credit::of_account(payer));
        if of_group.available() + of_payer.available() < missing {
            return None;
        }
        let rest = of_group.spend(missing);
        of_payer.spend(rest);
    }
    Some(deposit.saturating_sub(price))
}
