//! Writes `abi.json` (schema `wasm-abi/1`) into Cargo's output folder, from where
//! `scripts/build-apps.ts` puts it into the bundle. The module itself carries no ABI.

use std::path::PathBuf;
use std::{env, fs};

use calimero_wasm_abi::emitter::emit_manifest;

const SOURCE: &str = "src/lib.rs";

fn main() {
    println!("cargo:rerun-if-changed={SOURCE}");
    let source = fs::read_to_string(SOURCE).expect("read the source of the app");
    let manifest = emit_manifest(&source).expect("derive the ABI from the source");
    let json = serde_json::to_string_pretty(&manifest).expect("serialize the ABI");
    let folder = PathBuf::from(env::var_os("OUT_DIR").expect("OUT_DIR is set by Cargo"));
    fs::write(folder.join("abi.json"), json + "\n").expect("write abi.json");
}
