//! A map, counters, a list, a register and a user's own entry, built against older releases of the
//! SDK: the app by which the host is tried on their layouts.
//!
//! What a release does not have yet is left out by its features. Nothing here reads a clock or
//! draws a random number.

use std::collections::BTreeMap;

use calimero_sdk::app;
use calimero_sdk::borsh::{BorshDeserialize, BorshSerialize};
#[cfg(feature = "owned")]
use calimero_storage::collections::UserStorage;
#[cfg(feature = "typed")]
use calimero_storage::collections::{Counter, LwwRegister};
use calimero_storage::collections::{UnorderedMap, UnorderedSet, Vector};

#[cfg(feature = "typed")]
type Text = LwwRegister<String>;
#[cfg(not(feature = "typed"))]
type Text = String;

#[cfg(feature = "typed")]
fn shown(text: &Text) -> String {
    text.get().clone()
}
#[cfg(not(feature = "typed"))]
fn shown(text: &Text) -> String {
    text.clone()
}

#[app::state]
#[derive(BorshSerialize, BorshDeserialize)]
#[borsh(crate = "calimero_sdk::borsh")]
pub struct Older {
    items: UnorderedMap<String, Text>,
    tags: UnorderedSet<String>,
    log: Vector<Text>,
    #[cfg(feature = "typed")]
    hits: Counter,
    #[cfg(feature = "typed")]
    title: LwwRegister<String>,
    #[cfg(feature = "owned")]
    own: UserStorage<LwwRegister<String>>,
}

#[app::logic]
impl Older {
    #[app::init]
    pub fn init() -> Older {
        Older {
            items: UnorderedMap::new(),
            tags: UnorderedSet::new(),
            log: Vector::new(),
            #[cfg(feature = "typed")]
            hits: Counter::new(),
            #[cfg(feature = "typed")]
            title: LwwRegister::new(String::new()),
            #[cfg(feature = "owned")]
            own: UserStorage::new(),
        }
    }

    pub fn set(&mut self, key: String, value: String) -> app::Result<()> {
        let _ = self.items.insert(key, value.into())?;
        Ok(())
    }

    pub fn get(&self, key: String) -> app::Result<Option<String>> {
        Ok(self.items.get(&key)?.map(|text| shown(&text)))
    }

    pub fn remove(&mut self, key: String) -> app::Result<()> {
        let _ = self.items.remove(&key)?;
        Ok(())
    }

    pub fn clear(&mut self) -> app::Result<()> {
        Ok(self.items.clear()?)
    }

    pub fn len(&self) -> app::Result<usize> {
        Ok(self.items.len()?)
    }

    pub fn tag(&mut self, value: String) -> app::Result<()> {
        let _ = self.tags.insert(value)?;
        Ok(())
    }

    pub fn untag(&mut self, value: String) -> app::Result<()> {
        let _ = self.tags.remove(&value)?;
        Ok(())
    }

    pub fn push(&mut self, value: String) -> app::Result<()> {
        Ok(self.log.push(value.into())?)
    }

    /// Adds one to the counter, where there is one.
    pub fn incr(&mut self) -> app::Result<()> {
        #[cfg(feature = "typed")]
        self.hits.increment()?;
        Ok(())
    }

    /// Writes a register that lies in the state entry, where there is one.
    pub fn rename(&mut self, title: String) -> app::Result<()> {
        #[cfg(feature = "typed")]
        self.title.set(title);
        #[cfg(not(feature = "typed"))]
        drop(title);
        Ok(())
    }

    /// Writes what is the caller's own, where there is such.
    pub fn own(&mut self, value: String) -> app::Result<()> {
        #[cfg(feature = "owned")]
        drop(self.own.insert(value.into())?);
        #[cfg(not(feature = "owned"))]
        drop(value);
        Ok(())
    }

    pub fn owned_by(&self, user: String) -> app::Result<Option<String>> {
        #[cfg(feature = "owned")]
        {
            let key: calimero_sdk::PublicKey = user.parse().map_err(|_| app::err!("no key"))?;
            return Ok(self.own.get_for_user(&key)?.map(|text| shown(&text)));
        }
        #[cfg(not(feature = "owned"))]
        {
            drop(user);
            Ok(None)
        }
    }

    pub fn mine(&self) -> app::Result<Option<String>> {
        #[cfg(feature = "owned")]
        return Ok(self.own.get()?.map(|text| shown(&text)));
        #[cfg(not(feature = "owned"))]
        Ok(None)
    }

    pub fn items(&self) -> app::Result<BTreeMap<String, String>> {
        Ok(self
            .items
            .entries()?
            .map(|(key, text)| (key, shown(&text)))
            .collect())
    }

    /// In the order in which the list itself iterates.
    pub fn pushed(&self) -> app::Result<Vec<String>> {
        Ok(self.log.iter()?.map(|text| shown(&text)).collect())
    }

    pub fn tags(&self) -> app::Result<Vec<String>> {
        Ok(self.tags.iter()?.collect())
    }

    pub fn hits(&self) -> app::Result<u64> {
        #[cfg(feature = "typed")]
        return Ok(self.hits.value()?);
        #[cfg(not(feature = "typed"))]
        Ok(0)
    }

    pub fn title(&self) -> app::Result<String> {
        #[cfg(feature = "typed")]
        return Ok(self.title.get().clone());
        #[cfg(not(feature = "typed"))]
        Ok(String::new())
    }
}
