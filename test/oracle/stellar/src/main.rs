//! Simulates recorded calls (JSON lines on standard input) on the host that nodes of Stellar have, with its own fees, and prints what each came
//! to, a line of JSON.
use std::{collections::BTreeMap, io::BufRead, rc::Rc};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use soroban_env_host::e2e_invoke::RecordingInvocationAuthMode;
use soroban_env_host::fees::{FeeConfiguration, RentFeeConfiguration};
use soroban_env_host::storage::{EntryWithLiveUntil, SnapshotSource};
use soroban_env_host::xdr::{
    AccountId, ContractCostParamEntry, ContractCostParams, ContractCostType, ExtensionPoint,
    HostFunction, LedgerEntry, LedgerEntryExt, LedgerKey, Limits, PublicKey, ReadXdr,
    SorobanAuthorizationEntry, Uint256, WriteXdr,
};
use soroban_env_host::{HostError, LedgerInfo};
use soroban_simulation::NetworkConfig;
use soroban_simulation::simulation::{
    SimulationAdjustmentConfig, simulate_invoke_host_function_op,
};

#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Line {
    Settings(Settings),
    /// An entry that changed; without data it is gone.
    Entry { key: String, data: Option<String>, live_until: Option<u32> },
    Call(Call),
}

#[derive(Deserialize)]
struct Settings {
    protocol: u32,
    network: String,
    base_reserve: u32,
    instructions: i64,
    memory: u32,
    min_temporary: u32,
    min_persistent: u32,
    max_life: u32,
    /// Constant and linear terms, of instructions and of memory.
    costs: Vec<[i64; 4]>,
    fees: Fees,
}

#[derive(Deserialize)]
struct Fees {
    instructions: i64,
    read_entry: i64,
    write_entry: i64,
    read: i64,
    write: i64,
    historical: i64,
    events: i64,
    envelope: i64,
    rent: i64,
    persistent: i64,
    temporary: i64,
}

#[derive(Deserialize)]
struct Call {
    function: String,
    source: String,
    seed: String,
    sequence: u32,
    timestamp: u64,
    /// Entries to hold the call against; none: they are recorded.
    auth: Option<Vec<String>>,
    /// Whether what is recorded may be inside of the call, and names the address.
    may_be_inner: bool,
    names_address: bool,
}

#[derive(Serialize, Default)]
struct Told {
    error: Option<String>,
    value: Option<String>,
    read_only: Vec<String>,
    read_write: Vec<String>,
    read_bytes: u32,
    write_bytes: u32,
    instructions: u32,
    memory: u32,
    fee: i64,
    events: Vec<String>,
}

fn bytes_of(text: &str) -> Vec<u8> {
    STANDARD.decode(text).expect("base64")
}

fn read<T: ReadXdr>(text: &str) -> T {
    T::from_xdr(bytes_of(text), Limits::none()).expect("XDR")
}

fn text<T: WriteXdr>(value: &T) -> String {
    STANDARD.encode(value.to_xdr(Limits::none()).expect("XDR"))
}

struct State(BTreeMap<LedgerKey, (LedgerEntry, Option<u32>)>);

impl SnapshotSource for State {
    fn get(&self, key: &Rc<LedgerKey>) -> Result<Option<EntryWithLiveUntil>, HostError> {
        Ok(self.0.get(key).map(|(entry, live)| (Rc::new(entry.clone()), *live)))
    }
}

