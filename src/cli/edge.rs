//! What only the edge of the program may ask of the system: the time, an id, a seed. The rooms
//! below get them as arguments, so that the same arguments give the same session again.

use std::time::{SystemTime, UNIX_EPOCH};

use super::{CliError, Exit};

/// Milliseconds since the epoch; 0 for a clock that stands before it.
pub fn now_ms() -> i64 {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX)
}

/// Today as `2026-11-22`, in universal time: the same day for everybody who reads it.
pub fn today_utc() -> String {
    let now = jiff::Timestamp::from_millisecond(now_ms()).unwrap_or_default();
    now.to_zoned(jiff::tz::TimeZone::UTC).date().to_string()
}

/// The id of a session that starts now: UUIDv7 (RFC 9562, section 5.7), so that ids sort by time.
///
/// # Errors
/// When the system has no randomness to give.
pub fn new_session_id() -> Result<String, CliError> {
    let mut random = [0u8; 10];
    getrandom::fill(&mut random).map_err(no_randomness)?;
    let now_ms = u64::try_from(now_ms()).unwrap_or_default();
    Ok(uuid::Builder::from_unix_timestamp_millis(now_ms, &random).into_uuid().to_string())
}

/// A seed below 2^53: JSON readers whose numbers are doubles carry it exactly.
///
/// # Errors
/// When the system has no randomness to give.
pub fn random_seed() -> Result<u64, CliError> {
    Ok(getrandom::u64().map_err(no_randomness)? >> 11)
}

fn no_randomness(error: getrandom::Error) -> CliError {
    CliError::new(Exit::Refused, format!("the system gives no random numbers: {error}"))
        .help("give a seed with --seed N where the command has it")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_version_7_and_differ() {
        // Goal: ids that sort by time and never meet. Method: parse one; a thousand, all different;
        // the time in the id is the clock's.
        let before = now_ms();
        let id = new_session_id().expect("an id");
        let parsed = uuid::Uuid::parse_str(&id).expect("a UUID");
        assert_eq!((parsed.get_version_num(), parsed.to_string()), (7, id));
        let (seconds, nanos) = parsed.get_timestamp().expect("a time").to_unix();
        let at_ms = seconds as i64 * 1000 + i64::from(nanos / 1_000_000);
        assert!((before..=now_ms()).contains(&at_ms), "{at_ms}");
        let ids: std::collections::BTreeSet<_> =
            (0..1000).map(|_| new_session_id().expect("an id")).collect();
        assert_eq!(ids.len(), 1000);
    }

    #[test]
    fn seeds_survive_a_double() {
        // Goal: a seed printed as JSON and read as a double is the same. Method: 1000 draws; they
        // use the whole range.
        let seeds: Vec<u64> = (0..1000).map(|_| random_seed().expect("a seed")).collect();
        assert!(seeds.iter().all(|&seed| (seed as f64) as u64 == seed && seed < 1 << 53));
        assert!(seeds.iter().any(|&seed| seed >= 1 << 52));
    }
}
