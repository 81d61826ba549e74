//! How long entries live, and who pays for what.
use soroban_sdk::testutils::{Deployer, Ledger};
use soroban_sdk::{Bytes, IntoVal, Val, Vec};
use stellar_host::{Bench, FIRST_TTL, Outcome, Recorded, bytes_of, recorded};

const DAY: u32 = 17_280;
const THRESHOLD: u32 = 90 * DAY;
const HORIZON: u32 = 120 * DAY;

fn pass(bench: &Bench, ledgers: u32) {
    bench.env.ledger().with_mut(|ledger| ledger.sequence_number += ledgers);
}

/// A contract with the rows of a case, before its request.
fn prepared<'a>(recorded: &'a Recorded, name: &str) -> (Bench, &'a stellar_host::Case) {
    let case = recorded.cases.iter().find(|case| case.name == name).expect("a case");
    let bench = Bench::new(recorded, &case.contract);
    for (key, value) in &case.rows {
        bench.plant(&bytes_of(key), &bytes_of(value));
    }
    bench.set_time(case.step.now);
    (bench, case)
}

fn keys(bench: &Bench, keys: &[std::vec::Vec<u8>]) -> Val {
    let all = keys.iter().map(|key| Bytes::from_slice(&bench.env, key));
    Vec::from_iter(&bench.env, all).into_val(&bench.env)
}

fn instance_ttl(bench: &Bench) -> u32 {
    bench.env.deployer().get_contract_instance_ttl(&bench.contract)
}

fn code_ttl(bench: &Bench) -> u32 {
    bench.env.deployer().get_contract_code_ttl(&bench.contract)
}

/// What is left of a new entry's life after so many ledgers.
fn left_after(ledgers: u32) -> u32 {
    FIRST_TTL - 1 - ledgers
}

#[test]
fn what_a_request_touches_lives_on_and_nothing_else_does() {
    let Some(recorded) = recorded() else { return };
    let (bench, case) = prepared(&recorded, "updateApplication");
    pass(&bench, 1_000);
    assert!(matches!(bench.bring("apply", &case.step), Outcome::Done(_)));
    let written = case.step.writes.iter().map(|(key, _)| bytes_of(key));
    let group = case.rows.iter().map(|(key, _)| bytes_of(key)).find(|key| key[0] == 2);
    let touched: std::vec::Vec<_> = written.chain(group).collect();
    assert!(touched.len() > 2, "the context, the signer, and the group that was only read");
    for (key, _) in &case.rows {
        let key = bytes_of(key);
        let left = if touched.contains(&key) { HORIZON } else { left_after(1_000) };
        assert_eq!(bench.ttl(&key), left, "{key:?}");
    }
}

#[test]
fn a_request_pays_for_the_instance_and_not_for_the_code() {
    let Some(recorded) = recorded() else { return };
    let (bench, case) = prepared(&recorded, "updateApplication");
    assert!(matches!(bench.bring("apply", &case.step), Outcome::Done(_)));
    assert_eq!(instance_ttl(&bench), HORIZON);
    assert!(code_ttl(&bench) < FIRST_TTL);
}

#[test]
fn nothing_is_paid_for_while_there_is_time_enough() {
    let Some(recorded) = recorded() else { return };
    let (bench, case) = prepared(&recorded, "updateApplication");
    let all: std::vec::Vec<_> = case.rows.iter().map(|(key, _)| bytes_of(key)).collect();
    for some in all.chunks(50) {
        assert!(matches!(bench.call("keep_alive", &[keys(&bench, some)]), Outcome::Done(_)));
    }
    pass(&bench, HORIZON - THRESHOLD - 1);
    assert!(matches!(bench.bring("apply", &case.step), Outcome::Done(_)));
    for key in all {
        assert_eq!(bench.ttl(&key), THRESHOLD + 1);
    }
}

#[test]
fn anybody_keeps_rows_and_the_instance_alive() {
    let Some(recorded) = recorded() else { return };
    let (bench, case) = prepared(&recorded, "updateApplication");
    pass(&bench, 1_000);
    let mut named: std::vec::Vec<_> = case.rows.iter().map(|(key, _)| bytes_of(key)).collect();
    named.truncate(2);
    let there = named.clone();
    named.push(vec![2; 33]);
    assert!(matches!(bench.call("keep_alive", &[keys(&bench, &named)]), Outcome::Done(_)));
    for (key, _) in &case.rows {
        let key = bytes_of(key);
        let left = if there.contains(&key) { HORIZON } else { left_after(1_000) };
        assert_eq!(bench.ttl(&key), left);
    }
    assert_eq!(instance_ttl(&bench), HORIZON);
    assert!(code_ttl(&bench) < FIRST_TTL);
    // a row that is not there was not made
    assert_eq!(bench.stored().len(), case.rows.len());
}

#[test]
fn fifty_rows_are_kept_alive_by_one_transaction_and_more_are_refused() {
    let Some(recorded) = recorded() else { return };
    let (bench, _) = prepared(&recorded, "updateApplication");
    let all: std::vec::Vec<_> = (0..51u8).map(|at| vec![at; 75]).collect();
    for key in &all {
        bench.plant(key, &[7; 3_000]);
    }
    let limit = Outcome::Refused(2);
    assert_eq!(bench.call("keep_alive", &[keys(&bench, &all)]), limit);
    assert!(matches!(bench.call("keep_alive", &[keys(&bench, &all[..50])]), Outcome::Done(_)));
    assert_eq!(bench.ttl(&all[49]), HORIZON);
    assert_eq!(bench.ttl(&all[50]), left_after(0));
}

#[test]
fn anybody_keeps_the_code_alive() {
    let Some(recorded) = recorded() else { return };
    let (bench, _) = prepared(&recorded, "updateApplication");
    assert!(matches!(bench.call("keep_code", &[]), Outcome::Done(_)));
    assert_eq!(instance_ttl(&bench), HORIZON);
    assert_eq!(code_ttl(&bench), HORIZON);
}
