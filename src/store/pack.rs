//! How a bank's text is kept: zlib, then base64, so that the column is a TEXT in every engine
//! (SQLite's BLOB and PostgreSQL's BYTEA are different types with different literals and casts).
//! Base64 costs a third of the compressed size, once per bank. Nothing here touches a database.

use miniz_oxide::deflate::compress_to_vec_zlib;
use miniz_oxide::inflate::decompress_to_vec_zlib_with_limit;

/// The zlib level: the usual middle between time and size.
const LEVEL: u8 = 6;
/// No bank is this large; a damaged or hostile row may claim to be.
const UNPACKED_MAX: usize = 256 << 20;
/// RFC 4648, table 1.
const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Compresses a text into printable ASCII.
pub(super) fn pack(text: &str) -> String {
    encode(&compress_to_vec_zlib(text.as_bytes(), LEVEL))
}

/// The text that was packed, or what is wrong with it. zlib's checksum notices a changed byte.
pub(super) fn unpack(packed: &str) -> Result<String, String> {
    let bytes = decode(packed).ok_or("it is not base64")?;
    let text = decompress_to_vec_zlib_with_limit(&bytes, UNPACKED_MAX)
        .map_err(|error| format!("it does not decompress: {error}"))?;
    String::from_utf8(text).map_err(|_| "it is not UTF-8".to_owned())
}

/// RFC 4648, section 4, with padding.
fn encode(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let group = chunk.iter().fold(0u32, |sum, &byte| sum << 8 | u32::from(byte));
        let group = group << (8 * (3 - chunk.len()));
        for place in 0..4 {
            let index = (group >> (18 - 6 * place)) & 63;
            out.push(if place <= chunk.len() { ALPHABET[index as usize] as char } else { '=' });
        }
    }
    out
}

fn decode(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(4) {
        return None;
    }
    let body = text.trim_end_matches('=').as_bytes();
    if text.len() - body.len() > 2 {
        return None;
    }
    let mut out = Vec::with_capacity(text.len() / 4 * 3);
    for chunk in body.chunks(4) {
        let mut group = 0u32;
        for &byte in chunk {
            group = group << 6 | value(byte)?;
        }
        let bytes = (group << (6 * (4 - chunk.len()))).to_be_bytes();
        out.extend_from_slice(&bytes[1..chunk.len()]);
    }
    Some(out)
}

fn value(byte: u8) -> Option<u32> {
    let value = match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    };
    Some(u32::from(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_the_standard_one() {
        // Goal: other programs can read the column. Method: RFC 4648, section 10, test vectors.
        for (plain, coded) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(encode(plain.as_bytes()), coded);
            assert_eq!(decode(coded).as_deref(), Some(plain.as_bytes()));
        }
    }

    #[test]
    fn what_was_packed_comes_back_and_damage_is_noticed() {
        // Goal: round trip, and no silent change. Method: a long text; then each of three damages.
        let text = "stem: Ünïcode?\n".repeat(1000);
        let packed = pack(&text);
        assert!(packed.len() * 10 < text.len());
        assert_eq!(unpack(&packed), Ok(text));
        let middle = packed.len() / 2;
        let other = if packed.as_bytes()[middle] == b'A' { "B" } else { "A" };
        let mut changed = packed.clone();
        changed.replace_range(middle..=middle, other);
        for damaged in [&changed, &packed[..packed.len() - 4], "%%%%"] {
            assert!(unpack(damaged).is_err(), "{damaged}");
        }
    }
}
