//! Days of the calendar, for sunset dates. No clock: today is passed in.

use std::fmt;

/// A day of the Gregorian calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Date {
    year: i32,
    month: u8,
    day: u8,
}

impl Date {
    /// From `2026-08-10`, or an RFC 3339 time (`2026-08-10T00:00:00Z`), whose date is taken.
    pub fn parse(text: &str) -> Option<Self> {
        let (date, time) = match text.split_once(['T', 't']) {
            Some((date, time)) => (date, Some(time)),
            None => (text, None),
        };
        if let Some(time) = time {
            let clock = time.get(..8)?;
            let zone = time.get(8..)?;
            let zone_fits = zone.ends_with(['Z', 'z'])
                || zone.len() >= 6 && zone.contains(['+', '-']) && zone.contains(':');
            if clock.split(':').count() != 3 || !zone_fits {
                return None;
            }
        }
        let mut parts = date.split('-');
        let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
        if parts.next().is_some() || year.len() != 4 || month.len() != 2 || day.len() != 2 {
            return None;
        }
        let all_digits = |t: &str| t.bytes().all(|b| b.is_ascii_digit());
        if !all_digits(year) || !all_digits(month) || !all_digits(day) {
            return None;
        }
        let date = Self {
            year: year.parse().ok()?,
            month: month.parse().ok()?,
            day: day.parse().ok()?,
        };
        (1..=12).contains(&date.month).then_some(())?;
        (1..=date.days_of_month())
            .contains(&date.day)
            .then_some(date)
    }

    fn days_of_month(self) -> u8 {
        match self.month {
            4 | 6 | 9 | 11 => 30,
            2 if self.year % 4 == 0 && (self.year % 100 != 0 || self.year % 400 == 0) => 29,
            2 => 28,
            _ => 31,
        }
    }

    /// Days since 1970-01-01 (Howard Hinnant's algorithm, "chrono-compatible low-level date
    /// algorithms").
    fn days(self) -> i64 {
        let month = i64::from(self.month);
        let year = i64::from(self.year) - i64::from(month <= 2);
        let era = year.div_euclid(400);
        let of_era = year.rem_euclid(400);
        let of_year = (153 * ((month + 9) % 12) + 2) / 5 + i64::from(self.day) - 1;
        era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
    }

    /// Days from another day to this one.
    pub fn days_since(self, other: Self) -> i64 {
        self.days() - other.days()
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_dates_and_times() {
        let day = Date::parse("2024-02-29").unwrap();
        assert_eq!(Date::parse("2024-02-29T10:00:00Z"), Some(day));
        assert_eq!(Date::parse("2024-02-29T10:00:00+02:00"), Some(day));
        for bad in [
            "2023-02-29",
            "2024-13-01",
            "invalid",
            "",
            "2024-2-1",
            "2024-02-29Tx",
        ] {
            assert_eq!(Date::parse(bad), None, "{bad}");
        }
        assert_eq!(Date::parse("2024-03-01").unwrap().days_since(day), 1);
        assert_eq!(Date::parse("1970-01-01").unwrap().days(), 0);
    }
}
