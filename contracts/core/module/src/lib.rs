//! The rules of the core as a WebAssembly module: what a contract gives them comes from functions of the host `host`, and nothing is kept
//! between two calls. It is no contract, and nothing deploys it: it is there to be compared with the reference model.
use merogate_core::{
    decode, encode, groups, packages, Accepted, Decision, Domain, Here, Host, Id, Layout,
    Malformed, Reader, Refused, Signature, View,
};

#[link(wasm_import_module = "host")]
extern "C" {
    fn sha256(bytes: *const u8, length: usize, hash: *mut u8);
    fn verify(key: *const u8, message: *const u8, length: usize, signature: *const u8) -> u32;
    fn is_contract(address: *const u8, length: usize) -> u32;
    /// Looks a key up: 0 when there is nothing, otherwise one more than its value's length.
    fn find(key: *const u8, length: usize) -> usize;
    /// Writes the value that was found last.
    fn load(value: *mut u8);
}

struct Outside;

impl Host for Outside {
    fn sha256(&self, bytes: &[u8]) -> Id {
        let mut hash = [0; 32];
        unsafe { sha256(bytes.as_ptr(), bytes.len(), hash.as_mut_ptr()) };
        hash
    }

    fn verify(&self, key: &Id, message: &[u8], signature: &Signature) -> bool {
        unsafe { verify(key.as_ptr(), message.as_ptr(), message.len(), signature.as_ptr()) != 0 }
    }

    fn is_contract(&self, address: &[u8]) -> bool {
        unsafe { is_contract(address.as_ptr(), address.len()) != 0 }
    }
}

impl View for Outside {
    fn get(&self, key: &[u8]) -> Option<Vec<u8>> {
        let length = unsafe { find(key.as_ptr(), key.len()) }.checked_sub(1)?;
        let mut value = vec![0; length];
        unsafe { load(value.as_mut_ptr()) };
        Some(value)
    }
}

/// What is to be decided on.
struct Question {
    domain: Domain,
    now: u64,
    has_predecessor: bool,
    /// Of packages, not of groups.
    is_registry: bool,
    envelope: Vec<u8>,
    signature: Vec<u8>,
}

impl Layout for Question {
    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        Ok(Self {
            domain: Layout::read(from)?,
            now: Layout::read(from)?,
            has_predecessor: Layout::read(from)?,
            is_registry: Layout::read(from)?,
            envelope: Layout::read(from)?,
            signature: Layout::read(from)?,
        })
    }

    fn write(&self, to: &mut Vec<u8>) {
        self.domain.write(to);
        self.now.write(to);
        self.has_predecessor.write(to);
        self.is_registry.write(to);
        self.envelope.write(to);
        self.signature.write(to);
    }
}

fn answer_of(decision: Decision) -> Vec<u8> {
    let mut to = Vec::new();
    match decision {
        Err(Refused { refusal, expected }) => {
            refusal.number().write(&mut to);
            expected.write(&mut to);
        }
        Ok(Accepted { writes, event, .. }) => {
            0u8.write(&mut to);
            (writes.len() as u32).write(&mut to);
            for (key, value) in writes {
                key.write(&mut to);
                value.write(&mut to);
            }
            event.is_some().write(&mut to);
            if let Some(event) = event {
                event.write(&mut to);
            }
        }
    }
    to
}

/// Room for a question of so many bytes; [`decide`] takes it back.
#[no_mangle]
pub extern "C" fn reserve(length: usize) -> *mut u8 {
    Box::leak(vec![0; length].into_boxed_slice()).as_mut_ptr()
}

/// Answers a question that was written into what [`reserve`] gave: a length and so many bytes, which are good until the next call.
///
/// # Safety
/// `bytes` and `length` are of one call of [`reserve`], and of no call of this before.
#[no_mangle]
pub unsafe extern "C" fn decide(bytes: *mut u8, length: usize) -> *const u8 {
    let bytes = unsafe { Box::from_raw(core::ptr::slice_from_raw_parts_mut(bytes, length)) };
    let Ok(question) = decode::<Question>(&bytes) else { panic!("a question is damaged") };
    let Question { ref domain, now, has_predecessor, is_registry, ref envelope, ref signature } =
        question;
    let here = Here { domain, now, has_predecessor };
    let decision = if is_registry {
        packages::decide(&Outside, &Outside, &here, envelope, signature)
    } else {
        groups::decide(&Outside, &Outside, &here, envelope, signature)
    };
    // the module is made anew for each question that is asked: nothing is given back
    Box::leak(encode(&answer_of(decision)).into_boxed_slice()).as_ptr()
}