fn config(settings: &Settings) -> NetworkConfig {
    let fees = &settings.fees;
    // work that nothing here does costs nothing
    let rows = ContractCostType::variants().len();
    let terms = |at: usize| -> ContractCostParams {
        let entry = |i: usize| {
            let row = settings.costs.get(i).copied().unwrap_or_default();
            let [const_term, linear_term] = [row[at], row[at + 1]];
            ContractCostParamEntry { ext: ExtensionPoint::V0, const_term, linear_term }
        };
        ContractCostParams((0..rows).map(entry).collect::<Vec<_>>().try_into().expect("costs"))
    };
    NetworkConfig {
        fee_configuration: FeeConfiguration {
            fee_per_instruction_increment: fees.instructions,
            fee_per_disk_read_entry: fees.read_entry,
            fee_per_write_entry: fees.write_entry,
            fee_per_disk_read_1kb: fees.read,
            fee_per_write_1kb: fees.write,
            fee_per_historical_1kb: fees.historical,
            fee_per_contract_event_1kb: fees.events,
            fee_per_transaction_size_1kb: fees.envelope,
        },
        rent_fee_configuration: RentFeeConfiguration {
            fee_per_write_1kb: fees.write,
            fee_per_rent_1kb: fees.rent,
            fee_per_write_entry: fees.write_entry,
            persistent_rent_rate_denominator: fees.persistent,
            temporary_rent_rate_denominator: fees.temporary,
        },
        tx_max_instructions: settings.instructions,
        tx_memory_limit: settings.memory,
        cpu_cost_params: terms(0),
        memory_cost_params: terms(2),
        min_temp_entry_ttl: settings.min_temporary,
        min_persistent_entry_ttl: settings.min_persistent,
        max_entry_ttl: settings.max_life,
    }
}

fn simulate(call: &Call, settings: &Settings, network: &NetworkConfig, state: &Rc<State>) -> Told {
    let info = LedgerInfo {
        protocol_version: settings.protocol,
        sequence_number: call.sequence,
        timestamp: call.timestamp,
        network_id: bytes_of(&settings.network).try_into().expect("32 bytes"),
        base_reserve: settings.base_reserve,
        min_temp_entry_ttl: settings.min_temporary,
        min_persistent_entry_ttl: settings.min_persistent,
        max_entry_ttl: settings.max_life,
    };
    let auth = match &call.auth {
        None => RecordingInvocationAuthMode::recording(!call.may_be_inner, call.names_address),
        Some(entries) => {
            let entries = entries.iter().map(|one| read::<SorobanAuthorizationEntry>(one));
            RecordingInvocationAuthMode::Enforcing(entries.collect())
        }
    };
    let source = Uint256(bytes_of(&call.source).try_into().expect("32 bytes"));
    let result = simulate_invoke_host_function_op(
        state.clone(),
        network,
        &SimulationAdjustmentConfig::default_adjustment(),
        &info,
        read::<HostFunction>(&call.function),
        auth,
        &AccountId(PublicKey::PublicKeyTypeEd25519(source)),
        bytes_of(&call.seed).try_into().expect("32 bytes"),
        false,
    )
    .expect("a simulation");
    let memory = result.simulated_memory;
    let instructions = result.simulated_instructions;
    match result.invoke_result {
        Err(error) => {
            let error = Some(format!("{:?}", error.error));
            Told { error, memory, instructions, ..Told::default() }
        }
        Ok(value) => {
            let data = result.transaction_data.expect("data of what succeeds");
            let keys = &data.resources.footprint;
            Told {
                error: None,
                value: Some(text(&value)),
                read_only: keys.read_only.iter().map(text).collect(),
                read_write: keys.read_write.iter().map(text).collect(),
                read_bytes: data.resources.disk_read_bytes,
                write_bytes: data.resources.write_bytes,
                instructions,
                memory,
                fee: data.resource_fee,
                events: result.contract_events.iter().map(text).collect(),
            }
        }
    }
}

fn main() {
    let mut settings = None;
    let mut state = Rc::new(State(BTreeMap::new()));
    for line in std::io::stdin().lock().lines() {
        match serde_json::from_str(&line.expect("a line")).expect("a recorded line") {
            Line::Settings(given) => settings = Some((config(&given), given)),
            Line::Entry { key, data, live_until } => {
                let entries = &mut Rc::get_mut(&mut state).expect("nothing else holds it").0;
                let key = read::<LedgerKey>(&key);
                match data {
                    None => drop(entries.remove(&key)),
                    Some(data) => {
                        let (data, ext) = (read(&data), LedgerEntryExt::V0);
                        let entry = LedgerEntry { last_modified_ledger_seq: 1, data, ext };
                        entries.insert(key, (entry, live_until));
                    }
                }
            }
            Line::Call(call) => {
                let (network, settings) = settings.as_ref().expect("settings come first");
                let told = simulate(&call, settings, network, &state);
                println!("{}", serde_json::to_string(&told).expect("JSON"));
            }
        }
    }
}
