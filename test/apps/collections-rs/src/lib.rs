//! Every collection of the SDK, and each sensible nesting of two: the app by which the host is
//! tried on shapes that one author's example does not have.
//!
//! A single method edits any of them at a path. Nothing here reads a clock or draws a random
//! number, so a seeded run gives the same bytes on every machine.

mod shape;

use calimero_sdk::app;
use calimero_sdk::serde_json::{json, Map, Value};
use calimero_storage::collections::{
    AuthoredMap, AuthoredVector, Counter, FrozenStorage, GCounter, LwwRegister, PNCounter,
    ReplicatedGrowableArray, SortedMap, SortedSet, UnorderedMap, UnorderedSet, UserStorage, Vector,
};

use shape::{Edit, Record, Shape};

#[app::state]
pub struct Collections {
    // each alone
    map: UnorderedMap<String, LwwRegister<String>>,
    sorted: SortedMap<String, LwwRegister<String>>,
    set: UnorderedSet<String>,
    sorted_set: SortedSet<String>,
    sorted_bytes: SortedMap<[u8; 8], LwwRegister<String>>,
    list: Vector<LwwRegister<String>>,
    hits: Counter,
    balance: PNCounter,
    text: ReplicatedGrowableArray,
    own: UserStorage<LwwRegister<String>>,
    frozen: FrozenStorage<String>,
    frozen_keys: UnorderedSet<[u8; 32]>,
    authored: AuthoredMap<String, LwwRegister<String>>,
    authored_list: AuthoredVector<LwwRegister<String>>,

    // inside the state entry
    title: LwwRegister<String>,
    note: Option<LwwRegister<String>>,
    record: Record,

    // values of a map
    map_map: UnorderedMap<String, UnorderedMap<String, LwwRegister<String>>>,
    map_sorted: UnorderedMap<String, SortedMap<String, LwwRegister<String>>>,
    map_set: UnorderedMap<String, UnorderedSet<String>>,
    map_sorted_set: UnorderedMap<String, SortedSet<String>>,
    map_list: UnorderedMap<String, Vector<LwwRegister<String>>>,
    map_hits: UnorderedMap<String, Counter>,
    map_balance: UnorderedMap<String, PNCounter>,
    map_text: UnorderedMap<String, ReplicatedGrowableArray>,
    map_note: UnorderedMap<String, Option<LwwRegister<String>>>,
    map_record: UnorderedMap<String, Record>,

    // values of a sorted map
    sorted_map: SortedMap<String, UnorderedMap<String, LwwRegister<String>>>,
    sorted_list: SortedMap<String, Vector<LwwRegister<String>>>,
    sorted_hits: SortedMap<String, Counter>,

    // values of a list
    list_map: Vector<UnorderedMap<String, LwwRegister<String>>>,
    list_set: Vector<UnorderedSet<String>>,
    list_list: Vector<Vector<LwwRegister<String>>>,
    list_hits: Vector<Counter>,
    list_text: Vector<ReplicatedGrowableArray>,
    list_record: Vector<Record>,

    // values of a user's own
    own_map: UserStorage<UnorderedMap<String, LwwRegister<String>>>,
    own_list: UserStorage<Vector<LwwRegister<String>>>,
    own_hits: UserStorage<Counter>,
    own_record: UserStorage<Record>,

    // three deep
    map_map_hits: UnorderedMap<String, UnorderedMap<String, Counter>>,
    map_list_map: UnorderedMap<String, Vector<UnorderedMap<String, LwwRegister<String>>>>,
}

fn own_key(key: &str) -> String {
    let caller = calimero_sdk::env::executor_id();
    caller[..4]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect::<String>()
        + key
}

