//! Credit of accounts for storage (NEP-145): a key that may only call functions cannot attach money to a call.
use near_sdk::{env, AccountId};

use crate::calls::input;
use crate::credit::{attached, pay_back, Credit};
use crate::json::{self, write_text, Object};

/// What a call must bring that takes money out, so that only a full key can make it.
const ONE_YOCTO: u128 = 1;

fn account_of(given: &Object) -> AccountId {
    match given.text("account_id").map(str::parse) {
        None => env::predecessor_account_id(),
        Some(Ok(account)) => account,
        Some(Err(_)) => env::panic_str("expected an account"),
    }
}

fn write_balance(credit: &Credit, to: &mut String) {
    let Some(total) = credit.total else { return to.push_str("null") };
    to.push_str("{\"total\":");
    write_text(&total.to_string(), to);
    to.push_str(",\"available\":");
    write_text(&credit.available().to_string(), to);
    to.push('}');
}

fn answer_balance(credit: &Credit) {
    let mut to = String::new();
    write_balance(credit, &mut to);
    env::value_return(to);
}

/// `storage_deposit`: money for the caller, or for the account that it names.
pub fn storage_deposit() {
    let given = json::arguments(&input());
    let mut credit = Credit::of_account(&account_of(&given));
    let attached = attached();
    let kept = match (given.is("registration_only"), credit.total) {
        (false, _) => attached,
        (true, None) => attached.min(credit.least),
        (true, Some(_)) => 0,
    };
    if !credit.add(kept) {
        env::panic_str("the deposit is less than the record of it costs");
    }
    pay_back(attached - kept);
    answer_balance(&credit);
}

/// The caller's own credit, by a call that only a full key can make.
fn own_credit() -> Credit {
    if attached() != ONE_YOCTO {
        env::panic_str("expected one yocto attached");
    }
    Credit::of_account(&env::predecessor_account_id())
}

/// `storage_withdraw`: so much of what the caller has, or all that is available.
pub fn storage_withdraw() {
    let given = json::arguments(&input());
    let mut credit = own_credit();
    if credit.total.is_none() {
        env::panic_str("the account has no credit");
    }
    let amount = match given.text("amount").map(str::parse) {
        None => credit.available(),
        Some(Ok(amount)) => amount,
        Some(Err(_)) => env::panic_str("expected an amount"),
    };
    credit.withdraw(amount);
    pay_back(amount + ONE_YOCTO);
    answer_balance(&credit);
}

/// `storage_unregister`: all that the caller has; whether it had any.
pub fn storage_unregister() {
    let credit = own_credit();
    let is_known = credit.total.is_some();
    pay_back(credit.close() + ONE_YOCTO);
    env::value_return(if is_known { "true" } else { "false" });
}

/// `storage_balance_of`: what an account has, or null.
pub fn storage_balance_of() {
    let given = json::arguments(&input());
    match given.text("account_id").map(str::parse::<AccountId>) {
        Some(Ok(account)) => answer_balance(&Credit::of_account(&account)),
        _ => env::panic_str("expected an account"),
    }
}

/// `storage_balance_bounds`: the least that an account must have; there is no most.
pub fn storage_balance_bounds() {
    let mut to = String::from("{\"min\":");
    write_text(&Credit::least_of_accounts().to_string(), &mut to);
    to.push_str(",\"max\":null}");
    env::value_return(to);
}
