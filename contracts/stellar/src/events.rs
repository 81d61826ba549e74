//! Events, by which nodes and indexers see what changed.
use merogate_core::Event;
use soroban_sdk::events::Event as Announced;
use soroban_sdk::{Bytes, BytesN, Env, IntoVal, Map, Symbol, Val, Vec};

struct Change<'a>(&'a Event);

impl Announced for Change<'_> {
    /// What it is about, and what happened: a node asks for what belongs to its contexts.
    fn topics(&self, env: &Env) -> Vec<Val> {
        let Event { subject, name, .. } = self.0;
        let subject: Val = BytesN::from_array(env, subject).into_val(env);
        let name: Val = Symbol::new(env, name).into_val(env);
        Vec::from_array(env, [subject, name])
    }

    fn data(&self, env: &Env) -> Val {
        let &Event { signer, nonce, revision, .. } = self.0;
        let fields = Bytes::from_slice(env, &self.0.field_bytes());
        let data: [(Symbol, Val); 4] = [
            (Symbol::new(env, "signer"), BytesN::from_array(env, &signer).into_val(env)),
            (Symbol::new(env, "nonce"), nonce.into_val(env)),
            (Symbol::new(env, "revision"), revision.into_val(env)),
            (Symbol::new(env, "fields"), fields.into_val(env)),
        ];
        Map::from_array(env, data).into_val(env)
    }
}

pub(crate) fn announce(env: &Env, event: &Event) {
    Change(event).publish(env);
}