/// A user's own value is read, edited and put back; that is all its storage offers.
fn edit_own<V>(own: &mut UserStorage<V>, edit: Edit<'_>) -> app::Result<()>
where
    V: Shape
        + calimero_sdk::borsh::BorshSerialize
        + calimero_sdk::borsh::BorshDeserialize
        + 'static,
{
    match (edit.op, edit.path) {
        ("insert", []) => drop(own.insert(V::filled(edit.value)?)?),
        ("remove", []) => drop(own.remove()?),
        _ => {
            let mut value = own.get()?.unwrap_or_default();
            value.edit(edit)?;
            drop(own.insert(value)?);
        }
    }
    Ok(())
}

fn show_own<V>(own: &UserStorage<V>) -> app::Result<Value>
where
    V: Shape + calimero_sdk::borsh::BorshSerialize + calimero_sdk::borsh::BorshDeserialize,
{
    let shown: Vec<_> = own
        .entries()?
        .map(|(user, value)| Ok(json!([user, value.show()?])))
        .collect::<app::Result<_>>()?;
    Ok(Value::Array(shown))
}

/// Calls one function for each field that is a shape.
macro_rules! shapes {
    ($state:expr, $then:ident) => {
        shapes!(@each $state, $then,
            map sorted set sorted_set list hits balance text title note record
            map_map map_sorted map_set map_sorted_set map_list map_hits map_balance map_text
            map_note map_record sorted_map sorted_list sorted_hits list_map list_set list_list
            list_hits list_text list_record map_map_hits map_list_map)
    };
    (@each $state:expr, $then:ident, $($field:ident)*) => {
        $($then!($state, $field);)*
    };
}

macro_rules! owned {
    ($state:expr, $then:ident) => {
        $then!($state, own);
        $then!($state, own_map);
        $then!($state, own_list);
        $then!($state, own_hits);
        $then!($state, own_record);
    };
}

#[app::logic]
impl Collections {
    /// Creates a state in which some collections hold entries already.
    #[app::init]
    pub fn init() -> Collections {
        Collections {
            map: Shape::filled("init").unwrap(),
            sorted: Shape::filled("init").unwrap(),
            set: Shape::filled("init").unwrap(),
            sorted_set: Shape::filled("init").unwrap(),
            sorted_bytes: SortedMap::new(),
            list: Shape::filled("init").unwrap(),
            hits: GCounter::filled("init").unwrap(),
            balance: PNCounter::filled("init").unwrap(),
            text: Shape::filled("init").unwrap(),
            own: UserStorage::new(),
            frozen: FrozenStorage::new(),
            frozen_keys: UnorderedSet::new(),
            authored: AuthoredMap::new(),
            authored_list: AuthoredVector::new(),
            title: Shape::filled("init").unwrap(),
            note: None,
            record: Shape::filled("init").unwrap(),
            map_map: Shape::filled("init").unwrap(),
            map_sorted: UnorderedMap::new(),
            map_set: Shape::filled("init").unwrap(),
            map_sorted_set: UnorderedMap::new(),
            map_list: Shape::filled("init").unwrap(),
            map_hits: Shape::filled("init").unwrap(),
            map_balance: UnorderedMap::new(),
            map_text: UnorderedMap::new(),
            map_note: UnorderedMap::new(),
            map_record: Shape::filled("init").unwrap(),
            sorted_map: Shape::filled("init").unwrap(),
            sorted_list: SortedMap::new(),
            sorted_hits: SortedMap::new(),
            list_map: Shape::filled("init").unwrap(),
            list_set: Vector::new(),
            list_list: Shape::filled("init").unwrap(),
            list_hits: Shape::filled("init").unwrap(),
            list_text: Vector::new(),
            list_record: Shape::filled("init").unwrap(),
            own_map: UserStorage::new(),
            own_list: UserStorage::new(),
            own_hits: UserStorage::new(),
            own_record: UserStorage::new(),
            map_map_hits: Shape::filled("init").unwrap(),
            map_list_map: Shape::filled("init").unwrap(),
        }
    }

    /// Changes one collection: `shape` is its field, `path` leads to what `op` is done to.
    pub fn edit(
        &mut self,
        shape: String,
        path: Vec<String>,
        op: String,
        value: String,
    ) -> app::Result<()> {
        let edit = Edit {
            path: &path,
            op: &op,
            value: &value,
        };
        macro_rules! try_edit {
            ($state:expr, $field:ident) => {
                if shape == stringify!($field) {
                    return $state.$field.edit(edit);
                }
            };
        }
        macro_rules! try_own {
            ($state:expr, $field:ident) => {
                if shape == stringify!($field) {
                    return edit_own(&mut $state.$field, edit);
                }
            };
        }
        shapes!(self, try_edit);
        owned!(self, try_own);
        match (shape.as_str(), op.as_str(), path.as_slice()) {
            ("frozen", "add", []) => {
                let key = self.frozen.insert(value)?;
                let _ = self.frozen_keys.insert(key)?;
            }
            ("sorted_bytes", "put", [key]) => {
                let mut bytes = [0; 8];
                bytes
                    .iter_mut()
                    .zip(key.bytes())
                    .for_each(|(to, from)| *to = from);
                drop(self.sorted_bytes.insert(bytes, value.into())?);
            }
            // under a key that is the caller's alone
            ("authored", "put", [key]) => {
                let key = own_key(key);
                if self.authored.contains(&key)? {
                    self.authored.update(&key, value.into())?;
                } else {
                    self.authored.insert(key, value.into())?;
                }
            }
            ("authored", "remove", [key]) => drop(self.authored.remove(&own_key(key))?),
            // under a key that two may take at once: copies part, since the owner never changes
            ("authored", "claim", [key]) => self.authored.insert(key.clone(), value.into())?,
            ("authored_list", "push", []) => drop(self.authored_list.push(value.into())?),
            ("authored_list", "replace", [position]) => {
                let length = self.authored_list.len()?;
                let position = position.parse::<usize>()? % length.max(1);
                if length > 0 && self.authored_list.owned_by_me(position)? {
                    self.authored_list.update(position, value.into())?;
                }
            }
            _ => return edit.unknown(),
        }
        Ok(())
    }

    /// The whole content, each collection in the order in which it iterates.
    pub fn show(&self) -> app::Result<Value> {
        let mut out = Map::new();
        macro_rules! show {
            ($state:expr, $field:ident) => {
                let _ = out.insert(stringify!($field).to_owned(), $state.$field.show()?);
            };
        }
        macro_rules! show_one_own {
            ($state:expr, $field:ident) => {
                let _ = out.insert(stringify!($field).to_owned(), show_own(&$state.$field)?);
            };
        }
        shapes!(self, show);
        owned!(self, show_one_own);
        let frozen: Vec<_> = self
            .frozen_keys
            .iter()?
            .map(|key| Ok(self.frozen.get(&key)?))
            .collect::<app::Result<_>>()?;
        let _ = out.insert("frozen".to_owned(), json!(frozen));
        let sorted: Vec<_> = self
            .sorted_bytes
            .entries()?
            .map(|(key, value)| json!([key, value.get()]))
            .collect();
        let paged: Vec<_> = self
            .sorted_bytes
            .page(0, usize::MAX)?
            .into_iter()
            .map(|(key, value)| json!([key, value.get()]))
            .collect();
        let _ = out.insert(
            "sorted_bytes".to_owned(),
            json!({ "all": sorted, "paged": paged }),
        );
        let authored: Vec<_> = self
            .authored
            .entries()?
            .map(|(key, value)| json!([key, value.get()]))
            .collect();
        let _ = out.insert("authored".to_owned(), json!(authored));
        let list: Vec<_> = self
            .authored_list
            .iter()?
            .map(|value| value.get().clone())
            .collect();
        let _ = out.insert("authored_list".to_owned(), json!(list));
        Ok(Value::Object(out))
    }
}
