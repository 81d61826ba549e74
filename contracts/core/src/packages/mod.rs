//! The package registry: named packages with owners, and their immutable releases.
mod decide;
mod draft;
mod majors;
mod operation;
pub mod queries;
mod rules;
mod semver;
pub mod state;

pub use decide::decide;
pub use operation::{Operation, Release};
pub use rules::package_id;
pub use semver::Version;
