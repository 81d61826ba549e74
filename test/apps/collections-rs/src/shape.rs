//! What every collection can do here: be edited at a path, be shown, and be made with something
//! in it already. The nestings follow from it, since a map of shapes is a shape.

use calimero_sdk::app;
use calimero_sdk::borsh::{to_vec, BorshDeserialize, BorshSerialize};
use calimero_sdk::serde_json::{json, Value};
use calimero_storage::collections::{
    Counter, GCounter, LwwRegister, Mergeable, PNCounter, ReplicatedGrowableArray, SortedMap,
    SortedSet, UnorderedMap, UnorderedSet, Vector,
};

/// One change: an operation at the end of a path of keys and positions.
#[derive(Clone, Copy)]
pub struct Edit<'a> {
    pub path: &'a [String],
    pub op: &'a str,
    pub value: &'a str,
}

impl<'a> Edit<'a> {
    /// The first step of the path, and the edit that remains behind it.
    fn step(self) -> Option<(&'a str, Self)> {
        let (first, path) = self.path.split_first()?;
        Some((first, Self { path, ..self }))
    }

    pub fn unknown<T>(self) -> app::Result<T> {
        app::bail!(format!("no operation {} at {:?}", self.op, self.path))
    }
}

pub trait Shape: Default {
    /// A value that holds something before it is put anywhere.
    fn filled(value: &str) -> app::Result<Self>;
    fn edit(&mut self, edit: Edit<'_>) -> app::Result<()>;
    /// In the order in which the collection itself iterates.
    fn show(&self) -> app::Result<Value>;
}

type Text = LwwRegister<String>;

// ---- leaves ----

impl Shape for Text {
    fn filled(value: &str) -> app::Result<Self> {
        Ok(value.to_owned().into())
    }

    fn edit(&mut self, edit: Edit<'_>) -> app::Result<()> {
        match edit.op {
            "set" => Ok(self.set(edit.value.to_owned())),
            _ => edit.unknown(),
        }
    }

    fn show(&self) -> app::Result<Value> {
        Ok(json!(self.get()))
    }
}

impl Shape for Option<Text> {
    fn filled(value: &str) -> app::Result<Self> {
        Ok(Some(Text::filled(value)?))
    }

    fn edit(&mut self, edit: Edit<'_>) -> app::Result<()> {
        match edit.op {
            "set" => *self = Self::filled(edit.value)?,
            "unset" => *self = None,
            _ => return edit.unknown(),
        }
        Ok(())
    }

    fn show(&self) -> app::Result<Value> {
        self.as_ref().map_or(Ok(Value::Null), Shape::show)
    }
}

impl Shape for GCounter {
    fn filled(_value: &str) -> app::Result<Self> {
        let mut counter = Counter::new();
        counter.increment()?;
        Ok(counter)
    }

    fn edit(&mut self, edit: Edit<'_>) -> app::Result<()> {
        match edit.op {
            "increment" => Ok(self.increment()?),
            _ => edit.unknown(),
        }
    }

    fn show(&self) -> app::Result<Value> {
        Ok(json!(self.value()?))
    }
}

impl Shape for PNCounter {
    fn filled(_value: &str) -> app::Result<Self> {
        let mut counter = Counter::new();
        counter.increment()?;
        counter.decrement()?;
        counter.increment()?;
        Ok(counter)
    }

    fn edit(&mut self, edit: Edit<'_>) -> app::Result<()> {
        match edit.op {
            "increment" => Ok(self.increment()?),
            "decrement" => Ok(self.decrement()?),
            _ => edit.unknown(),
        }
    }

    fn show(&self) -> app::Result<Value> {
        Ok(json!(self.value()?))
    }
}

impl Shape for ReplicatedGrowableArray {
    fn filled(value: &str) -> app::Result<Self> {
        let mut text = Self::new();
        text.insert_str(0, value)?;
        Ok(text)
    }

    fn edit(&mut self, edit: Edit<'_>) -> app::Result<()> {
        let length = self.len()?;
        match edit.op {
            "prepend" => Ok(self.insert_str(0, edit.value)?),
            "append" => Ok(self.insert_str(length, edit.value)?),
            "erase" => Ok(self.delete_range(0, length.min(1))?),
            _ => edit.unknown(),
        }
    }

    fn show(&self) -> app::Result<Value> {
        Ok(json!(self.get_text()?))
    }
}

macro_rules! set_edit {
    ($check:expr) => {
        fn filled(value: &str) -> app::Result<Self> {
            let mut set = Self::new();
            let _ = set.insert(value.to_owned())?;
            Ok(set)
        }

        fn edit(&mut self, edit: Edit<'_>) -> app::Result<()> {
            match edit.op {
                "add" => {
                    let _ = self.insert(edit.value.to_owned())?;
                }
                "discard" => {
                    let _ = self.remove(edit.value)?;
                }
                "clear" => self.clear()?,
                _ => return edit.unknown(),
            }
            let check: fn(&Self) -> app::Result<()> = $check;
            check(self)
        }
    };
}

impl Shape for UnorderedSet<String> {
    set_edit!(|_| Ok(()));

    fn show(&self) -> app::Result<Value> {
        Ok(json!(self.iter()?.collect::<Vec<_>>()))
    }
}

impl Shape for SortedSet<String> {
    set_edit!(|set| same_length(set.len()?, set.page(0, usize::MAX)?.len()));

