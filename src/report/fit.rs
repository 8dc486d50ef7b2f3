//! Renders smaller until a text fits. A text is never cut: a smaller form leaves whole parts out and
//! says how many.

/// How much of a review a rendering tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Form {
    /// Entries shown of any one list.
    pub entries: usize,
    /// Other places named with an entry.
    pub places: usize,
    /// Characters of one message, and of any name in it.
    pub characters: usize,
}

impl Form {
    /// Everything; lengths of single names are bounded all the same.
    pub const FULL: Self = Self {
        entries: usize::MAX,
        places: 50,
        characters: 2000,
    };

    /// From the fullest to the barest. The last has no entries: its length depends only on the
    /// number of competencies.
    const LADDER: [Self; 10] = [
        Self::FULL,
        Self::of(usize::MAX, 5, 1000),
        Self::of(400, 3, 600),
        Self::of(200, 2, 500),
        Self::of(100, 1, 400),
        Self::of(60, 0, 300),
        Self::of(30, 0, 240),
        Self::of(12, 0, 200),
        Self::of(4, 0, 120),
        Self::of(0, 0, 80),
    ];

    const fn of(entries: usize, places: usize, characters: usize) -> Self {
        Self {
            entries,
            places,
            characters,
        }
    }
}

/// The fullest form whose rendering has at most `bytes` bytes. GitHub counts characters; bytes are
/// never fewer.
pub fn fit(bytes: usize, render: impl Fn(Form) -> String) -> String {
    let mut last = String::new();
    for form in Form::LADDER {
        last = render(form);
        if last.len() <= bytes {
            break;
        }
    }
    last
}
