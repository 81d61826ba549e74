//! Every storage of the SDK that has writers of its own: the app by which the host is tried on
//! signatures and writer sets.
//!
//! Members are named by their keys in hex. Nothing here reads a clock or draws a random number.

use std::collections::{BTreeMap, BTreeSet};

use calimero_sdk::app;
use calimero_sdk::serde_json::{json, Value};
use calimero_storage::collections::{
    AccessControl, LwwRegister, Ownable, PermissionedStorage, ProtocolAuthorizer, SharedStorage,
    UnorderedMap,
};
use calimero_primitives::identity::PublicKey;
use calimero_storage::entities::OpMask;

type Text = LwwRegister<String>;

#[app::state]
pub struct Shared {
    note: SharedStorage<Text>,
    map: SharedStorage<UnorderedMap<String, Text>>,
    nested: SharedStorage<UnorderedMap<String, UnorderedMap<String, Text>>>,
    owned: Ownable<Text>,
    roles: AccessControl,
    scoped: PermissionedStorage<UnorderedMap<String, Text>, ProtocolAuthorizer>,
    fixed: SharedStorage<Text>,
    /// Everybody's.
    plain: UnorderedMap<String, Text>,
}

fn key(text: &str) -> app::Result<PublicKey> {
    let mut bytes = [0; 32];
    if text.len() != 64 {
        app::bail!("a key has 64 hex digits");
    }
    for (i, byte) in bytes.iter_mut().enumerate() {
        match u8::from_str_radix(&text[2 * i..2 * i + 2], 16) {
            Ok(value) => *byte = value,
            Err(_) => app::bail!("no hex digits"),
        }
    }
    Ok(bytes.into())
}