    fn show(&self) -> app::Result<Value> {
        let all: Vec<_> = self.iter()?.collect();
        // by the index of the host, which must know the same
        let paged = self.page(0, all.len() + 1)?;
        Ok(json!({ "all": all, "paged": paged }))
    }
}

// ---- containers ----

/// A sorted collection and the index by which its pages are found, within the call that wrote.
fn same_length(entries: usize, paged: usize) -> app::Result<()> {
    if entries != paged {
        app::bail!(format!("{entries} entries, but pages with {paged}"));
    }
    Ok(())
}

macro_rules! map_edit {
    ($check:expr) => {
        fn filled(value: &str) -> app::Result<Self> {
            let mut map = Self::new();
            map.insert("first".to_owned(), V::filled(value)?)?;
            map.insert("second".to_owned(), V::filled(value)?)?;
            Ok(map)
        }

        fn edit(&mut self, edit: Edit<'_>) -> app::Result<()> {
            let Some((key, rest)) = edit.step() else {
                return match edit.op {
                    "clear" => Ok(self.clear()?),
                    _ => edit.unknown(),
                };
            };
            let check: fn(&Self) -> app::Result<()> = $check;
            match (edit.op, rest.path) {
                ("move", []) => {
                    if let Some(value) = self.remove(key)? {
                        drop(self.insert(edit.value.to_owned(), value)?);
                    }
                }
                ("insert", []) => drop(self.insert(key.to_owned(), V::filled(edit.value)?)?),
                ("remove", []) => drop(self.remove(key)?),
                _ => self.entry(key.to_owned())?.or_default()?.edit(rest)?,
            }
            check(self)
        }
    };
}

fn pairs<V: Shape>(entries: impl Iterator<Item = (String, V)>) -> app::Result<Value> {
    let shown: Vec<_> = entries
        .map(|(key, value)| Ok(json!([key, value.show()?])))
        .collect::<app::Result<_>>()?;
    Ok(Value::Array(shown))
}

impl<V> Shape for UnorderedMap<String, V>
where
    V: Shape + BorshSerialize + BorshDeserialize + 'static,
{
    map_edit!(|_| Ok(()));

    fn show(&self) -> app::Result<Value> {
        pairs(self.entries()?)
    }
}

impl<V> Shape for SortedMap<String, V>
where
    V: Shape + BorshSerialize + BorshDeserialize + 'static,
{
    map_edit!(|map| same_length(map.len()?, map.page(0, usize::MAX)?.len()));

    fn show(&self) -> app::Result<Value> {
        let all = pairs(self.entries()?)?;
        // by the index of the host, which must know the same
        let paged = pairs(self.page(0, self.len()? + 1)?.into_iter())?;
        Ok(json!({ "all": all, "paged": paged }))
    }
}

impl<V> Shape for Vector<V>
where
    V: Shape + BorshSerialize + BorshDeserialize + 'static,
{
    fn filled(value: &str) -> app::Result<Self> {
        let mut list = Self::new();
        list.push(V::filled(value)?)?;
        list.push(V::filled(value)?)?;
        Ok(list)
    }

    fn edit(&mut self, edit: Edit<'_>) -> app::Result<()> {
        let Some((position, rest)) = edit.step() else {
            match edit.op {
                "push" => self.push(V::filled(edit.value)?)?,
                "pop" => drop(self.pop()?),
                "clear" => self.clear()?,
                _ => return edit.unknown(),
            }
            return Ok(());
        };
        // positions wrap around, so that one is always there
        let length = self.len()?;
        if length == 0 {
            return Ok(());
        }
        let position = position.parse::<usize>()? % length;
        let value = if edit.op == "replace" && rest.path.is_empty() {
            V::filled(edit.value)?
        } else {
            let Some(mut value) = self.iter()?.nth(position) else {
                return edit.unknown();
            };
            let before = to_vec(&value)?;
            value.edit(rest)?;
            // a collection is changed where it lies; to put it back would move it, and lose what
            // others change in it at the same time
            if to_vec(&value)? == before {
                return Ok(());
            }
            value
        };
        drop(self.update(position, value)?);
        Ok(())
    }

    fn show(&self) -> app::Result<Value> {
        let shown: Vec<_> = self
            .iter()?
            .map(|one| one.show())
            .collect::<app::Result<_>>()?;
        Ok(Value::Array(shown))
    }
}

/// A struct of the app's own, merged field by field.
#[derive(BorshSerialize, BorshDeserialize, Mergeable)]
#[borsh(crate = "calimero_sdk::borsh")]
pub struct Record {
    name: LwwRegister<String>,
    score: Counter,
    tags: UnorderedSet<String>,
}

impl Default for Record {
    fn default() -> Self {
        Self {
            name: String::new().into(),
            score: Counter::new(),
            tags: UnorderedSet::new(),
        }
    }
}

impl Shape for Record {
    fn filled(value: &str) -> app::Result<Self> {
        Ok(Self {
            name: Text::filled(value)?,
            score: Shape::filled(value)?,
            tags: Shape::filled(value)?,
        })
    }

    fn edit(&mut self, edit: Edit<'_>) -> app::Result<()> {
        match edit.step() {
            Some(("name", rest)) => self.name.edit(rest),
            Some(("score", rest)) => self.score.edit(rest),
            Some(("tags", rest)) => self.tags.edit(rest),
            _ => edit.unknown(),
        }
    }

    fn show(&self) -> app::Result<Value> {
        Ok(json!([
            self.name.show()?,
            self.score.show()?,
            self.tags.show()?
        ]))
    }
}
