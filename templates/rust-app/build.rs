//! Writes `abi.json` (schema `wasm-abi/1`) into Cargo's output folder, from where `merogate app build` puts it into the bundle:
//! names and types of methods and events, for clients. What the emitter does not understand is built without it.

use std::path::PathBuf;
use std::{env, fs};

use calimero_wasm_abi::emitter::emit_manifest;

const SOURCE: &str = "src/lib.rs";

fn main() {
    println!("cargo:rerun-if-changed={SOURCE}");
    let source = fs::read_to_string(SOURCE).expect("read the source of the app");
    let folder = PathBuf::from(env::var_os("OUT_DIR").expect("OUT_DIR is set by Cargo"));
    let file = folder.join("abi.json");
    match emit_manifest(&source) {
        Ok(manifest) => {
            let json = serde_json::to_string_pretty(&manifest).expect("serialize the ABI");
            fs::write(file, json + "\n").expect("write abi.json");
        }
        Err(error) => {
            println!("cargo:warning=no ABI: {error}");
            let _ = fs::remove_file(file); // of a build before
        }
    }
}
