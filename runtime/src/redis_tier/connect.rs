//! One connection to one server: made within a time, or a reason why not and a cure.

use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, ErrorKind, RedisError};

use super::address::Address;
use super::exchange::code;
use super::tls;

/// How long it may take to reach a server.
pub(super) const CONNECT: Duration = Duration::from_millis(250);

/// Connects and logs in.
pub(super) async fn connect(address: &Address, config: AsyncConnectionConfig) -> Result<MultiplexedConnection, String> {
    let config = config.set_connection_timeout(Some(CONNECT)).set_response_timeout(None);
    match tokio::time::timeout(CONNECT * 2, open(address, config)).await {
        Ok(connected) => connected.map_err(|error| fault(address, &error)),
        Err(_) => Err(silent(address)),
    }
}

async fn open(address: &Address, config: AsyncConnectionConfig) -> Result<MultiplexedConnection, RedisError> {
    let encrypted = address.tls.as_ref().zip(address.endpoint());
    let Some((tls, (host, port))) = encrypted else {
        let client = redis::Client::open(address.info.clone())?;
        return client.get_multiplexed_async_connection_with_config(&config).await;
    };
    let stream = tls.connect(host, port).await?;
    let settings = address.info.redis_settings();
    let (connection, driver) = MultiplexedConnection::new_with_config(settings, stream, config).await?;
    // It ends with the last clone of the connection.
    tokio::spawn(driver);
    Ok(connection)
}

/// Why there is no connection, and what to do. What a server says about a login is not repeated: it may name the user.
fn fault(address: &Address, error: &RedisError) -> String {
    if let Some(fault) = tls::fault(address, error) {
        return fault;
    }
    match code(error).as_deref() {
        _ if error.kind() == ErrorKind::AuthenticationFailed => login(address),
        Some("WRONGPASS" | "NOAUTH") => login(address),
        Some("NOPERM") => format!("{address} forbids the user to connect: it needs `+hello` and `+select`"),
        Some("ERR") => {
            format!("{address} refused the handshake: look at the database number and the version (7.0 or newer)")
        }
        Some(code) => format!("{address} refused the connection ({code})"),
        None if error.is_timeout() => silent(address),
        None if error.is_connection_refusal() => format!("nobody listens at {address}"),
        None => format!("no connection to {address}: if it expects TLS, write rediss://"),
    }
}

fn silent(address: &Address) -> String {
    if address.tls.is_some() {
        return format!("{address} does not answer: look whether it speaks TLS on this port");
    }
    format!("{address} does not answer")
}

fn login(address: &Address) -> String {
    format!("{address} refused the login: look at the user and the password in the address")
}
