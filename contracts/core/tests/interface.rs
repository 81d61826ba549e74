//! The generated names and numbers, as far as the compiler does not check them.
use merogate_core::interface::{capability, tag, Approvers, Refusal, Role, EVENTS};

#[test]
fn gives_every_refusal_one_number_and_finds_it_by_that() {
    for refusal in Refusal::ALL {
        assert_eq!(Refusal::from_number(refusal.number()), Some(refusal));
    }
    assert_eq!(Refusal::from_number(0), None);
    assert_eq!(Refusal::InsufficientDeposit.number(), 23);
    assert_eq!(Refusal::InsufficientDeposit.name(), "InsufficientDeposit");
}

#[test]
fn has_no_refusals_of_ethereum_alone() {
    assert!(Refusal::ALL.iter().all(|one| one.name() != "NotBound"));
}

#[test]
fn counts_roles_and_policies_from_zero() {
    assert_eq!(Role::ALL.map(Role::number), [0, 1, 2]);
    assert_eq!(Approvers::ALL.map(Approvers::number), [0, 1]);
}

#[test]
fn has_one_bit_for_each_capability() {
    let bits = [
        capability::MANAGE_APPLICATION,
        capability::MANAGE_MEMBERS,
        capability::PROXY,
        capability::GOVERN,
        capability::MANAGE_CONTEXTS,
    ];
    assert!(bits.iter().all(|bit| bit.count_ones() == 1));
    assert_eq!(bits.iter().sum::<u8>(), capability::ALL);
}

#[test]
fn ends_each_tag_with_a_zero_byte() {
    for text in [tag::OPERATION, tag::CONTEXT_ID, tag::INVITATION, tag::CLAIM, tag::PACKAGE] {
        assert_eq!(text.iter().position(|byte| *byte == 0), Some(text.len() - 1));
    }
}

#[test]
fn names_every_event_once() {
    for (position, (name, _)) in EVENTS.iter().enumerate() {
        assert!(EVENTS[..position].iter().all(|(other, _)| other != name));
    }
}
