//! The dearest request of each kind, within what the network lets one transaction do.
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};

use stellar_host::{Bench, Case, Outcome, Recorded, bytes_of, recorded};

/// Most keys of a footprint.
const MOST_KEYS: u32 = 100;

/// What a case takes of each thing that is limited.
fn figures_of(recorded: &Recorded, case: &Case) -> serde_json::Value {
    let bench = Bench::new(recorded, &case.contract);
    for (key, value) in &case.rows {
        bench.plant(&bytes_of(key), &bytes_of(value));
    }
    bench.set_time(case.step.now);
    let outcome = bench.bring("apply", &case.step);
    assert!(matches!(outcome, Outcome::Done(_)), "{}: {outcome:?}", case.name);
    let taken = bench.env.cost_estimate().resources();
    let footprint = taken.disk_read_entries + taken.memory_read_entries;
    assert!(footprint <= MOST_KEYS, "{}: {footprint}", case.name);
    serde_json::json!({
        "instructions": taken.instructions,
        "memory": taken.mem_bytes,
        "touched": footprint,
        "written": taken.write_entries,
        "writtenBytes": taken.write_bytes,
        "eventBytes": taken.contract_events_size_bytes,
    })
}

#[test]
fn the_dearest_request_of_each_kind_fits_one_transaction() {
    let Some(recorded) = recorded() else { return };
    let mut figures = serde_json::Map::new();
    for case in recorded.cases.iter().filter(|case| case.fits) {
        figures.insert(case.name.clone(), figures_of(&recorded, case));
    }
    for case in recorded.cases.iter().filter(|case| !case.fits) {
        let run = catch_unwind(AssertUnwindSafe(|| figures_of(&recorded, case)));
        assert!(run.is_err(), "{} fits", case.name);
    }
    let file = std::env::var("MEROGATE_HOST_FIGURES").expect("a file for the figures");
    fs::write(file, serde_json::to_string(&figures).expect("figures")).expect("a file");
}
