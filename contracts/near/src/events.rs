//! Events as indexers read them (NEP-297). Nodes read the ring instead.
use merogate_core::interface::VERSION;
use merogate_core::{Event, Value};
use near_sdk::env;

use crate::json::{write_hex, write_text};

/// 64-bit numbers are texts: many readers of JSON lose digits of them.
fn write_wide(number: u64, to: &mut String) {
    write_text(&number.to_string(), to);
}

fn write_list<T>(items: &[T], to: &mut String, write: impl Fn(&T, &mut String)) {
    to.push('[');
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            to.push(',');
        }
        write(item, to);
    }
    to.push(']');
}

fn write_value(value: &Value, to: &mut String) {
    match value {
        Value::Id(id) => write_hex(id, to),
        Value::Ids(ids) => write_list(ids, to, |id, to| write_hex(id, to)),
        Value::U8s(list) => write_list(list, to, |one, to| to.push_str(&one.to_string())),
        Value::U8(number) => to.push_str(&number.to_string()),
        Value::U16(number) => to.push_str(&number.to_string()),
        Value::U32(number) => to.push_str(&number.to_string()),
        Value::U64(number) => write_wide(*number, to),
        Value::Bool(value) => to.push_str(if *value { "true" } else { "false" }),
        Value::Text(text) => write_text(text, to),
        Value::Bytes(bytes) => write_hex(bytes, to),
    }
}

fn write_key(key: &str, to: &mut String) {
    to.push(',');
    write_text(key, to);
    to.push(':');
}

/// One line of the log.
pub(crate) fn announce(event: &Event) {
    let Event { name, subject, signer, nonce, revision, fields } = event;
    let mut to = String::from("EVENT_JSON:{\"standard\":\"merogate\",\"version\":\"");
    to.push_str(&VERSION.to_string());
    to.push_str(".0.0\",\"event\":");
    write_text(name, &mut to);
    to.push_str(",\"data\":[{\"subject\":");
    write_hex(subject, &mut to);
    write_key("signer", &mut to);
    write_hex(signer, &mut to);
    write_key("nonce", &mut to);
    write_wide(*nonce, &mut to);
    write_key("revision", &mut to);
    write_wide(*revision, &mut to);
    for (key, value) in fields {
        write_key(key, &mut to);
        write_value(value, &mut to);
    }
    to.push_str("}]}");
    env::log_str(&to);
}
