//! The built contracts on the host that nodes of Stellar have, with the network's limits on, and what the reference model says of requests.
use std::collections::BTreeMap;
use std::fs;

use soroban_env_host::InvocationResourceLimits;
use soroban_sdk::testutils::storage::Persistent;
use soroban_sdk::testutils::{EnvTestConfig, Events, Ledger};
use soroban_sdk::xdr::{
    ContractEventBody, ContractId, Hash, ScAddress, ScErrorType, ScMap, ScSymbol, ScVal,
};
use soroban_sdk::{Address, Bytes, Env, Error, IntoVal, Symbol, TryFromVal, Val, Vec as HostVec};

pub type Rows = BTreeMap<Vec<u8>, Vec<u8>>;

/// Entries and bytes of one transaction on the network with the tightest limits, the test network.
pub const LIMITS: InvocationResourceLimits = InvocationResourceLimits {
    instructions: 100_000_000,
    mem_bytes: 41_943_040,
    disk_read_entries: 100,
    write_entries: 50,
    // counted here with those that are written twice: the footprint is looked at by the test
    ledger_entries: 150,
    disk_read_bytes: 200_000,
    write_bytes: 132_096,
    contract_events_size_bytes: 16_384,
    max_contract_data_key_size_bytes: 250,
    max_contract_data_entry_size_bytes: 65_536,
    max_contract_code_entry_size_bytes: 131_072,
};
/// Ledgers that a new entry lives on that network: a week.
pub const FIRST_TTL: u32 = 120_960;
/// Most ledgers that any entry lives.
pub const MOST_TTL: u32 = 3_110_400;

pub fn bytes_of(hex: &str) -> Vec<u8> {
    let byte = |at: usize| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).expect("hexadecimal");
    (0..hex.len() / 2).map(byte).collect()
}

fn array_of(hex: &str) -> [u8; 32] {
    bytes_of(hex).try_into().expect("32 bytes")
}

/// A key and its value; none removes.
type Row = (String, Option<String>);

#[derive(serde::Deserialize)]
pub struct Told {
    pub name: String,
    pub subject: String,
    pub signer: String,
    pub nonce: String,
    pub revision: String,
    pub fields: String,
}

/// A request, and what the model says of it.
#[derive(serde::Deserialize)]
pub struct Step {
    pub now: u64,
    pub envelope: String,
    pub signature: String,
    /// Of the refusal, or 0.
    pub number: u32,
    /// Nonce that would have been right.
    pub expected: Option<u64>,
    pub event: Option<Told>,
    pub writes: Vec<Row>,
}

#[derive(serde::Deserialize)]
pub struct Sequence {
    pub contract: String,
    pub steps: Vec<Step>,
}

/// The dearest request of a kind, on what is stored before.
#[derive(serde::Deserialize)]
pub struct Case {
    pub contract: String,
    pub name: String,
    pub rows: Vec<(String, String)>,
    pub step: Step,
    /// Whether one transaction can do it.
    pub fits: bool,
}

#[derive(serde::Deserialize)]
pub struct Recorded {
    pub network: String,
    /// The contract's own address.
    pub contract: String,
    /// Of another contract that there is.
    pub successor: String,
    /// Files of the built contracts, by name.
    pub modules: BTreeMap<String, String>,
    pub sequences: Vec<Sequence>,
    pub cases: Vec<Case>,
}

/// What a test of the repository recorded, or none where cargo was called by hand.
pub fn recorded() -> Option<Recorded> {
    let Ok(file) = std::env::var("MEROGATE_HOST_RECORDED") else {
        println!("skipped: MEROGATE_HOST_RECORDED names no file");
        return None;
    };
    let text = fs::read_to_string(file).expect("a file");
    Some(serde_json::from_str(&text).expect("what was recorded"))
}

/// What a call came to.
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Its value.
    Done(ScVal),
    /// Number of the contract's error.
    Refused(u32),
    /// The host ended it: over a signature, of which `try_invoke_contract` does not tell.
    Ended,
}

/// A contract on a ledger of its own.
pub struct Bench {
    pub env: Env,
    pub contract: Address,
}

fn address(env: &Env, id: [u8; 32]) -> Address {
    Address::try_from_val(env, &ScAddress::Contract(ContractId(Hash(id)))).expect("an address")
}

impl Bench {
    pub fn new(recorded: &Recorded, name: &str) -> Self {
        let env = Env::new_with_config(EnvTestConfig { capture_snapshot_at_drop: false });
        env.ledger().with_mut(|ledger| {
            ledger.network_id = array_of(&recorded.network);
            ledger.protocol_version = 28;
            ledger.sequence_number = 1_000;
            ledger.min_persistent_entry_ttl = FIRST_TTL;
            ledger.max_entry_ttl = MOST_TTL;
        });
        let wasm = fs::read(&recorded.modules[name]).expect("a module");
        let register =
            |id: &str| env.register_at(&address(&env, array_of(id)), wasm.as_slice(), ());
        let contract = register(&recorded.contract);
        register(&recorded.successor);
        env.cost_estimate().enforce_resource_limits(LIMITS);
        Self { env, contract }
    }

