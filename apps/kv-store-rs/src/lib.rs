//! A key-value store that touches every basic collection of the SDK: a map, two counters, a
//! list, and a register that lives in the state entry itself.
//!
//! It serves three masters. Newcomers read it as the example of a Rust app; demos call its
//! everyday methods; tests drive the host through the `fail_*` methods, one for each way in
//! which a guest can end badly. Nothing here reads a clock or draws a random number, so a
//! scripted run gives the same bytes on every machine.

use std::collections::BTreeMap;

use calimero_sdk::app;
use calimero_sdk::serde::Serialize;
use calimero_storage::collections::{Counter, LwwRegister, UnorderedMap, Vector};

/// One piece of memory that [`KvStore::fail_memory`] takes at a time, in bytes.
const HOARD_CHUNK_BYTES: usize = 1 << 20;

/// Words that one frame of [`KvStore::fail_stack`] keeps on the stack: half a kibibyte.
const FRAME_WORDS: usize = 64;

/// What the members of a context share.
///
/// Field names are part of the stored state: the id of a collection is derived from them, so
/// renaming a field loses its content.
#[app::state(emits = for<'a> Event<'a>)]
pub struct KvStore {
    /// Last writer wins per key.
    items: UnorderedMap<String, LwwRegister<String>>,
    /// Sum of the increments of all members.
    hits: Counter,
    /// Append-only list; concurrent pushes are all kept.
    log: Vector<LwwRegister<String>>,
    /// How many `Set` events were handled by all members together.
    seen: Counter,
    /// Not a collection, so it is stored inside the state entry.
    title: LwwRegister<String>,
}

/// What subscribers of a context are told.
#[app::event]
pub enum Event<'a> {
    /// A key was written.
    Set { key: &'a str, value: &'a str },
    /// A value was appended to the log.
    Pushed { value: &'a str },
    /// All keys were removed at once.
    Cleared,
}

/// The whole content, to compare two nodes with a single call.
#[derive(Serialize)]
#[serde(crate = "calimero_sdk::serde")]
pub struct Summary {
    pub items: BTreeMap<String, String>,
    pub hits: u64,
    pub log: Vec<String>,
    pub seen: u64,
    pub title: String,
}

#[app::logic]
impl KvStore {
    /// Creates the empty state; runs once, on the node that creates the context.
    #[app::init]
    pub fn init() -> KvStore {
        KvStore {
            items: UnorderedMap::new(),
            hits: Counter::new(),
            log: Vector::new(),
            seen: Counter::new(),
            title: LwwRegister::new(String::new()),
        }
    }

    // ---- map ----

    /// Writes a key and emits `Set`, which no receiver handles.
    pub fn set(&mut self, key: String, value: String) -> app::Result<()> {
        app::emit!(Event::Set {
            key: &key,
            value: &value
        });
        self.items.insert(key, value.into())?;
        Ok(())
    }

    /// Like `set`, but every receiver answers with a run of `on_set`, and so with a delta of
    /// its own.
    pub fn set_notify(&mut self, key: String, value: String) -> app::Result<()> {
        app::emit!((
            Event::Set {
                key: &key,
                value: &value
            },
            "on_set"
        ));
        self.items.insert(key, value.into())?;
        Ok(())
    }

    /// Writes many keys in one delta, in the order of the keys and without events.
    /// Returns how many keys the store holds afterwards.
    pub fn set_many(&mut self, entries: BTreeMap<String, String>) -> app::Result<usize> {
        for (key, value) in entries {
            self.items.insert(key, value.into())?;
        }
        Ok(self.items.len()?)
    }

    /// The value of a key, or null.
    pub fn get(&self, key: String) -> app::Result<Option<String>> {
        Ok(self.items.get(&key)?.map(|value| value.get().clone()))
    }

    /// Removes a key and returns the value it had, or null.
    pub fn remove(&mut self, key: String) -> app::Result<Option<String>> {
        Ok(self.items.remove(&key)?.map(|value| value.get().clone()))
    }

    /// Removes all keys and emits `Cleared`.
    pub fn clear(&mut self) -> app::Result<()> {
        app::emit!(Event::Cleared);
        self.items.clear()?;
        Ok(())
    }

    /// All keys with their values, sorted by key.
    pub fn entries(&self) -> app::Result<BTreeMap<String, String>> {
        let entries = self.items.entries()?;
        Ok(entries.map(|(key, value)| (key, value.get().clone())).collect())
    }

