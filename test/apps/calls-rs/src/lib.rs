//! Two contexts that call each other: the app by which calls between contexts are tried as the
//! SDK makes them, with its own marks for who may call what.

use calimero_sdk::serde::Serialize;
use calimero_sdk::{app, env, ContextId};
use calimero_storage::collections::{Counter, LwwRegister};

#[app::state]
pub struct Calls {
    /// How often `pong` was called from another context.
    pongs: Counter,
    /// How often `secret` was called, from wherever.
    secrets: Counter,
    /// How often `relay` ran.
    hops: Counter,
    /// The context that called `pong` last, in base58.
    caller: LwwRegister<String>,
}

/// How often each was called.
#[derive(Serialize)]
#[serde(crate = "calimero_sdk::serde")]
pub struct Counts {
    pub pongs: u64,
    pub secrets: u64,
    pub hops: u64,
    pub caller: String,
}

#[app::logic]
impl Calls {
    #[app::init]
    pub fn init() -> Calls {
        Calls {
            pongs: Counter::new(),
            secrets: Counter::new(),
            hops: Counter::new(),
            caller: LwwRegister::new(String::new()),
        }
    }

    /// Calls a method of a context, and claims there to be `from`.
    pub fn ask(&mut self, target: ContextId, method: String, from: ContextId) -> app::Result<()> {
        let params = calimero_sdk::serde_json::json!({ "from": from });
        let params = calimero_sdk::serde_json::to_vec(&params)?;
        env::xcall(target.as_ref(), &method, &params);
        Ok(())
    }

    /// An entry point that believes nobody but the node about who calls.
    #[app::xcall]
    pub fn pong(&mut self, from: ContextId) -> app::Result<()> {
        let Some(origin) = env::xcall_origin().map(ContextId::from) else {
            app::bail!("pong is for other contexts");
        };
        if origin != from {
            app::bail!("{origin} claims to be {from}");
        }
        self.pongs.increment()?;
        self.caller.set(origin.to_string());
        Ok(())
    }

    /// No entry point.
    pub fn secret(&mut self, from: ContextId) -> app::Result<()> {
        let _ = from;
        self.secrets.increment()?;
        Ok(())
    }

    /// Calls itself for ever.
    #[app::xcall]
    pub fn relay(&mut self) -> app::Result<()> {
        self.hops.increment()?;
        env::xcall(&env::context_id(), "relay", &[]);
        Ok(())
    }

    pub fn counts(&self) -> app::Result<Counts> {
        Ok(Counts {
            pongs: self.pongs.value()?,
            secrets: self.secrets.value()?,
            hops: self.hops.value()?,
            caller: self.caller.get().clone(),
        })
    }
}