fn hex(key: &PublicKey) -> String {
    let bytes: &[u8; 32] = key.as_ref();
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn keys(texts: &[String]) -> app::Result<BTreeSet<PublicKey>> {
    texts.iter().map(|text| key(text)).collect()
}

fn shown(writers: BTreeSet<PublicKey>) -> Value {
    json!(writers.iter().map(hex).collect::<Vec<_>>())
}

#[app::logic]
impl Shared {
    /// The caller is the one writer of everything.
    #[app::init]
    pub fn init() -> Shared {
        let me: PublicKey = calimero_sdk::env::executor_id().into();
        let only = BTreeSet::from([me]);
        Shared {
            note: SharedStorage::new(only.clone(), false),
            map: SharedStorage::new(only.clone(), false),
            nested: SharedStorage::new(only.clone(), false),
            owned: Ownable::new_owned_by_caller(),
            roles: AccessControl::new_admin_caller(),
            scoped: PermissionedStorage::new(only.clone(), false),
            fixed: SharedStorage::new(only, true),
            plain: UnorderedMap::new(),
        }
    }

    pub fn write_note(&mut self, value: String) -> app::Result<()> {
        drop(self.note.insert(value.into())?);
        Ok(())
    }

    pub fn write_fixed(&mut self, value: String) -> app::Result<()> {
        drop(self.fixed.insert(value.into())?);
        Ok(())
    }

    pub fn write_owned(&mut self, value: String) -> app::Result<()> {
        self.owned.only_owner()?;
        drop(self.owned.insert(value.into())?);
        Ok(())
    }

    /// Not gated: what the SDK lets through, the host has to judge.
    pub fn put(&mut self, key: String, value: String) -> app::Result<()> {
        drop(self.map.get_mut()?.insert(key, value.into())?);
        Ok(())
    }

    pub fn take(&mut self, key: String) -> app::Result<()> {
        drop(self.map.get_mut()?.remove(&key)?);
        Ok(())
    }

    /// Under a key of a map that lies in the map.
    pub fn put_nested(&mut self, outer: String, key: String, value: String) -> app::Result<()> {
        let mut inner = self.nested.get_mut()?.entry(outer)?.or_default()?;
        drop(inner.insert(key, value.into())?);
        Ok(())
    }

    pub fn take_nested(&mut self, outer: String) -> app::Result<()> {
        drop(self.nested.get_mut()?.remove(&outer)?);
        Ok(())
    }

    pub fn put_scoped(&mut self, key: String, value: String) -> app::Result<()> {
        drop(self.scoped.get_mut()?.insert(key, value.into())?);
        Ok(())
    }

    pub fn take_scoped(&mut self, key: String) -> app::Result<()> {
        drop(self.scoped.get_mut()?.remove(&key)?);
        Ok(())
    }

    /// Bits of `mask`: 1 to write, 2 to remove, 4 to decide who may.
    pub fn scope(&mut self, who: String, mask: u8) -> app::Result<()> {
        let mut granted = OpMask::NONE;
        for (bit, one) in [(1, OpMask::WRITE), (2, OpMask::DELETE), (4, OpMask::ADMIN)] {
            if mask & bit != 0 {
                granted = granted.union(one);
            }
        }
        Ok(self.scoped.grant_capability(key(&who)?, granted)?)
    }

    pub fn set_writers(&mut self, of: String, writers: Vec<String>) -> app::Result<()> {
        let writers = keys(&writers)?;
        match of.as_str() {
            "note" => self.note.rotate_writers(writers)?,
            "map" => self.map.rotate_writers(writers)?,
            "nested" => self.nested.rotate_writers(writers)?,
            "fixed" => self.fixed.rotate_writers(writers)?,
            _ => app::bail!(format!("no writers of {of}")),
        }
        Ok(())
    }

    /// Lets the given members write everything but what is fixed and what is owned.
    pub fn open_to(&mut self, writers: Vec<String>) -> app::Result<()> {
        let writers = keys(&writers)?;
        self.note.rotate_writers(writers.clone())?;
        self.map.rotate_writers(writers.clone())?;
        self.nested.rotate_writers(writers.clone())?;
        self.scoped
            .set_capabilities(writers.iter().map(|one| (*one, OpMask::FULL)).collect())?;
        for one in writers {
            self.roles.grant_admin(one)?;
        }
        Ok(())
    }

    pub fn transfer(&mut self, to: String) -> app::Result<()> {
        Ok(self.owned.transfer_ownership(key(&to)?)?)
    }

    pub fn grant(&mut self, role: String, who: String) -> app::Result<()> {
        Ok(self.roles.grant(&role, key(&who)?)?)
    }

    pub fn revoke(&mut self, role: String, who: String) -> app::Result<()> {
        Ok(self.roles.revoke(&role, &key(&who)?)?)
    }

    pub fn put_plain(&mut self, key: String, value: String) -> app::Result<()> {
        drop(self.plain.insert(key, value.into())?);
        Ok(())
    }

    pub fn writers(&self, of: String) -> app::Result<Value> {
        Ok(match of.as_str() {
            "note" => shown(self.note.writers()),
            "map" => shown(self.map.writers()),
            "nested" => shown(self.nested.writers()),
            "fixed" => shown(self.fixed.writers()),
            "owned" => shown(self.owned.writers()),
            "roles" => shown(self.roles.admins()),
            "scoped" => json!(self
                .scoped
                .capabilities()
                .iter()
                .map(|(one, mask)| (hex(one), mask.bits()))
                .collect::<BTreeMap<_, _>>()),
            _ => app::bail!(format!("no writers of {of}")),
        })
    }

    /// The whole content, and who may write it.
    pub fn show(&self) -> app::Result<Value> {
        let map = |of: &UnorderedMap<String, Text>| -> app::Result<Value> {
            Ok(json!(of
                .entries()?
                .map(|(key, text)| (key, text.get().clone()))
                .collect::<Vec<_>>()))
        };
        let nested: Vec<_> = self
            .nested
            .get()?
            .entries()?
            .map(|(key, inner)| Ok(json!([key, map(&inner)?])))
            .collect::<app::Result<_>>()?;
        let editors = self.roles.members_of("editor")?;
        let mut writers = BTreeMap::new();
        for of in ["note", "map", "nested", "fixed", "owned", "roles", "scoped"] {
            let _ = writers.insert(of, self.writers(of.to_owned())?);
        }
        Ok(json!({
            "note": self.note.get()?.get(),
            "fixed": self.fixed.get()?.get(),
            "owned": self.owned.get()?.get(),
            "owner": self.owned.owner().map(|one| hex(&one)),
            "map": map(self.map.get()?)?,
            "length": self.map.get()?.len()?,
            "nested": nested,
            "scoped": map(self.scoped.get()?)?,
            "editors": editors.iter().map(hex).collect::<Vec<_>>(),
            "plain": map(&self.plain)?,
            "writers": writers,
        }))
    }
}
