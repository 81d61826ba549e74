//! Taking over from the contract before: the predecessor is asked, and its answer comes in a receipt of its own, in which all is looked at
//! again. That receipt never fails for a refusal, since what came with the first one would stay here: it pays back, and answers the number.
use merogate_core::groups::adoption::Adoption;
use merogate_core::interface::Refusal;
use merogate_core::{decode, encode, record, Bytes, Layout};
use near_sdk::{env, AccountId, Gas, NearToken};

use crate::calls::{answer, arguments, refuse};
use crate::credit::{attached, pay, settle};
use crate::door::make_room;
use crate::events;
use crate::ring::{self, Entry};
use crate::settings::settings;
use crate::store;
use crate::Rules;

/// Gas for the predecessor, which reads; and for what is done with its answer.
const ASK_GAS: Gas = Gas::from_tgas(90);
const FINISH_GAS: Gas = Gas::from_tgas(170);

record! {
    /// What the second receipt is told by the first.
    pub struct Asked {
        /// Arguments of what finishes it.
        pub subject: Bytes,
        /// Who pays, and gets the rest back.
        pub payer: String,
        pub deposit: u128,
    }
}

/// Asks a view of the predecessor; its answer comes to a call of this contract, whose answer is that of the whole transaction.
pub fn ask_predecessor(view: &str, question: &impl Layout, finish: &str, subject: &impl Layout) {
    let predecessor = settings().predecessor.and_then(|account| String::from_utf8(account).ok());
    let Some(Ok(predecessor)) = predecessor.map(|account| account.parse::<AccountId>()) else {
        refuse(Refusal::ContextNotFound)
    };
    let payer = String::from(env::predecessor_account_id());
    let asked = Asked { subject: encode(subject), payer, deposit: attached() };
    let nothing = NearToken::from_yoctonear(0);
    let question = encode(question);
    let asking = env::promise_batch_create(&predecessor);
    env::promise_batch_action_function_call(asking, view, &question, nothing, ASK_GAS);
    let finishing = env::promise_batch_then(asking, &env::current_account_id());
    env::promise_batch_action_function_call(
        finishing,
        finish,
        &encode(&asked),
        nothing,
        FINISH_GAS,
    );
    env::promise_return(finishing);
}

/// What the predecessor answered; none when that was nothing, or nothing that it would answer.
fn told<T: Layout>() -> Option<T> {
    let bytes = env::promise_result_checked(0, usize::MAX).ok()?;
    decode::<Option<T>>(&bytes).ok()?
}

/// Pays for what is taken over, and stores it.
fn take<R: Rules>(
    Adoption { group, writes, event }: Adoption,
    payer: &AccountId,
    deposit: u128,
) -> Result<u128, Refusal> {
    let place = ring::next_place();
    let entry = event.as_ref().map(|event| Entry::unsigned(&group, event));
    let remembered = entry.as_ref().map_or(0, |entry| entry.size::<R>(place));
    let growth = store::growth_of(&writes) + remembered;
    let rest = settle(&group, payer, deposit, growth).ok_or(Refusal::InsufficientDeposit)?;
    store::commit(&writes);
    if let Some(entry) = &entry {
        ring::remember::<R>(make_room::<R>(), entry);
    }
    if let Some(event) = &event {
        events::announce(event);
    }
    Ok(rest)
}

/// Does with the predecessor's answer what is asked for. Nobody but this contract itself calls it.
pub fn finish_adoption<R: Rules, T: Layout, S: Layout>(
    adopt: impl FnOnce(S, Option<T>) -> Result<Adoption, Refusal>,
) {
    if env::predecessor_account_id() != env::current_account_id() {
        env::panic_str("only the contract itself finishes what it began");
    }
    let Asked { subject, payer, deposit } = arguments();
    let (Ok(subject), Ok(payer)) = (decode(&subject), payer.parse::<AccountId>()) else {
        env::panic_str("expected what the contract asked itself")
    };
    let taken = adopt(subject, told()).and_then(|adoption| take::<R>(adoption, &payer, deposit));
    let (number, rest) = match taken {
        Ok(rest) => (0u8, rest),
        Err(refusal) => (refusal.number(), deposit),
    };
    pay(&payer, rest);
    answer(&number);
}
