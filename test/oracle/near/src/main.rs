//! Runs recorded calls (JSON lines on standard input) on NEAR's own virtual machine, each on the state that those before it left, and prints
//! what it came to, a line of JSON each. The one argument is the version of the protocol.
use std::{collections::HashMap, fs, io::BufRead, rc::Rc, sync::Arc};

use near_parameters::RuntimeConfigStore;
use near_parameters::vm::VMKind;
use near_primitives_core::account::AccountContract;
use near_primitives_core::code::ContractCode;
use near_primitives_core::types::{Balance, Gas};
use near_vm_runner::internal::VMKindExt;
use near_vm_runner::logic::VMContext;
use near_vm_runner::logic::mocks::mock_external::MockedExternal;
use near_vm_runner::logic::types::ReturnData;

#[derive(serde::Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Line {
    /// Another contract, with nothing stored.
    Contract { file: String },
    /// A record that no call made; without a value it is removed.
    Plant { key: String, value: Option<String> },
    Call(Call),
}

#[derive(serde::Deserialize)]
struct Call {
    account: String,
    caller: String,
    method: String,
    input: String,
    /// Yocto.
    deposit: String,
    /// Nanoseconds.
    time: u64,
    height: u64,
    /// Yocto, with the deposit.
    balance: String,
    storage: u64,
    gas: u64,
}

fn bytes_of(hex: &str) -> Vec<u8> {
    let byte = |at: usize| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).expect("hexadecimal");
    (0..hex.len() / 2).map(byte).collect()
}

fn yocto(text: &str) -> u128 {
    text.parse().expect("an amount")
}

fn main() {
    let protocol = std::env::args().nth(1).expect("a protocol").parse().expect("a number");
    let store = RuntimeConfigStore::new(None);
    let mut config = (**store.get_config(protocol)).clone();
    let mut wasm_config = (*config.wasm_config).clone();
    wasm_config.vm_kind = VMKind::Wasmtime;
    config.wasm_config = Arc::new(wasm_config);
    let mut code = Vec::new();
    let mut rows: HashMap<Vec<u8>, Vec<u8>> = HashMap::new();
    for line in std::io::stdin().lock().lines() {
        match serde_json::from_str(&line.expect("a line")).expect("a line that is known") {
            Line::Contract { file } => {
                code = fs::read(file).expect("a contract");
                rows.clear();
            }
            Line::Plant { key, value } => {
                match value {
                    Some(value) => rows.insert(bytes_of(&key), bytes_of(&value)),
                    None => rows.remove(&bytes_of(&key)),
                };
            }
            Line::Call(call) => {
                let mut outside = MockedExternal::with_code(ContractCode::new(code.clone(), None));
                outside.fake_trie = rows.clone();
                let deposit = yocto(&call.deposit);
                let context = VMContext {
                    current_account_id: call.account.parse().expect("an account"),
                    signer_account_id: call.caller.parse().expect("an account"),
                    signer_account_pk: vec![0; 33],
                    predecessor_account_id: call.caller.parse().expect("an account"),
                    refund_to_account_id: call.caller.parse().expect("an account"),
                    input: Rc::from(bytes_of(&call.input)),
                    promise_results: Vec::new().into(),
                    block_height: call.height,
                    block_timestamp: call.time,
                    epoch_height: 1,
                    account_balance: Balance::from_yoctonear(yocto(&call.balance) - deposit),
                    account_locked_balance: Balance::ZERO,
                    storage_usage: call.storage,
                    account_contract: AccountContract::None,
                    attached_deposit: Balance::from_yoctonear(deposit),
                    prepaid_gas: Gas::from_gas(call.gas),
                    random_seed: vec![0; 32],
                    view_config: None,
                    output_data_receivers: vec![],
                };
                let counter = context.make_gas_counter(&config.wasm_config);
                let machine = VMKind::Wasmtime
                    .runtime(config.wasm_config.clone())
                    .expect("the machine");
                let outcome = machine
                    .prepare(&outside, None, counter, &call.method)
                    .run(&mut outside, &context, config.fees.clone())
                    .expect("an outcome");
                let error = outcome.aborted.as_ref().map(|error| format!("{error:?}"));
                if error.is_none() {
                    rows = outside.fake_trie.clone();
                }
                let value = match outcome.return_data {
                    ReturnData::Value(value) => value,
                    _ => vec![],
                };
                let told = serde_json::json!({
                    "gas": outcome.burnt_gas.as_gas().to_string(),
                    "error": error,
                    "logs": outcome.logs,
                    "value": value,
                });
                println!("{told}");
            }
        }
    }
}
