//! Notes that the members of a context write together.

use std::collections::BTreeMap;

use calimero_sdk::app;
use calimero_sdk::borsh::{BorshDeserialize, BorshSerialize};
use calimero_sdk::serde::Serialize;
use calimero_storage::collections::{Counter, LwwRegister, Mergeable, UnorderedMap, UnorderedSet};

/// What the members share. Names of fields are part of what is stored.
#[app::state(emits = for<'a> Event<'a>)]
pub struct Notebook {
    notes: UnorderedMap<String, Note>,
    /// How many notes the members were told of, all together.
    told: Counter,
}

/// One note. Whoever writes two fields of it at the same time loses neither.
#[derive(Mergeable, BorshSerialize, BorshDeserialize)]
#[borsh(crate = "calimero_sdk::borsh")]
pub struct Note {
    text: LwwRegister<String>,
    tags: UnorderedSet<String>,
    likes: Counter,
}

/// What subscribers are told.
#[app::event]
pub enum Event<'a> {
    Written { key: &'a str, text: &'a str },
    Removed { key: &'a str },
}

/// A note as clients see it.
#[derive(Serialize)]
#[serde(crate = "calimero_sdk::serde")]
pub struct Shown {
    pub text: String,
    pub tags: Vec<String>,
    pub likes: u64,
}

#[app::logic]
impl Notebook {
    /// Runs once, on the node that makes the context.
    #[app::init]
    pub fn init() -> Notebook {
        Notebook {
            notes: UnorderedMap::new(),
            told: Counter::new(),
        }
    }

    /// Writes a note, and lets every other member's node run `on_written`.
    pub fn write(&mut self, key: String, text: String) -> app::Result<()> {
        app::emit!((
            Event::Written {
                key: &key,
                text: &text
            },
            "on_written"
        ));
        self.notes.entry(key)?.or_insert_with(Note::new)?.text.set(text);
        Ok(())
    }

    /// Adds a tag to a note that is there.
    pub fn tag(&mut self, key: String, tag: String) -> app::Result<()> {
        let Some(mut note) = self.notes.get_mut(&key)? else {
            app::bail!(format!("no such note: {key}"));
        };
        note.tags.insert(tag)?;
        Ok(())
    }

    /// Likes a note that is there.
    pub fn like(&mut self, key: String) -> app::Result<()> {
        let Some(mut note) = self.notes.get_mut(&key)? else {
            app::bail!(format!("no such note: {key}"));
        };
        note.likes.increment()?;
        Ok(())
    }

    pub fn remove(&mut self, key: String) -> app::Result<bool> {
        app::emit!(Event::Removed { key: &key });
        Ok(self.notes.remove(&key)?.is_some())
    }

    /// One note, or null.
    pub fn read(&self, key: String) -> app::Result<Option<Shown>> {
        match self.notes.get(&key)? {
            Some(note) => Ok(Some(note.shown()?)),
            None => Ok(None),
        }
    }

    /// All notes by key.
    pub fn list(&self) -> app::Result<BTreeMap<String, Shown>> {
        let mut all = BTreeMap::new();
        for (key, note) in self.notes.entries()? {
            all.insert(key, note.shown()?);
        }
        Ok(all)
    }

    /// The handler: runs on every node but the author's.
    pub fn on_written(&mut self, key: String, text: String) -> app::Result<()> {
        app::log!("{key}: {text}");
        self.told.increment()?;
        Ok(())
    }

    pub fn told(&self) -> app::Result<u64> {
        Ok(self.told.value()?)
    }
}

impl Note {
    fn new() -> Note {
        Note {
            text: LwwRegister::new(String::new()),
            tags: UnorderedSet::new(),
            likes: Counter::new(),
        }
    }

    fn shown(&self) -> app::Result<Shown> {
        Ok(Shown {
            text: self.text.get().clone(),
            tags: self.tags.iter()?.collect(),
            likes: self.likes.value()?,
        })
    }
}
