//! As much JSON as the standards of NEAR ask for: an object of texts, truth values and nulls comes in, texts go out.
use near_sdk::env;

enum Value {
    Text(String),
    Bool(bool),
    Null,
}

/// Members of an object by name.
pub(crate) struct Object(Vec<(String, Value)>);

impl Object {
    fn find(&self, name: &str) -> Option<&Value> {
        // the last one counts, as it does elsewhere
        self.0.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    /// A text, or none where there is none or null.
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.find(name) {
            Some(Value::Text(text)) => Some(text),
            None | Some(Value::Null) => None,
            Some(Value::Bool(_)) => fail(),
        }
    }

    /// A truth value; without one it is not.
    pub fn is(&self, name: &str) -> bool {
        match self.find(name) {
            Some(Value::Bool(value)) => *value,
            None | Some(Value::Null) => false,
            Some(Value::Text(_)) => fail(),
        }
    }
}

fn fail() -> ! {
    env::panic_str("expected arguments in JSON")
}

/// The arguments of a call; none at all are an empty object.
pub(crate) fn arguments(bytes: &[u8]) -> Object {
    let Ok(text) = core::str::from_utf8(bytes) else { fail() };
    let mut from = Text(text);
    from.skip();
    if from.0.is_empty() {
        return Object(Vec::new());
    }
    let members = from.object();
    from.skip();
    if from.0.is_empty() {
        Object(members)
    } else {
        fail()
    }
}

struct Text<'a>(&'a str);

impl Text<'_> {
    fn skip(&mut self) {
        self.0 = self.0.trim_start_matches([' ', '\t', '\r', '\n']);
    }

    fn takes(&mut self, word: &str) -> bool {
        self.skip();
        let rest = self.0.strip_prefix(word);
        self.0 = rest.unwrap_or(self.0);
        rest.is_some()
    }

    fn expect(&mut self, word: &str) {
        if !self.takes(word) {
            fail();
        }
    }

    fn object(&mut self) -> Vec<(String, Value)> {
        let mut members = Vec::new();
        self.expect("{");
        if self.takes("}") {
            return members;
        }
        loop {
            self.expect("\"");
            let name = self.string();
            self.expect(":");
            members.push((name, self.value()));
            if self.takes("}") {
                return members;
            }
            self.expect(",");
        }
    }

    fn value(&mut self) -> Value {
        if self.takes("\"") {
            Value::Text(self.string())
        } else if self.takes("null") {
            Value::Null
        } else if self.takes("true") {
            Value::Bool(true)
        } else {
            self.expect("false");
            Value::Bool(false)
        }
    }

    fn next(&mut self) -> char {
        let mut rest = self.0.chars();
        let Some(next) = rest.next() else { fail() };
        self.0 = rest.as_str();
        next
    }

    /// The rest of a text whose first quote is read. No name of an account or network, and no number, has anything to escape.
    fn string(&mut self) -> String {
        let mut text = String::new();
        loop {
            match self.next() {
                '"' => return text,
                '\\' => fail(),
                other if other < ' ' => fail(),
                other => text.push(other),
            }
        }
    }
}

fn digit(value: u8) -> char {
    char::from(b"0123456789abcdef"[usize::from(value & 15)])
}

/// Writes a text.
pub(crate) fn write_text(text: &str, to: &mut String) {
    to.push('"');
    for one in text.chars() {
        match one {
            '"' | '\\' => {
                to.push('\\');
                to.push(one);
            }
            control if control < ' ' => {
                to.push_str("\\u00");
                to.push(digit(control as u8 >> 4));
                to.push(digit(control as u8));
            }
            other => to.push(other),
        }
    }
    to.push('"');
}

/// Writes bytes as hexadecimal digits.
pub(crate) fn write_hex(bytes: &[u8], to: &mut String) {
    to.push('"');
    for byte in bytes {
        to.push(digit(byte >> 4));
        to.push(digit(*byte));
    }
    to.push('"');
}