    pub fn set_time(&self, now: u64) {
        self.env.ledger().set_timestamp(now);
    }

    pub fn bytes(&self, bytes: &[u8]) -> Val {
        Bytes::from_slice(&self.env, bytes).into_val(&self.env)
    }

    pub fn call(&self, name: &str, args: &[Val]) -> Outcome {
        let args = HostVec::from_slice(&self.env, args);
        let name = Symbol::new(&self.env, name);
        match self.env.try_invoke_contract::<Val, Error>(&self.contract, &name, args) {
            Ok(Ok(value)) => {
                Outcome::Done(ScVal::try_from_val(&self.env, &value).expect("a value"))
            }
            Err(Ok(error)) if error.is_type(ScErrorType::Contract) => {
                Outcome::Refused(error.get_code())
            }
            Err(Ok(error)) if error.is_type(ScErrorType::Context) => Outcome::Ended,
            other => panic!("expected an outcome, got {other:?}"),
        }
    }

    /// Brings a request to one of the calls that take one.
    pub fn bring(&self, call: &str, step: &Step) -> Outcome {
        let args = [&step.envelope, &step.signature].map(|hex| self.bytes(&bytes_of(hex)));
        self.call(call, &args)
    }

    /// Stores a row as if a request had.
    pub fn plant(&self, key: &[u8], value: &[u8]) {
        self.env.as_contract(&self.contract, || {
            let [key, value] = [key, value].map(|bytes| Bytes::from_slice(&self.env, bytes));
            self.env.storage().persistent().set(&key, &value);
        });
    }

    /// All rows. Fails when anything is stored in another form.
    pub fn stored(&self) -> Rows {
        self.env.as_contract(&self.contract, || {
            let plain = |value: Val| {
                let bytes = Bytes::try_from_val(&self.env, &value).expect("bytes");
                bytes.iter().collect::<Vec<u8>>()
            };
            let all = self.env.storage().persistent().all();
            all.iter().map(|(key, value)| (plain(key), plain(value))).collect()
        })
    }

    /// How many ledgers a row lives on.
    pub fn ttl(&self, key: &[u8]) -> u32 {
        self.env.as_contract(&self.contract, || {
            self.env.storage().persistent().get_ttl(&Bytes::from_slice(&self.env, key))
        })
    }

    /// Topics and data of what the last call announced.
    pub fn events(&self) -> Vec<(Vec<ScVal>, ScVal)> {
        let all = self.env.events().all().filter_by_contract(&self.contract);
        let body = |event: &soroban_sdk::xdr::ContractEvent| {
            let ContractEventBody::V0(body) = &event.body;
            (body.topics.to_vec(), body.data.clone())
        };
        all.events().iter().map(body).collect()
    }
}

fn scval_bytes(bytes: &[u8]) -> ScVal {
    ScVal::Bytes(bytes.to_vec().try_into().expect("bytes"))
}

fn symbol(text: &str) -> ScVal {
    ScVal::Symbol(ScSymbol(text.try_into().expect("a symbol")))
}

/// What the contract announces of a change.
pub fn announced(told: &Told) -> (Vec<ScVal>, ScVal) {
    let number = |text: &str| ScVal::U64(text.parse().expect("a number"));
    let topics = vec![scval_bytes(&bytes_of(&told.subject)), symbol(&told.name)];
    let data = [
        ("fields", scval_bytes(&bytes_of(&told.fields))),
        ("nonce", number(&told.nonce)),
        ("revision", number(&told.revision)),
        ("signer", scval_bytes(&bytes_of(&told.signer))),
    ];
    let data = ScMap::sorted_from(data.map(|(key, value)| (symbol(key), value))).expect("a map");
    (topics, ScVal::Map(Some(data)))
}

/// Bytes of what `check` answers.
pub fn checked(number: u32, expected: Option<u64>) -> ScVal {
    let mut bytes = vec![number as u8, u8::from(expected.is_some())];
    bytes.extend(expected.iter().flat_map(|nonce| nonce.to_le_bytes()));
    bytes.extend([0; 8]);
    scval_bytes(&bytes)
}

/// Rows with some changes made.
pub fn change(rows: &mut Rows, writes: &[Row]) {
    for (key, value) in writes {
        match value {
            Some(value) => rows.insert(bytes_of(key), bytes_of(value)),
            None => rows.remove(&bytes_of(key)),
        };
    }
}
