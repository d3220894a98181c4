//! Whole numbers in as few bytes as they need: seven bits a byte, the lowest first, the top bit where more follow (LEB128).

/// Appends a number.
pub(crate) fn put(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// Takes a number off the front; `None` where there is none.
pub(crate) fn take(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for (n, &byte) in bytes.iter().enumerate().take(10) {
        number |= u64::from(byte & 0x7f) << (7 * n);
        if byte < 0x80 {
            *bytes = bytes.get(n + 1..)?;
            return Some(number);
        }
    }
    None
}

/// Appends numbers that rise, as the differences between them.
pub(crate) fn put_rising(out: &mut Vec<u8>, numbers: &[i64]) {
    let mut before = 0;
    for &number in numbers {
        put(out, number.wrapping_sub(before) as u64);
        before = number;
    }
}

/// Takes so many rising numbers off the front and appends them; `None` where there are fewer.
pub(crate) fn take_rising(bytes: &mut &[u8], count: usize, to: &mut Vec<i64>) -> Option<()> {
    let mut before = 0_i64;
    for _ in 0..count {
        before = before.wrapping_add(take(bytes)? as i64);
        to.push(before);
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_back() {
        for number in [0, 1, 127, 128, 300, u64::from(u32::MAX), u64::MAX] {
            let mut bytes = Vec::new();
            put(&mut bytes, number);
            put(&mut bytes, 7);
            let mut rest = bytes.as_slice();
            assert_eq!((take(&mut rest), take(&mut rest), take(&mut rest)), (Some(number), Some(7), None));
        }
        assert_eq!(take(&mut [0x80_u8; 20].as_slice()), None);
    }

    #[test]
    fn rising_numbers_come_back() {
        let numbers = [1, 2, 500, 1 << 40, i64::MAX];
        let mut bytes = Vec::new();
        put_rising(&mut bytes, &numbers);
        let mut back = Vec::new();
        assert!(take_rising(&mut bytes.as_slice(), 5, &mut back).is_some());
        assert_eq!(back, numbers);
        assert!(take_rising(&mut bytes.as_slice(), 6, &mut back).is_none());
    }
}
