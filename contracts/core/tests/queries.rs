//! What can be read of what the rules stored.
use std::collections::BTreeMap;

use merogate_core::groups::{self, queries, state, Application, Operation, Options};
use merogate_core::interface::{Approvers, Role};
use merogate_core::packages::{self, state::Channel, Release};
use merogate_core::{
    encode, Accepted, Domain, Envelope, Head, Here, Host, Id, Layout, Signature, View,
};

/// Bytes that are no hash, but differ where these do. Every signature is right.
struct Fake;

impl Host for Fake {
    fn sha256(&self, bytes: &[u8]) -> Id {
        let mut hash = [7u8; 32];
        for (at, byte) in bytes.iter().enumerate() {
            hash[at % 32] = hash[at % 32].wrapping_mul(31).wrapping_add(*byte);
        }
        hash
    }

    fn verify(&self, _: &Id, _: &[u8], _: &Signature) -> bool {
        true
    }

    fn is_contract(&self, _: &[u8]) -> bool {
        true
    }
}

#[derive(Default)]
struct Stored(BTreeMap<Vec<u8>, Vec<u8>>);

impl View for Stored {
    fn get(&self, key: &[u8]) -> Option<Vec<u8>> {
        self.0.get(key).cloned()
    }
}

impl Stored {
    fn apply(&mut self, accepted: Accepted) {
        for (key, value) in accepted.writes {
            match value {
                Some(value) => self.0.insert(key, value),
                None => self.0.remove(&key),
            };
        }
    }
}

const NOW: u64 = 1_800_000_000;

fn domain() -> Domain {
    Domain { chain: 1, network: [3; 32], contract: b"contexts.example".to_vec() }
}

/// Keys that are points: small multiples of the base point are not needed, these y were tried.
fn key(n: usize) -> Id {
    let candidates = (3u8..).map(|low| {
        let mut y = [0; 32];
        y[0] = low;
        y
    });
    candidates.filter(merogate_core::is_strong).nth(n).unwrap()
}

fn envelope<O>(subject: Id, nonce: u64, operation: O) -> Vec<u8>
where
    O: Layout,
{
    let head = Head {
        domain: domain(),
        subject,
        signer: key(0),
        nonce,
        valid_until: NOW + 60,
        if_members_revision: None,
        if_application_revision: None,
    };
    encode(&Envelope { head, operation })
}

/// S is 1 and R a point, so that it is asked about.
fn signature() -> Signature {
    let mut signature = [0; 64];
    signature[..32].copy_from_slice(&key(1));
    signature[32] = 1;
    signature
}

#[test]
fn finds_contexts_groups_and_members_in_pages() {
    let mut stored = Stored::default();
    let domain = domain();
    let here = Here { domain: &domain, now: NOW, has_predecessor: false };
    let id = groups::context_id(&Fake, &key(0), &[5; 32], &[]);
    let application = Application {
        id: [1; 32],
        blob: [2; 32],
        size: 9,
        source: "here".into(),
        metadata: vec![],
    };
    let options = Options { approvers: Approvers::Members };
    let create = Operation::CreateContext {
        salt: [5; 32],
        application: application.clone(),
        options,
        group: None,
    };
    let created = groups::decide(&stored, &Fake, &here, &envelope(id, 0, create), &signature());
    let created = created.expect("a context");
    assert_eq!(created.event.as_ref().map(|event| event.name), Some("ContextCreated"));
    stored.apply(created);
    let add = Operation::AddMembers { ids: (1..12).map(key).collect(), role: Role::Reader };
    let added = groups::decide(&stored, &Fake, &here, &envelope(id, 1 << 32, add), &signature());
    stored.apply(added.expect("members"));

    assert_eq!(
        queries::context(&stored, &id).map(|context| context.application),
        Some(application)
    );
    let group = queries::group(&stored, &id).expect("a group");
    assert_eq!((group.count, group.managers, group.members_revision), (12, 1, 2));
    let page = queries::member_page(&stored, &id, 10, 100).expect("a page");
    assert_eq!((page.revision, page.total), (2, 12));
    let ids: Vec<Id> = page.items.iter().map(|(identity, _)| *identity).collect();
    assert_eq!(ids, [key(10), key(11)]);
    assert_eq!(queries::member_page(&stored, &id, 3, 4).map(|page| page.items.len()), Some(4));
    assert_eq!(queries::member_page(&stored, &id, 12, 4).map(|page| page.items.len()), Some(0));
    assert!(queries::member_page(&stored, &[0; 32], 0, 4).is_none());
    assert_eq!(queries::member(&stored, &id, &key(3)).map(|member| member.slot), Some(3));
    assert!(queries::member(&stored, &id, &key(12)).is_none());
    assert_eq!(state::standing_of(&stored, &id, &key(0), NOW).nonce, (1 << 32) + 1);
}

#[test]
fn finds_releases_and_the_highest_of_each_channel() {
    let mut stored = Stored::default();
    let domain = domain();
    let here = Here { domain: &domain, now: NOW, has_predecessor: false };
    let id = packages::package_id(&Fake, &key(0), "org.example.chat");
    let release = |version: &str| Release {
        version: version.into(),
        bundle: [1; 32],
        size: 5,
        blob: [2; 32],
        sources: vec![],
        signer: key(4),
        abi: [0; 32],
        min_runtime: String::new(),
        notes: [0; 32],
    };
    let name = "org.example.chat".into();
    let (description, repository) = (String::new(), String::new());
    let mut asked = vec![packages::Operation::CreatePackage { name, description, repository }];
    for version in ["1.0.0", "70000.0.0-a", "1.1.0", "300.0.0", "300.1.0"] {
        asked.push(packages::Operation::PublishRelease { release: release(version) });
    }
    asked.push(packages::Operation::YankRelease { version: "300.1.0".into(), reason: "x".into() });
    for (nonce, operation) in asked.into_iter().enumerate() {
        let bytes = envelope(id, nonce as u64, operation);
        let decided = packages::decide(&stored, &Fake, &here, &bytes, &signature());
        stored.apply(decided.expect("a change"));
    }
    use packages::queries;
    let version = |(_, published): queries::Numbered| published.release.version;
    assert_eq!(queries::latest(&stored, &id, Channel::Stable).map(version).unwrap(), "300.0.0");
    let latest = queries::latest(&stored, &id, Channel::PreRelease).map(version);
    assert_eq!(latest.unwrap(), "70000.0.0-a");
    let page = queries::release_page(&stored, &id, 1, 3).expect("a page");
    let slots: Vec<u32> = page.items.iter().map(|(slot, _)| *slot).collect();
    assert_eq!((page.total, slots), (5, vec![3, 2, 1]));
    let all = queries::release_page(&stored, &id, 0, 100).expect("a page");
    assert_eq!(all.items.len(), 5);
    assert_eq!(queries::release_page(&stored, &id, 5, 3).map(|page| page.items.len()), Some(0));
    assert_eq!(queries::release(&stored, &id, "1.1.0").map(|(slot, _)| slot), Some(2));
    assert!(queries::release(&stored, &id, "2.0.0").is_none());
    assert_eq!(queries::package(&stored, &id).map(|package| package.available), Some(4));
    assert_eq!(queries::nonce(&stored, &key(0)), 7);
}
