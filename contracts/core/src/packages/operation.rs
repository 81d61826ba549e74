//! What can be asked of the registry, and what is wrong with a request by itself.
use alloc::{string::String, vec::Vec};

use crate::interface::{limit, operation, Refusal};
use crate::layout::{operations, record, Id};
use crate::packages::semver::Version;

record! {
    /// What a publisher says of a version; nothing of it ever changes.
    pub struct Release {
        /// Semantic version 2.0.0 without build metadata, each number a u32.
        pub version: String,
        /// SHA-256 of the bundle.
        pub bundle: Id,
        /// Bytes of the bundle.
        pub size: u64,
        pub blob: Id,
        /// Where the bundle can be had, URIs.
        pub sources: Vec<String>,
        /// The key that signed the bundle.
        pub signer: Id,
        /// SHA-256 of the interface description; zero when there is none.
        pub abi: Id,
        /// The least version of the runtime it needs, as text.
        pub min_runtime: String,
        /// SHA-256 of the release notes; zero when there are none.
        pub notes: Id,
    }
}

operations! {
    pub enum Operation {
        CreatePackage = operation::CREATE_PACKAGE {
            name: String,
            description: String,
            repository: String,
        },
        PublishRelease = operation::PUBLISH_RELEASE { release: Release },
        YankRelease = operation::YANK_RELEASE { version: String, reason: String },
        AddOwner = operation::ADD_OWNER { owner: Id },
        RemoveOwner = operation::REMOVE_OWNER { owner: Id },
        AcceptOwnership = operation::ACCEPT_OWNERSHIP {},
    }
}

/// Labels of a-z, 0-9 and hyphen, two at least with dots between them: so three characters is the shortest name.
fn is_name(name: &str) -> bool {
    let is_label = |label: &str| {
        !label.is_empty()
            && label.bytes().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-')
    };
    name.contains('.') && name.split('.').all(is_label)
}

impl Operation {
    /// Texts with the bytes they may have.
    fn are_texts_bounded(&self) -> bool {
        match self {
            Self::CreatePackage { name, description, repository } => {
                name.len() <= limit::PACKAGE_NAME_BYTES
                    && description.len() <= limit::PACKAGE_TEXT_BYTES
                    && repository.len() <= limit::PACKAGE_TEXT_BYTES
            }
            Self::PublishRelease { release } => {
                release.version.len() <= limit::VERSION_BYTES
                    && release.min_runtime.len() <= limit::VERSION_BYTES
                    && release.sources.len() <= limit::RELEASE_SOURCES
                    && release.sources.iter().all(|source| source.len() <= limit::SOURCE_BYTES)
            }
            Self::YankRelease { version, reason } => {
                version.len() <= limit::VERSION_BYTES && reason.len() <= limit::PACKAGE_TEXT_BYTES
            }
            Self::AddOwner { .. } | Self::RemoveOwner { .. } | Self::AcceptOwnership {} => true,
        }
    }

    /// What is wrong with it, before anything is looked up: too much of something, a name or a version to publish that is none.
    pub fn validate(&self) -> Result<(), Refusal> {
        if !self.are_texts_bounded() {
            return Err(Refusal::LimitExceeded);
        }
        let is_formed = match self {
            Self::CreatePackage { name, .. } => is_name(name),
            Self::PublishRelease { release } => Version::parse(&release.version).is_some(),
            _ => true,
        };
        if is_formed {
            Ok(())
        } else {
            Err(Refusal::Malformed)
        }
    }
}
