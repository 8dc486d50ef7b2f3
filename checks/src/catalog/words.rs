//! The words of a name (`unit_price`, `OrderItem`), so that a check can ask what it is about
//! without being misled by parts of words. Judges nothing.

/// The words of a name in lower case: `unit_price` and `UnitPrice` have two.
pub(crate) fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    for letter in name.chars() {
        if letter == '_' || letter.is_uppercase() {
            words.push(String::new());
        }
        if letter.is_alphanumeric()
            && let Some(word) = words.last_mut()
        {
            word.extend(letter.to_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Whether one of the name's words is among these, in singular or plural.
pub(crate) fn says(name: &str, wanted: &[&str]) -> bool {
    words(name).iter().any(|word| {
        wanted
            .iter()
            .any(|one| word == one || word.strip_suffix('s') == Some(one))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_words() {
        assert_eq!(words("OrderItem"), ["order", "item"]);
        assert_eq!(words("unit_price"), ["unit", "price"]);
        assert!(says("CartItems", &["item"]) && !says("Border", &["order"]));
    }
}