    /// Number of keys.
    pub fn len(&self) -> app::Result<usize> {
        Ok(self.items.len()?)
    }

    // ---- register in the state entry ----

    /// Writes the title. Of two concurrent titles the later one stays.
    pub fn rename(&mut self, title: String) -> app::Result<()> {
        self.title.set(title);
        Ok(())
    }

    /// The title; empty until the first `rename`.
    pub fn title(&self) -> app::Result<String> {
        Ok(self.title.get().clone())
    }

    // ---- counter ----

    /// Adds one and returns the sum as this node knows it.
    pub fn incr(&mut self) -> app::Result<u64> {
        self.hits.increment()?;
        Ok(self.hits.value()?)
    }

    /// The sum of all increments.
    pub fn hits(&self) -> app::Result<u64> {
        Ok(self.hits.value()?)
    }

    // ---- list ----

    /// Appends a value, emits `Pushed` and returns the new length.
    pub fn push(&mut self, value: String) -> app::Result<usize> {
        app::emit!(Event::Pushed { value: &value });
        self.log.push(value.into())?;
        Ok(self.log.len()?)
    }

    /// Number of values in the log.
    pub fn log_len(&self) -> app::Result<usize> {
        Ok(self.log.len()?)
    }

    /// All values of the log, equal in order on all nodes once they hold the same deltas.
    pub fn log_entries(&self) -> app::Result<Vec<String>> {
        Ok(self.log.iter()?.map(|value| value.get().clone()).collect())
    }

    // ---- event handler ----

    /// Runs on every receiver of a `Set` that was emitted by `set_notify`, never on the author.
    pub fn on_set(&mut self, key: String, value: String) -> app::Result<()> {
        app::log!("on_set {key}={value}");
        self.seen.increment()?;
        Ok(())
    }

    /// How often `on_set` ran, summed over all members.
    pub fn seen(&self) -> app::Result<u64> {
        Ok(self.seen.value()?)
    }

    // ---- everything at once ----

    /// The whole content of the store.
    pub fn summary(&self) -> app::Result<Summary> {
        Ok(Summary {
            items: self.entries()?,
            hits: self.hits()?,
            log: self.log_entries()?,
            seen: self.seen()?,
            title: self.title()?,
        })
    }

    // ---- ways to fail ----

    /// Like `get`, but a missing key is an error: the ordinary way to refuse a call.
    pub fn get_or_fail(&self, key: String) -> app::Result<String> {
        match self.items.get(&key)? {
            Some(value) => Ok(value.get().clone()),
            None => app::bail!(format!("no such key: {key}")),
        }
    }

    /// Writes, then returns an error. The host must forget the write.
    pub fn set_then_fail(&mut self, key: String, value: String) -> app::Result<()> {
        self.items.insert(key, value.into())?;
        app::bail!("refused after the write")
    }

    /// Panics: the host gets the message and the place in the source.
    pub fn fail_panic(&mut self) {
        panic!("asked to panic");
    }

    /// Executes the `unreachable` instruction: a trap without a message.
    pub fn fail_unreachable(&mut self) {
        #[cfg(target_arch = "wasm32")]
        core::arch::wasm32::unreachable();
    }

    /// Never returns. Only the host can end it.
    pub fn fail_loop(&mut self) -> u64 {
        let mut rounds = 0u64;
        loop {
            // opaque to the optimizer, which would otherwise drop the loop
            rounds = core::hint::black_box(rounds.wrapping_add(1));
        }
    }

    /// Takes memory until the host refuses more; the allocator then aborts.
    pub fn fail_memory(&mut self) -> u64 {
        let mut hoard: Vec<Vec<u8>> = Vec::new();
        loop {
            // written with ones, since zeroed pages might never be touched
            hoard.push(core::hint::black_box(vec![1u8; HOARD_CHUNK_BYTES]));
        }
    }

    /// Recurses `depth` levels and returns 1 + 2 + … + `depth`. A million overrun the stack.
    pub fn fail_stack(&mut self, depth: u64) -> u64 {
        fn descend(depth: u64) -> u64 {
            // lies on the stack, since its last word is read after the inner call
            let frame = core::hint::black_box([depth; FRAME_WORDS]);
            if depth == 0 {
                return 0;
            }
            descend(depth - 1) + frame[FRAME_WORDS - 1]
        }
        descend(depth)
    }
}
