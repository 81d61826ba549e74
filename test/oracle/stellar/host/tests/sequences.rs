//! Random requests: the same values, errors, events and stored rows as the reference model has.
use soroban_sdk::xdr::ScVal;
use stellar_host::{Bench, Outcome, Rows, announced, change, checked, recorded};

/// Refusals that the host may make in the contract's place: `BadSignature`, and `InvitationInvalid`.
const OF_SIGNATURES: [u32; 2] = [9, 17];

#[test]
fn random_requests_are_answered_as_the_model_answers_them() {
    let Some(recorded) = recorded() else { return };
    let (mut requests, mut ended) = (0, 0);
    for (number, sequence) in recorded.sequences.iter().enumerate() {
        let bench = Bench::new(&recorded, &sequence.contract);
        let mut rows = Rows::new();
        for (position, step) in sequence.steps.iter().enumerate() {
            let label = format!("request {position} of sequence {number}");
            bench.set_time(step.now);
            let check = bench.bring("check", step);
            let outcome = bench.bring("apply", step);
            requests += 1;
            if outcome == Outcome::Ended {
                assert!(OF_SIGNATURES.contains(&step.number), "{label}: ended by the host");
                assert_eq!(check, Outcome::Ended, "{label}");
                ended += 1;
            } else {
                assert_eq!(check, Outcome::Done(checked(step.number, step.expected)), "{label}");
                let expected = match step.number {
                    0 => Outcome::Done(ScVal::Bool(step.event.is_some())),
                    number => Outcome::Refused(number),
                };
                assert_eq!(outcome, expected, "{label}");
            }
            let events = if step.number == 0 { bench.events() } else { vec![] };
            assert_eq!(events, step.event.iter().map(announced).collect::<Vec<_>>(), "{label}");
            change(&mut rows, &step.writes);
            assert_eq!(bench.stored(), rows, "{label}");
        }
    }
    println!("{requests} requests, {ended} of them ended by the host over a signature");
    assert!(requests >= 300 && ended > 0);
}
